/* Parts of one feed: which are here, which are not, and their events, newest first. */
#include "relay/log_internal.h"

/* Events that one answer looks at: among many whose bodies are gone it stays quick. */
#define SCAN_MAX 4096

static uint64_t find_position(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane,
                              uint64_t seq, const uint8_t *hash)
{
    int64_t member = log_member_find(log, author);
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT position FROM event WHERE author = ? AND incarnation = ? "
                       "AND lane = ? AND seq = ? AND hash = ?",
                       NULL);
    bool row = false;

    if (!query || member == 0 || seq > INT64_MAX)
        return 0;
    query_bind(query, 1, member);
    query_bind(query, 2, (int64_t)incarnation);
    query_bind(query, 3, lane);
    query_bind(query, 4, (int64_t)seq);
    query_bind_blob(query, 5, hash, HASH_SIZE);
    return query_step(query, &row, NULL) && row ? (uint64_t)query_int(query, 0) : 0;
}

uint64_t log_find(Log *log, const Event *event)
{
    return find_position(log, event_author(event), event_incarnation(event), event_lane(event),
                         event_seq(event), event_hash(event));
}

bool log_holds(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t seq,
               const uint8_t *hash)
{
    return find_position(log, author, incarnation, lane, seq, hash) != 0;
}

/* No place of the feed below its head is empty. */
static bool is_whole(Log *log, const Feed *feed)
{
    g_autoptr(Query) query = database_query(
        log->database, "SELECT 1 FROM fork WHERE author = ? AND position IS NOT NULL LIMIT 1",
        NULL);
    bool forked = true;

    if (feed->held != feed->seq || !query)
        return false;
    query_bind(query, 1, feed->author);
    return query_step(query, &forked, NULL) && !forked;
}

static void add_span(GArray *spans, uint64_t first, uint64_t last)
{
    LogSpan span = {first, last};

    if (first <= last)
        g_array_append_val(spans, span);
}

/* The empty places of [first, last], none of which is above the head. */
static void find_holes(Log *log, const Feed *feed, uint64_t first, uint64_t last, unsigned limit,
                       GArray *spans)
{
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT seq FROM event WHERE author = ? AND incarnation = ? AND lane = ? "
                       "AND seq BETWEEN ? AND ? ORDER BY seq DESC",
                       NULL);

    if (!query)
        return;
    query_bind(query, 1, feed->author);
    query_bind(query, 2, (int64_t)feed->incarnation);
    query_bind(query, 3, feed->lane);
    query_bind(query, 4, (int64_t)first);
    query_bind(query, 5, (int64_t)last);
    for (bool row = true; spans->len < limit;) {
        if (!query_step(query, &row, NULL))
            return;
        uint64_t seq = row ? (uint64_t)query_int(query, 0) : first - 1;

        add_span(spans, seq + 1, last);
        if (!row || seq <= first)
            return;
        last = MIN(last, seq - 1);
    }
}

GArray *log_missing(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane,
                    uint64_t first, uint64_t last, unsigned limit)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(LogSpan));
    int64_t member = log_member_find(log, author);
    const Feed *feed = member ? log_feed_get(log, member, incarnation, lane, NULL) : NULL;
    uint64_t head = feed ? feed->seq : 0;

    first = MAX(first, 1);
    last = MIN(last, POSITION_MAX - 1);
    if (limit == 0 || first > last)
        return spans;
    add_span(spans, MAX(first, head + 1), last);
    last = MIN(last, head);
    if (first <= last && !is_whole(log, feed))
        find_holes(log, feed, first, last, limit, spans);
    return spans;
}

typedef struct {
    unsigned limit;
    size_t max_bytes;
    size_t bytes;
    unsigned looked_at;
    uint64_t seq;     /* the place being read; 0: none yet */
    uint64_t covered; /* everything from here on was read; 0: nothing yet */
    guint whole;      /* entries of places that were read to their end */
    unsigned gone;    /* bodies */
} Span;

static void place_is_whole(Span *span, const GArray *entries)
{
    if (span->seq == 0)
        return;
    span->covered = span->seq;
    span->whole = entries->len;
}

/* False: the answer is full. Events of one place are not parted, unless more stand there than any
 * answer holds: the rest of them is out of reach then. */
static bool take_row(Log *log, Query *query, Span *span, GArray *entries)
{
    size_t size = (size_t)query_int(query, LOG_ENTRY_COLUMN_COUNT);
    uint64_t seq = (uint64_t)query_int(query, LOG_ENTRY_COLUMN_COUNT + 1);

    if (seq != span->seq)
        place_is_whole(span, entries);
    span->seq = seq;
    span->looked_at++;
    if (size > 0 && entries->len > 0 &&
        (entries->len >= span->limit || span->bytes + size > span->max_bytes)) {
        if (span->covered == 0)
            place_is_whole(span, entries);
        return false;
    }
    span->bytes += size;
    span->gone += size == 0;
    log_read_entry(log, query, entries);
    return true;
}

static gboolean fill_span(Log *log, Query *query, Span *span, GArray *entries, uint64_t first,
                          GError **error)
{
    bool row = true, room = true;

    while (row && room) {
        if (!query_step(query, &row, error))
            return FALSE;
        room = row && take_row(log, query, span, entries);
    }
    if (!row && span->looked_at < SCAN_MAX) {
        span->covered = first;
        span->whole = entries->len;
    }
    g_array_set_size(entries, span->whole);
    return TRUE;
}

GArray *log_span(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t first,
                 uint64_t last, unsigned limit, size_t max_bytes, uint64_t *covered, unsigned *gone,
                 GError **error)
{
    g_autoptr(GArray) entries = log_entries_new();
    Span span = {.limit = limit, .max_bytes = max_bytes};
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT " LOG_ENTRY_COLUMNS ", length(body) + length(signature), seq "
                       "FROM event WHERE author = ? AND incarnation = ? AND lane = ? "
                       "AND seq BETWEEN ? AND ? AND position <= ? "
                       "ORDER BY seq DESC, position DESC LIMIT ?",
                       error);

    if (!query)
        return NULL;
    query_bind(query, 1, log_member_find(log, author));
    query_bind(query, 2, (int64_t)incarnation);
    query_bind(query, 3, lane);
    query_bind(query, 4, (int64_t)MIN(first, (uint64_t)POSITION_MAX));
    query_bind(query, 5, (int64_t)MIN(last, (uint64_t)POSITION_MAX));
    query_bind(query, 6, (int64_t)log->head);
    query_bind(query, 7, SCAN_MAX);
    if (!fill_span(log, query, &span, entries, first, error))
        return NULL;
    *covered = span.covered;
    if (gone)
        *gone = span.gone;
    return g_steal_pointer(&entries);
}
