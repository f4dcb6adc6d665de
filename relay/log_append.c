/* Appending: an event is known, or continues its feed, or fills a gap, or leaves one out, or
 * contradicts another. What contradicts is kept beside the log as proof when its author submits it,
 * and is an event like any other when another log holds it. */
#include "relay/log_internal.h"

#include <string.h>

/* Proofs kept of one author, and pairs remembered of those in the log: more prove nothing more. */
#define FORKS_MAX 16
/* Events at one place that are looked into. */
#define BEHIND_MAX 4

typedef struct {
    Log *log;
    const Event *event;
    int64_t author;
    Feed *feed;
    uint64_t other; /* position of the same event (LOG_KNOWN) or the one contradicted */
} Append;

/* What the feed holds around the place of an event; of a fork there are several at one place.
 * Positions, 0: none. */
typedef struct {
    uint64_t same;
    uint64_t there; /* another at the same place */
    unsigned there_count;
    uint64_t before; /* one at the place before */
    bool follows;    /* it names one of those before */
} Beside;

static bool names(const Event *event, const uint8_t *hash)
{
    const uint8_t *prev = event_prev(event);

    return prev && memcmp(prev, hash, HASH_SIZE) == 0;
}

static gboolean read_beside(const Event *event, Query *query, Beside *beside, GError **error)
{
    uint64_t position = (uint64_t)query_int(query, 0);
    uint8_t hash[HASH_SIZE];

    if (!query_copy(query, 2, hash, HASH_SIZE, error))
        return FALSE;
    if ((uint64_t)query_int(query, 1) < event_seq(event)) {
        beside->before = position;
        beside->follows = beside->follows || names(event, hash);
    } else if (memcmp(hash, event_hash(event), HASH_SIZE) == 0) {
        beside->same = position;
    } else {
        beside->there = position;
        beside->there_count++;
    }
    return TRUE;
}

static gboolean look_beside(Append *append, Beside *beside, GError **error)
{
    g_autoptr(Query) query = database_query(
        append->log->database,
        "SELECT position, seq, hash FROM event WHERE author = ? AND incarnation = ? AND lane = ? "
        "AND seq BETWEEN ? AND ?",
        error);

    if (!query)
        return FALSE;
    query_bind(query, 1, append->author);
    query_bind(query, 2, (int64_t)event_incarnation(append->event));
    query_bind(query, 3, event_lane(append->event));
    query_bind(query, 4, (int64_t)event_seq(append->event) - 1);
    query_bind(query, 5, (int64_t)event_seq(append->event));
    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        if (!read_beside(append->event, query, beside, error))
            return FALSE;
    }
}

/* Does one of those at the next place name the event, or can they not be read? */
static bool row_follows(const Append *append, Query *query)
{
    g_autoptr(GBytes) signature = query_bytes(query, 2);
    g_autoptr(GBytes) body = query_bytes(query, 3);
    g_autoptr(Event) successor = body && signature ? event_from_log(body, signature) : NULL;
    uint8_t hash[HASH_SIZE];

    return !successor || !query_copy(query, 1, hash, HASH_SIZE, NULL) ||
           memcmp(event_hash(successor), hash, HASH_SIZE) != 0 ||
           names(successor, event_hash(append->event));
}

/* Sets `other` to an event at the next place when none there follows. Of many only some are looked
 * at: they are a fork that is known already. */
static gboolean look_behind(Append *append, GError **error)
{
    g_autoptr(Query) query =
        database_query(append->log->database,
                       "SELECT position, hash, signature, body FROM event WHERE author = ? "
                       "AND incarnation = ? AND lane = ? AND seq = ? LIMIT ?",
                       error);
    unsigned seen = 0;

    if (!query)
        return FALSE;
    query_bind(query, 1, append->author);
    query_bind(query, 2, (int64_t)event_incarnation(append->event));
    query_bind(query, 3, event_lane(append->event));
    query_bind(query, 4, (int64_t)event_seq(append->event) + 1);
    query_bind(query, 5, BEHIND_MAX);
    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return FALSE;
        if (!row)
            return TRUE;
        append->other = (uint64_t)query_int(query, 0);
        if (row_follows(append, query) || ++seen == BEHIND_MAX) {
            append->other = 0;
            return TRUE;
        }
    }
}

/* Somewhere in what is held of the feed: what stands there, before and behind must fit. */
static LogAppend judge_inside(Append *append, LogRule rule, GError **error)
{
    Beside beside = {0};

    if (!look_beside(append, &beside, error))
        return LOG_FAILED;
    append->other = beside.same;
    if (beside.same != 0)
        return LOG_KNOWN;
    if (beside.there != 0)
        append->other = beside.there;
    else if (beside.before != 0 && !beside.follows)
        append->other = beside.before;
    else if (event_seq(append->event) < append->feed->seq && !look_behind(append, error))
        return LOG_FAILED;
    if (append->other == 0)
        return LOG_APPENDED;
    return rule == LOG_RULE_SET && beside.there_count < FORKED_MAX ? LOG_FORKED : LOG_FORK;
}

