#include "tests/bench/history.h"

#include "app/store.h"
#include "relay/content.h"
#include "relay/keyring.h"

#include <sodium.h>
#include <string.h>

#define GROUP 1024 /* events a commit */
#define INCARNATION 0xbe7c4
#define BEGIN_MS INT64_C(1767225600000)
#define TEXT "message %" G_GUINT64_FORMAT " of a history, as long as most are"
/* As app/member_host.c keeps it. */
#define SETTING_UNKNOWN_NETWORK "place-of-unknown-network"

typedef struct {
    Identity *identity;
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
} Author;

static const uint8_t general[PLACE_SIZE];

static void must(gboolean done, const GError *error)
{
    if (!done)
        g_error("%s", error != NULL ? error->message : "refused");
}

static void append(Log *log, Author *author, uint64_t number)
{
    uint8_t token[TOKEN_SIZE];
    memset(token, 0xff, sizeof token);
    memcpy(token, &number, sizeof number);
    g_autofree char *text = g_strdup_printf(TEXT, number);
    g_autoptr(GBytes) content = content_message(text, false, NULL);
    EventDraft draft = {.incarnation = INCARNATION,
                        .lane = LANE_PUBLIC,
                        .seq = author->seq + 1,
                        .prev = author->seq > 0 ? author->hash : NULL,
                        .place = log_place(log),
                        .time_ms = BEGIN_MS + (int64_t)number,
                        .token = token,
                        .kind = EVENT_MESSAGE,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(author->identity, &draft);
    g_autoptr(GBytes) conversation = g_bytes_new(general, sizeof general);
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    must(event && log_append(log, event, LOG_RULE_STRICT, 0, conversation, 0, NULL, &position,
                             &error) == LOG_APPENDED,
         error);
    author->seq++;
    memcpy(author->hash, event_hash(event), HASH_SIZE);
}

static void append_all(Log *log, unsigned count, unsigned authors)
{
    g_autoptr(GError) error = NULL;
    g_autofree Author *all = g_new0(Author, authors);
    for (unsigned i = 0; i < authors; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {0xca};
        memcpy(seed + 1, &i, sizeof i);
        all[i].identity = identity_from_seed(seed);
    }
    for (unsigned number = 1; number <= count; number++) {
        append(log, &all[number % authors], number);
        if (log_pending(log) >= GROUP)
            must(log_commit(log, &error), error);
    }
    must(log_commit(log, &error), error);
    for (unsigned i = 0; i < authors; i++)
        identity_free(all[i].identity);
}

void history_fill(const char *data_dir, unsigned count, unsigned authors)
{
    uint8_t place[PLACE_SIZE];
    char hex[2 * PLACE_SIZE + 1];
    memset(place, 0xbe, sizeof place);
    sodium_bin2hex(hex, sizeof hex, place, sizeof place);
    g_autofree char *directory = g_build_filename(data_dir, "places", hex, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = store_open(data_dir, &error);
    must(store != NULL, error);
    must(store_set_setting(store, SETTING_UNKNOWN_NETWORK, hex, &error), error);
    must(g_mkdir_with_parents(directory, 0700) == 0, NULL);
    g_autoptr(Log) log = log_open(directory, place, &error);
    must(log != NULL, error);
    append_all(log, count, authors);
}

uint64_t history_held(Log *log)
{
    uint64_t held = 0;
    g_autoptr(GArray) heads = log != NULL ? log_heads(log, NULL) : NULL;
    for (guint i = 0; heads != NULL && i < heads->len; i++) {
        const LogHead *head = &g_array_index(heads, LogHead, i);
        held += head->incarnation == INCARNATION ? head->held : 0;
    }
    return held;
}

uint64_t history_number(const char *text)
{
    return g_str_has_prefix(text, "message ")
               ? g_ascii_strtoull(text + strlen("message "), NULL, 10)
               : 0;
}
