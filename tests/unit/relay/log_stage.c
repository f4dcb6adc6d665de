#include "tests/unit/relay/log_stage.h"

#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>

const uint8_t scratch_place[PLACE_SIZE] = {1, 2, 3};
const uint8_t scratch_room[PLACE_SIZE] = {0};

char *scratch_new(void)
{
    g_autoptr(GError) error = NULL;
    char *directory = g_dir_make_tmp("backfence-log-XXXXXX", &error);

    expect_ok(error);
    return directory;
}

void scratch_free(char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            scratch_free(g_steal_pointer(&path));
        else
            g_unlink(path);
    }
    g_rmdir(directory);
    g_free(directory);
}

void expect_ok(const GError *error)
{
    if (error)
        ck_abort_msg("%s", error->message);
}

Author *author_new(uint8_t number)
{
    Author *author = g_new0(Author, 1);
    uint8_t seed[32] = {number};

    ck_assert_int_ge(sodium_init(), 0);
    author->identity = identity_from_seed(seed);
    author->incarnation = UINT64_C(0xf000000000000000) + number;
    author->time_ms = 1000;
    return author;
}

void author_free(Author *author)
{
    if (!author)
        return;
    identity_free(author->identity);
    g_free(author);
}

const uint8_t *author_key(const Author *author)
{
    return identity_key(author->identity);
}

static Event *author_signs(Author *author, Lane lane, uint32_t kind, GBytes *content,
                           const uint8_t *const *recipients, size_t count)
{
    uint8_t token[TOKEN_SIZE] = {0};
    EventDraft draft = {
        .incarnation = author->incarnation,
        .lane = lane,
        .seq = author->seq[lane] + 1,
        .prev = author->seq[lane] ? author->hash[lane] : NULL,
        .place = scratch_place,
        .time_ms = author->time_ms,
        .token = token,
        .kind = kind,
        .room = lane == LANE_PUBLIC ? scratch_room : NULL,
        .recipients = recipients,
        .recipient_count = count,
        .content = content,
    };

    author->tokens++;
    memcpy(token, &author->tokens, sizeof author->tokens);
    token[15] = author_key(author)[0];
    Event *event = event_sign(author->identity, &draft);

    ck_assert_ptr_nonnull(event);
    author->time_ms += 1000;
    author->seq[lane]++;
    memcpy(author->hash[lane], event_hash(event), HASH_SIZE);
    return event;
}

Event *author_says(Author *author, const char *text)
{
    g_autoptr(GBytes) content = content_message(text, false, NULL);

    return author_signs(author, LANE_PUBLIC, EVENT_MESSAGE, content, NULL, 0);
}

Event *author_profile(Author *author, const char *name)
{
    uint8_t key[SEALING_KEY_SIZE];

    crypto_scalarmult_base(key, author_key(author));
    g_autoptr(GBytes) content = content_profile(name, key);

    return author_signs(author, LANE_PUBLIC, EVENT_PROFILE, content, NULL, 0);
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, KEY_SIZE);
}

Event *author_seals(Author *author, const Author *const *to, size_t count)
{
    const uint8_t *recipients[RECIPIENTS_MAX] = {author_key(author)};
    /* A kind of a newer version, whose content nobody looks into. */
    g_autoptr(GBytes) content = g_bytes_new_static("sealed", 6);

    for (size_t i = 0; i < count; i++)
        recipients[i + 1] = author_key(to[i]);
    qsort(recipients, count + 1, sizeof recipients[0], compare_keys);
    return author_signs(author, LANE_PRIVATE, 77, content, recipients, count + 1);
}

Event *author_forks(Author *author, const char *text)
{
    Author twin = *author;

    twin.seq[LANE_PUBLIC]--;
    twin.tokens += 1000000;
    /* The hash before the last one is not kept: for forks at the start of a feed only. */
    ck_assert_uint_eq(twin.seq[LANE_PUBLIC], 0);
    return author_says(&twin, text);
}

LogAppend try_put(Log *log, const Event *event, LogRule rule, uint64_t *position)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) room = g_bytes_new_static(scratch_room, PLACE_SIZE);
    uint64_t unused = 0;
    LogAppend result =
        log_append(log, event, rule, 0, room, 0, NULL, position ? position : &unused, &error);

    ck_assert_int_eq(result == LOG_FAILED, error != NULL);
    return result;
}

uint64_t put(Log *log, const Event *event)
{
    uint64_t position = 0;

    ck_assert_int_eq(try_put(log, event, LOG_RULE_STRICT, &position), LOG_APPENDED);
    return position;
}

void commit(Log *log)
{
    g_autoptr(GError) error = NULL;

    log_commit(log, &error);
    expect_ok(error);
}

LogEntry *entry_at(const GArray *entries, guint index)
{
    ck_assert_uint_lt(index, entries->len);
    return &g_array_index(entries, LogEntry, index);
}

char *entry_text(const GArray *entries, guint index)
{
    const LogEntry *entry = entry_at(entries, index);
    MessageContent message;
    size_t length;
    const uint8_t *content = event_content(entry->event, &length);

    if (entry->opened)
        content = g_bytes_get_data(entry->opened, &length);
    ck_assert(content_read_message(content, length, &message));
    char *text = g_strdup(message.text);

    message_content_clear(&message);
    return text;
}
