#include "relay/log_internal.h"

#include <string.h>

/* Feeds kept in memory; more are read again when needed. */
#define FEEDS_KEPT 65536

guint log_feed_key_hash(gconstpointer data)
{
    const Feed *feed = data;
    uint64_t mixed = ((uint64_t)feed->author * 2 + feed->lane) * UINT64_C(0x9e3779b97f4a7c15) ^
                     feed->incarnation;

    return (guint)(mixed ^ (mixed >> 32));
}

gboolean log_feed_key_equal(gconstpointer a, gconstpointer b)
{
    const Feed *left = a, *right = b;

    return left->author == right->author && left->incarnation == right->incarnation &&
           left->lane == right->lane;
}

void log_sum_add(uint8_t *sum, const uint8_t *hash)
{
    unsigned carry = 0;

    for (size_t i = SUM_SIZE; i-- > 0;) {
        carry += (unsigned)sum[i] + hash[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static gboolean read_feed(Log *log, Feed *feed, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT seq, held, newest_ms, hash, sum, position FROM feed "
                       "WHERE author = ? AND incarnation = ? AND lane = ?",
                       error);
    bool row = false;

    if (!query)
        return FALSE;
    query_bind(query, 1, feed->author);
    query_bind(query, 2, (int64_t)feed->incarnation);
    query_bind(query, 3, feed->lane);
    if (!query_step(query, &row, error))
        return FALSE;
    if (!row)
        return TRUE;
    feed->seq = (uint64_t)query_int(query, 0);
    feed->held = (uint64_t)query_int(query, 1);
    feed->newest_ms = query_int(query, 2);
    feed->position = (uint64_t)query_int(query, 5);
    return query_copy(query, 3, feed->hash, HASH_SIZE, error) &&
           query_copy(query, 4, feed->sum, SUM_SIZE, error);
}

Feed *log_feed_get(Log *log, int64_t author, uint64_t incarnation, Lane lane, GError **error)
{
    Feed key = {.author = author, .incarnation = incarnation, .lane = lane};
    Feed *feed = g_hash_table_lookup(log->feeds, &key);

    if (feed)
        return feed;
    if (!read_feed(log, &key, error))
        return NULL;
    if (g_hash_table_size(log->feeds) >= FEEDS_KEPT && log->changed_feeds->len == 0)
        g_hash_table_remove_all(log->feeds);
    feed = g_memdup2(&key, sizeof key);
    g_hash_table_add(log->feeds, feed);
    return feed;
}

void log_feed_changed(Log *log, Feed *feed)
{
    if (!feed->changed)
        g_ptr_array_add(log->changed_feeds, feed);
    feed->changed = true;
}

static gboolean write_feed(Log *log, const Feed *feed, GError **error)
{
    g_autoptr(Query) query =
        database_query(log->database,
                       "INSERT INTO feed (author, incarnation, lane, seq, held, newest_ms, hash, "
                       "sum, position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
                       "ON CONFLICT DO UPDATE SET seq = ?4, held = ?5, newest_ms = ?6, hash = ?7, "
                       "sum = ?8, position = ?9",
                       error);

    if (!query)
        return FALSE;
    query_bind(query, 1, feed->author);
    query_bind(query, 2, (int64_t)feed->incarnation);
    query_bind(query, 3, feed->lane);
    query_bind(query, 4, (int64_t)feed->seq);
    query_bind(query, 5, (int64_t)feed->held);
    query_bind(query, 6, feed->newest_ms);
    query_bind_blob(query, 7, feed->hash, HASH_SIZE);
    query_bind_blob(query, 8, feed->sum, SUM_SIZE);
    query_bind(query, 9, (int64_t)feed->position);
    return query_finish(query, error);
}

gboolean log_feeds_write(Log *log, GError **error)
{
    /* Not outside of the transaction, should it be lost. */
    if (log->changed_feeds->len > 0 && !database_begin(log->database, error))
        return FALSE;
    for (guint i = 0; i < log->changed_feeds->len; i++) {
        Feed *feed = g_ptr_array_index(log->changed_feeds, i);

        if (!write_feed(log, feed, error))
            return FALSE;
        feed->changed = false;
    }
    g_ptr_array_set_size(log->changed_feeds, 0);
    return TRUE;
}

LogHead log_feed_head(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane)
{
    LogHead head = {.incarnation = incarnation, .lane = lane};
    int64_t member = log_member_find(log, author);
    const Feed *feed = member ? log_feed_get(log, member, incarnation, lane, NULL) : NULL;

    memcpy(head.author, author, KEY_SIZE);
    if (feed) {
        head.seq = feed->seq;
        head.held = feed->held;
        memcpy(head.hash, feed->hash, HASH_SIZE);
        memcpy(head.sum, feed->sum, SUM_SIZE);
    }
    return head;
}

/* Columns of read_heads(). */
#define HEAD_COLUMNS "key, incarnation, lane, seq, held, hash, sum"

static void read_heads(Query *query, GArray *heads)
{
    for (bool row = true; row && query_step(query, &row, NULL) && row;) {
        LogHead head = {.incarnation = (uint64_t)query_int(query, 1),
                        .lane = query_int(query, 2) ? LANE_PRIVATE : LANE_PUBLIC,
                        .seq = (uint64_t)query_int(query, 3),
                        .held = (uint64_t)query_int(query, 4),
                        .first = (uint64_t)query_int(query, 7)};

        if (query_copy(query, 0, head.author, KEY_SIZE, NULL) &&
            query_copy(query, 5, head.hash, HASH_SIZE, NULL) &&
            query_copy(query, 6, head.sum, SUM_SIZE, NULL))
            g_array_append_val(heads, head);
    }
}

GArray *log_heads(Log *log, const uint8_t *author)
{
    GArray *heads = g_array_new(FALSE, TRUE, sizeof(LogHead));

    /* Should this fail, so will the commit, and tell. */
    log_feeds_write(log, NULL);
    /* Two questions: what is asked of all looks at all, also when it is asked of one. */
    const char *sql = author ? "SELECT " HEAD_COLUMNS ", 0 "
                               "FROM feed JOIN member ON member.id = feed.author "
                               "WHERE feed.author = ? ORDER BY incarnation, lane"
                             : "SELECT " HEAD_COLUMNS ", 0 "
                               "FROM feed JOIN member ON member.id = feed.author "
                               "ORDER BY key, incarnation, lane";
    g_autoptr(Query) query = database_query(log->database, sql, NULL);

    if (query && author)
        query_bind(query, 1, log_member_find(log, author));
    if (query)
        read_heads(query, heads);
    return heads;
}

GArray *log_heads_since(Log *log, uint64_t position, const uint8_t *owner)
{
    GArray *heads = g_array_new(FALSE, TRUE, sizeof(LogHead));
    int64_t member = owner ? log_member_find(log, owner) : 0;

    log_feeds_write(log, NULL);
    g_autoptr(Query) query = database_query(
        log->database,
        "SELECT " HEAD_COLUMNS ", first FROM (SELECT *, CASE WHEN lane = 1 THEN "
        "(SELECT min(event.seq) FROM event INDEXED BY event_kept WHERE event.author = feed.author "
        "AND event.incarnation = feed.incarnation AND event.lane = 1 AND body IS NOT NULL) "
        "END AS first FROM feed WHERE position > ?1 OR (lane = 1 AND author = ?2)) AS feed "
        "JOIN member ON member.id = feed.author "
        "WHERE lane = 0 OR first IS NOT NULL OR author = ?2 ORDER BY position DESC",
        NULL);

    if (query) {
        query_bind(query, 1, (int64_t)MIN(position, (uint64_t)INT64_MAX));
        query_bind(query, 2, member);
        read_heads(query, heads);
    }
    return heads;
}

GArray *log_feed(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t seq,
                 unsigned limit, GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    int64_t member = log_member_find(log, author);
    g_autoptr(Query) query = database_query(log->database,
                                            "SELECT " LOG_ENTRY_COLUMNS
                                            " FROM event WHERE author = ? AND incarnation = ? "
                                            "AND lane = ? AND seq >= ? AND position <= ? "
                                            "ORDER BY seq, position LIMIT ?",
                                            error);

    if (!query)
        return NULL;
    query_bind(query, 1, member);
    query_bind(query, 2, (int64_t)incarnation);
    query_bind(query, 3, lane);
    query_bind(query, 4, (int64_t)MIN(seq, (uint64_t)INT64_MAX));
    query_bind(query, 5, (int64_t)log->head);
    query_bind(query, 6, limit);
    return log_read_entries(log, query, entries, error) ? g_steal_pointer(&entries) : NULL;
}
