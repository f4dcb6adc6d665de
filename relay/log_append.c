/* Appending: an event is known, or continues its feed, or fills a gap, or leaves one out, or
 * contradicts another. Contradictions are kept beside the log as proof. */
#include "relay/log_internal.h"

#include <string.h>

/* Proofs kept of one author: more prove nothing more. */
#define FORKS_MAX 16

typedef struct {
    Log *log;
    const Event *event;
    int64_t author;
    Feed *feed;
    uint64_t other; /* position of the same event (LOG_KNOWN) or the one contradicted (LOG_FORK) */
} Append;

/* The event at `seq` of the same feed; 0: not here. `event` (may be NULL) receives what is left of
 * it. */
static gboolean find_in_feed(Append *append, uint64_t seq, uint64_t *position, uint8_t *hash,
                             Event **event, GError **error)
{
    g_autoptr(Query) query =
        database_query(append->log->database,
                       "SELECT position, hash, signature, body FROM event "
                       "WHERE author = ? AND incarnation = ? AND lane = ? AND seq = ?",
                       error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind(query, 1, append->author);
    query_bind(query, 2, (int64_t)event_incarnation(append->event));
    query_bind(query, 3, event_lane(append->event));
    query_bind(query, 4, (int64_t)seq);
    if (!query_step(query, &row, error))
        return FALSE;
    *position = row ? (uint64_t)query_int(query, 0) : 0;
    if (!row)
        return TRUE;
    g_autoptr(GBytes) signature = query_bytes(query, 2);
    g_autoptr(GBytes) body = query_bytes(query, 3);

    if (event && body && signature)
        *event = event_from_log(body, signature);
    return query_copy(query, 1, hash, HASH_SIZE, error);
}

static bool follows(const Event *event, const uint8_t *hash)
{
    const uint8_t *prev = event_prev(event);

    return prev && memcmp(prev, hash, HASH_SIZE) == 0;
}

/* The event at the head's successor: does it name the head? */
static LogAppend judge_next(Append *append, GError **error)
{
    uint8_t hash[HASH_SIZE];

    if (append->feed->seq == 0 || follows(append->event, append->feed->hash))
        return LOG_APPENDED;
    if (!find_in_feed(append, append->feed->seq, &append->other, hash, NULL, error))
        return LOG_FAILED;
    return LOG_FORK;
}

/* Somewhere in a feed with gaps: what stands there, before and behind must fit. */
static LogAppend judge_inside(Append *append, GError **error)
{
    uint64_t seq = event_seq(append->event), position = 0;
    g_autoptr(Event) successor = NULL;
    uint8_t hash[HASH_SIZE];

    if (!find_in_feed(append, seq, &append->other, hash, NULL, error))
        return LOG_FAILED;
    if (append->other != 0)
        return memcmp(hash, event_hash(append->event), HASH_SIZE) == 0 ? LOG_KNOWN : LOG_FORK;
    if (seq > 1 && !find_in_feed(append, seq - 1, &append->other, hash, NULL, error))
        return LOG_FAILED;
    if (append->other != 0 && !follows(append->event, hash))
        return LOG_FORK;
    if (!find_in_feed(append, seq + 1, &position, hash, &successor, error))
        return LOG_FAILED;
    if (successor && !follows(successor, event_hash(append->event))) {
        append->other = position;
        return LOG_FORK;
    }
    return LOG_APPENDED;
}

static LogAppend judge(Append *append, LogRule rule, GError **error)
{
    uint64_t seq = event_seq(append->event);

    if (seq == 0 || seq >= INT64_MAX)
        return LOG_GAP;
    if (seq == append->feed->seq + 1)
        return judge_next(append, error);
    if (seq <= append->feed->seq)
        return judge_inside(append, error);
    return rule == LOG_RULE_SET ? LOG_APPENDED : LOG_GAP;
}

static bool keep_proof(Append *append, GError **error)
{
    g_autoptr(Query) query = database_query(
        append->log->database,
        "INSERT OR IGNORE INTO fork (hash, author, other, signature, body) "
        "SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM fork WHERE author = ?2) < ?6",
        error);

    if (!query)
        return false;
    query_bind_blob(query, 1, event_hash(append->event), HASH_SIZE);
    query_bind(query, 2, append->author);
    query_bind(query, 3, (int64_t)append->other);
    query_bind_bytes(query, 4, event_signature(append->event));
    query_bind_bytes(query, 5, event_body(append->event));
    query_bind(query, 6, FORKS_MAX);
    return query_finish(query, error);
}

typedef struct {
    uint64_t source;
    GBytes *conversation;
    uint32_t opened_kind;
    GBytes *opened;
} Filing;

static gboolean insert_event(Append *append, const Filing *filing, uint64_t position,
                             GError **error)
{
    const Event *event = append->event;
    int64_t conversation =
        filing->conversation ? log_conversation_make(append->log, filing->conversation, error) : 0;

    if (filing->conversation && conversation == 0)
        return FALSE;
    g_autoptr(Query) query = database_query(
        append->log->database,
        "INSERT INTO event (position, hash, author, incarnation, lane, seq, time_ms, kind, "
        "conversation, source, opened_kind, opened, signature, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?)",
        error);

    if (!query)
        return FALSE;
    query_bind(query, 1, (int64_t)position);
    query_bind_blob(query, 2, event_hash(event), HASH_SIZE);
    query_bind(query, 3, append->author);
    query_bind(query, 4, (int64_t)event_incarnation(event));
    query_bind(query, 5, event_lane(event));
    query_bind(query, 6, (int64_t)event_seq(event));
    query_bind(query, 7, event_time_ms(event));
    query_bind(query, 8, event_kind(event));
    query_bind(query, 9, conversation);
    query_bind(query, 10, (int64_t)filing->source);
    query_bind(query, 11, filing->opened_kind);
    query_bind_bytes(query, 12, filing->opened);
    query_bind_bytes(query, 13, event_signature(event));
    query_bind_bytes(query, 14, event_body(event));
    return query_finish(query, error);
}

static gboolean insert_recipients(Append *append, uint64_t position, GError **error)
{
    for (size_t i = 0; i < event_recipient_count(append->event); i++) {
        int64_t member = log_member_make(append->log, event_recipient(append->event, i), error);
        g_autoptr(Query) query =
            member ? database_query(append->log->database,
                                    "INSERT OR IGNORE INTO recipient (position, member) "
                                    "VALUES (?, ?)",
                                    error)
                   : NULL;

        if (!query)
            return FALSE;
        query_bind(query, 1, (int64_t)position);
        query_bind(query, 2, member);
        if (!query_finish(query, error))
            return FALSE;
    }
    return TRUE;
}

static void advance_feed(Append *append)
{
    Feed *feed = append->feed;

    if (event_seq(append->event) > feed->seq) {
        feed->seq = event_seq(append->event);
        memcpy(feed->hash, event_hash(append->event), HASH_SIZE);
    }
    feed->held++;
    feed->newest_ms = MAX(feed->newest_ms, event_time_ms(append->event));
    log_feed_changed(append->log, feed);
}

static LogAppend store_event(Append *append, const Filing *filing, uint64_t *position,
                             GError **error)
{
    Log *log = append->log;
    uint64_t next = log->head + log->pending + 1;

    if (!insert_event(append, filing, next, error))
        return LOG_FAILED;
    if (event_lane(append->event) == LANE_PRIVATE && !insert_recipients(append, next, error))
        return LOG_FAILED;
    advance_feed(append);
    log->pending++;
    log->pending_newest_ms = MAX(log->pending_newest_ms, event_time_ms(append->event));
    *position = next;
    return LOG_APPENDED;
}

/* Puts sound bytes in place of those that were found damaged. */
static LogAppend repair(Log *log, const Event *event, uint64_t position, GError **error)
{
    if (!g_hash_table_contains(log->damaged, GSIZE_TO_POINTER(position)))
        return LOG_KNOWN;
    g_autoptr(Query) query = database_query(
        log->database, "UPDATE event SET signature = ?, body = ? WHERE position = ?", error);

    if (!query)
        return LOG_FAILED;
    query_bind_bytes(query, 1, event_signature(event));
    query_bind_bytes(query, 2, event_body(event));
    query_bind(query, 3, (int64_t)position);
    if (!query_finish(query, error))
        return LOG_FAILED;
    g_hash_table_remove(log->damaged, GSIZE_TO_POINTER(position));
    return LOG_KNOWN;
}

static LogAppend append_event(Append *append, LogRule rule, const Filing *filing,
                              uint64_t *position, GError **error)
{
    append->author = log_member_make(append->log, event_author(append->event), error);
    append->feed = append->author
                       ? log_feed_get(append->log, append->author, event_incarnation(append->event),
                                      event_lane(append->event), error)
                       : NULL;
    if (!append->feed)
        return LOG_FAILED;
    LogAppend result = judge(append, rule, error);

    switch (result) {
    case LOG_APPENDED:
        return store_event(append, filing, position, error);
    case LOG_KNOWN:
        *position = append->other;
        return repair(append->log, append->event, append->other, error);
    case LOG_FORK:
        return keep_proof(append, error) ? LOG_FORK : LOG_FAILED;
    default:
        return result;
    }
}

LogAppend log_append(Log *log, const Event *event, LogRule rule, uint64_t source_position,
                     GBytes *conversation, uint32_t opened_kind, GBytes *opened, uint64_t *position,
                     GError **error)
{
    Append append = {.log = log, .event = event};
    Filing filing = {source_position, conversation, opened_kind, opened};

    if (!log_change(log, error))
        return LOG_FAILED;
    LogAppend result = append_event(&append, rule, &filing, position, error);

    if (result == LOG_FAILED)
        log_give_up(log);
    return result;
}

uint64_t log_find(Log *log, const Event *event)
{
    Append append = {.log = log, .event = event};
    uint64_t position = 0;
    uint8_t hash[HASH_SIZE];

    append.author = log_member_find(log, event_author(event));
    if (append.author == 0 ||
        !find_in_feed(&append, event_seq(event), &position, hash, NULL, NULL) || position == 0)
        return 0;
    return memcmp(hash, event_hash(event), HASH_SIZE) == 0 ? position : 0;
}
