/* Fills the log of a relay that does not run: fill DIRECTORY FIRST LAST. Appends "message FIRST" to
 * "message LAST" by MEMBERS new members who take turns, a millisecond apart and up to now. */
#include "relay/content.h"
#include "relay/keyring.h"
#include "relay/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define MEMBERS 20
#define GROUP 256 /* events a commit */

static const uint8_t general[PLACE_SIZE];

typedef struct {
    Identity *identity;
    uint64_t incarnation, seq;
    uint8_t hash[HASH_SIZE];
} Author;

static void must(gboolean done, const GError *error)
{
    if (!done)
        g_error("%s", error ? error->message : "refused");
}

static void append(Log *log, Author *author, uint32_t kind, GBytes *content, int64_t time_ms)
{
    uint8_t token[TOKEN_SIZE];
    randombytes_buf(token, sizeof token);
    EventDraft draft = {.incarnation = author->incarnation,
                        .lane = LANE_PUBLIC,
                        .seq = author->seq + 1,
                        .prev = author->seq > 0 ? author->hash : NULL,
                        .place = log_place(log),
                        .time_ms = time_ms,
                        .token = token,
                        .kind = kind,
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

/* With a profile of its own, as every member has that says something. */
static void introduce(Log *log, Author *author, unsigned number, int64_t time_ms)
{
    uint8_t seed[32], secret[32], sealing_key[SEALING_KEY_SIZE];
    randombytes_buf(seed, sizeof seed);
    randombytes_buf(secret, sizeof secret);
    randombytes_buf(&author->incarnation, sizeof author->incarnation);
    crypto_scalarmult_base(sealing_key, secret);
    author->identity = identity_from_seed(seed);
    g_autofree char *name = g_strdup_printf("Writer %u %02x%02x", number, seed[0], seed[1]);
    g_autoptr(GBytes) content = content_profile(name, sealing_key);
    append(log, author, EVENT_PROFILE, content, time_ms);
}

static void fill(Log *log, guint64 first, guint64 last)
{
    g_autoptr(GError) error = NULL;
    Author authors[MEMBERS] = {0};
    int64_t begin_ms =
        MAX(log_newest_time_ms(log), g_get_real_time() / 1000 - (int64_t)(last - first) - MEMBERS);
    for (unsigned i = 0; i < MEMBERS; i++)
        introduce(log, &authors[i], i + 1, begin_ms);
    for (guint64 number = first; number <= last; number++) {
        g_autofree char *text = g_strdup_printf("message %" G_GUINT64_FORMAT, number);
        g_autoptr(GBytes) content = content_message(text, false, NULL);
        append(log, &authors[number % MEMBERS], EVENT_MESSAGE, content,
               begin_ms + (int64_t)(number - first));
        if (log_pending(log) >= GROUP)
            must(log_commit(log, &error), error);
    }
    must(log_commit(log, &error), error);
    for (unsigned i = 0; i < MEMBERS; i++)
        identity_free(authors[i].identity);
}

int main(int argc, char **argv)
{
    guint64 first = 0, last = 0;
    if (argc != 4 || !g_ascii_string_to_unsigned(argv[2], 10, 1, 1000000, &first, NULL) ||
        !g_ascii_string_to_unsigned(argv[3], 10, first, 1000000, &last, NULL) ||
        sodium_init() < 0) {
        fputs("usage: fill DIRECTORY FIRST LAST\n", stderr);
        return 64;
    }
    uint8_t place[PLACE_SIZE];
    randombytes_buf(place, sizeof place);
    g_autoptr(GError) error = NULL;
    must(g_mkdir_with_parents(argv[1], 0700) == 0, NULL);
    g_autoptr(Log) log = log_open(argv[1], place, &error);
    must(log != NULL, error);
    fill(log, first, last);
    printf("{\"head\":%" G_GUINT64_FORMAT "}\n", log_head(log));
    return 0;
}