static LogAppend judge(Append *append, LogRule rule, GError **error)
{
    uint64_t seq = event_seq(append->event), head = append->feed->seq;

    if (seq == 0 || seq >= INT64_MAX)
        return LOG_GAP;
    if (seq > head + 1)
        return rule == LOG_RULE_SET ? LOG_APPENDED : LOG_GAP;
    if (seq == head + 1 && (head == 0 || names(append->event, append->feed->hash)))
        return LOG_APPENDED;
    return judge_inside(append, rule, error);
}

/* Of what is not in the log. */
static bool keep_proof(Append *append, GError **error)
{
    g_autoptr(Query) query =
        database_query(append->log->database,
                       "INSERT OR IGNORE INTO fork (hash, author, other, signature, body) "
                       "SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM fork "
                       "WHERE author = ?2 AND position IS NULL) < ?6",
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

/* The contradicting event is in the log now; it may have been a proof beside it before. */
static gboolean note_forked(Append *append, uint64_t position, GError **error)
{
    g_autoptr(Query) query = database_query(
        append->log->database,
        "INSERT INTO fork (hash, author, other, position) SELECT ?1, ?2, ?3, ?4 "
        "WHERE (SELECT count(*) FROM fork WHERE author = ?2 AND position IS NOT NULL) < ?5 "
        "OR EXISTS (SELECT 1 FROM fork WHERE hash = ?1) "
        "ON CONFLICT DO UPDATE SET other = ?3, position = ?4, signature = NULL, body = NULL",
        error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, event_hash(append->event), HASH_SIZE);
    query_bind(query, 2, append->author);
    query_bind(query, 3, (int64_t)append->other);
    query_bind(query, 4, (int64_t)position);
    query_bind(query, 5, FORKS_MAX);
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

static void advance_feed(Append *append, uint64_t position)
{
    Feed *feed = append->feed;
    const uint8_t *hash = event_hash(append->event);
    uint64_t seq = event_seq(append->event);

    if (seq > feed->seq || (seq == feed->seq && memcmp(hash, feed->hash, HASH_SIZE) < 0)) {
        feed->seq = seq;
        memcpy(feed->hash, hash, HASH_SIZE);
    }
    feed->held++;
    feed->newest_ms = MAX(feed->newest_ms, event_time_ms(append->event));
    feed->position = position;
    log_sum_add(feed->sum, hash);
    log_feed_changed(append->log, feed);
}

static gboolean store_event(Append *append, const Filing *filing, uint64_t *position,
                            GError **error)
{
    Log *log = append->log;
    uint64_t next = log->head + log->pending + 1;

    if (!insert_event(append, filing, next, error))
        return FALSE;
    if (event_lane(append->event) == LANE_PRIVATE && !insert_recipients(append, next, error))
        return FALSE;
    advance_feed(append, next);
    log->pending++;
    log->pending_newest_ms = MAX(log->pending_newest_ms, event_time_ms(append->event));
    *position = next;
    return TRUE;
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
        return store_event(append, filing, position, error) ? LOG_APPENDED : LOG_FAILED;
    case LOG_FORKED:
        return store_event(append, filing, position, error) && note_forked(append, *position, error)
                   ? LOG_FORKED
                   : LOG_FAILED;
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

static gboolean write_filing(Log *log, uint64_t position, int64_t conversation,
                             uint32_t opened_kind, GBytes *opened, GError **error)
{
    g_autoptr(Query) query = database_query(log->database,
                                            "UPDATE event SET conversation = nullif(?, 0), "
                                            "opened_kind = ?, opened = ? WHERE position = ?",
                                            error);

    if (query) {
        query_bind(query, 1, conversation);
        query_bind(query, 2, opened_kind);
        query_bind_bytes(query, 3, opened);
        query_bind(query, 4, (int64_t)position);
    }
    return log_finish(log, query, error);
}

gboolean log_file(Log *log, uint64_t position, GBytes *conversation, uint32_t opened_kind,
                  GBytes *opened, GError **error)
{
    if (!log_change(log, error))
        return FALSE;
    int64_t row = conversation ? log_conversation_make(log, conversation, error) : 0;

    if (conversation && row == 0)
        return log_give_up(log);
    log_index_late(log, position, opened_kind, opened);
    return write_filing(log, position, row, opened_kind, opened, error);
}
