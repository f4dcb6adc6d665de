/* Schema of log.db
 *   1  meta, member, conversation, event, recipient, feed, fork, coverage, search
 *   2  several events may stand at one place of a feed; feed.sum and feed.position; fork.position;
 *      event_kept; other
 *   3  event_moderation
 *
 * An event is found by its place in its feed; there is no index of hashes, whose random places
 * would make every event write a page of its own. What is large stands last in its row, so that
 * looking for rows does not read it. 64-bit unsigned numbers (incarnation) are stored as the signed
 * number of the same bits and only compared for equality. */
#include "relay/log_internal.h"

#define APPLICATION_ID 0x42466c31 /* "BFl1" */

static const char *const schema_1[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT",

    "CREATE TABLE member ("
    "  id INTEGER PRIMARY KEY,"
    "  key BLOB NOT NULL UNIQUE,"
    "  last_seen_ms INTEGER NOT NULL DEFAULT 0,"
    "  delivered INTEGER NOT NULL DEFAULT 0" /* everything up to this position is on its disk */
    ") STRICT",

    "CREATE TABLE conversation (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT",

    "CREATE TABLE event ("
    "  position INTEGER PRIMARY KEY,"
    "  hash BLOB NOT NULL,"
    "  author INTEGER NOT NULL,"
    "  incarnation INTEGER NOT NULL,"
    "  lane INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  time_ms INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  conversation INTEGER,"
    "  source INTEGER NOT NULL," /* position in the log that it came from */
    "  opened_kind INTEGER NOT NULL,"
    "  opened BLOB,"
    "  signature BLOB," /* NULL as the body: delivered to everybody whom it concerned */
    "  body BLOB"
    ") STRICT",
    "CREATE UNIQUE INDEX event_feed ON event (author, incarnation, lane, seq)",
    "CREATE INDEX event_shown ON event (conversation, time_ms, hash)"
    "  WHERE conversation IS NOT NULL",
    "CREATE INDEX event_profile ON event (author, time_ms, hash) WHERE kind = 2",

    /* Of private events whose bodies are still here. */
    "CREATE TABLE recipient ("
    "  position INTEGER NOT NULL REFERENCES event (position),"
    "  member INTEGER NOT NULL REFERENCES member (id),"
    "  PRIMARY KEY (position, member)) STRICT, WITHOUT ROWID",
    "CREATE INDEX recipient_member ON recipient (member, position)",

    "CREATE TABLE feed ("
    "  author INTEGER NOT NULL REFERENCES member (id),"
    "  incarnation INTEGER NOT NULL,"
    "  lane INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  held INTEGER NOT NULL,"
    "  newest_ms INTEGER NOT NULL,"
    "  hash BLOB NOT NULL,"
    "  PRIMARY KEY (author, incarnation, lane)) STRICT, WITHOUT ROWID",

    "CREATE TABLE fork ("
    "  hash BLOB PRIMARY KEY,"
    "  author INTEGER NOT NULL REFERENCES member (id),"
    "  other INTEGER NOT NULL REFERENCES event (position)," /* the event that it contradicts */
    "  signature BLOB NOT NULL,"
    "  body BLOB NOT NULL) STRICT",
    "CREATE INDEX fork_author ON fork (author)",
    "CREATE INDEX fork_other ON fork (other)",

    "CREATE TABLE coverage ("
    "  log BLOB NOT NULL, after INTEGER NOT NULL, through INTEGER NOT NULL,"
    "  PRIMARY KEY (log, after)) STRICT, WITHOUT ROWID",

    /* rowid = position; holds no text, only where words stand */
    "CREATE VIRTUAL TABLE search USING fts5("
    "  text, content = '', tokenize = 'unicode61 remove_diacritics 2')",
};

static gboolean make_schema_1(Database *database, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schema_1); i++) {
        if (!database_run(database, schema_1[i], error))
            return FALSE;
    }
    return TRUE;
}

static const char schema_2[] =
    "DROP INDEX event_feed;"
    "CREATE INDEX event_feed ON event (author, incarnation, lane, seq);"
    /* Private events whose bodies are still here, by feed. */
    "CREATE INDEX event_kept ON event (author, incarnation, seq)"
    "  WHERE lane = 1 AND body IS NOT NULL;"

    "ALTER TABLE feed ADD COLUMN sum BLOB NOT NULL DEFAULT x'00000000000000000000000000000000';"
    /* of the newest of its events */
    "ALTER TABLE feed ADD COLUMN position INTEGER NOT NULL DEFAULT 0;"

    "ALTER TABLE fork RENAME TO fork_1;"
    "DROP INDEX fork_author;"
    "DROP INDEX fork_other;"
    "CREATE TABLE fork ("
    "  hash BLOB PRIMARY KEY,"
    "  author INTEGER NOT NULL REFERENCES member (id),"
    "  other INTEGER NOT NULL REFERENCES event (position)," /* the event that it contradicts */
    "  position INTEGER REFERENCES event (position)," /* NULL: not in the log, its bytes are here */
    "  signature BLOB,"
    "  body BLOB) STRICT;"
    "INSERT INTO fork SELECT hash, author, other, NULL, signature, body FROM fork_1;"
    "DROP TABLE fork_1;"
    "CREATE INDEX fork_author ON fork (author, position);"
    "CREATE INDEX fork_other ON fork (other);"
    "CREATE INDEX fork_position ON fork (position) WHERE position IS NOT NULL;"

    /* What is known of other logs besides which parts of them are held. */
    "CREATE TABLE other ("
    "  log BLOB PRIMARY KEY,"
    "  told INTEGER NOT NULL,"
    "  mark_position INTEGER NOT NULL,"
    "  mark BLOB NOT NULL) STRICT, WITHOUT ROWID;";

/* Sums of all feeds, in one pass in the order of the file. */
static GHashTable *sum_up(Database *database, GError **error)
{
    g_autoptr(GHashTable) feeds =
        g_hash_table_new_full(log_feed_key_hash, log_feed_key_equal, g_free, NULL);
    g_autoptr(Query) query = database_query(
        database, "SELECT position, hash, author, incarnation, lane FROM event ORDER BY position",
        error);
    uint8_t hash[HASH_SIZE];

    if (!query)
        return NULL;
    for (;;) {
        bool row = false;

        if (!query_step(query, &row, error))
            return NULL;
        if (!row)
            return g_steal_pointer(&feeds);
        if (!query_copy(query, 1, hash, HASH_SIZE, error))
            return NULL;
        Feed key = {.author = query_int(query, 2),
                    .incarnation = (uint64_t)query_int(query, 3),
                    .lane = query_int(query, 4) ? LANE_PRIVATE : LANE_PUBLIC};
        Feed *feed = g_hash_table_lookup(feeds, &key);

        if (!feed) {
            feed = g_memdup2(&key, sizeof key);
            g_hash_table_add(feeds, feed);
        }
        log_sum_add(feed->sum, hash);
        feed->position = (uint64_t)query_int(query, 0);
    }
}

static gboolean write_sum(Database *database, const Feed *feed, GError **error)
{
    g_autoptr(Query) query = database_query(database,
                                            "UPDATE feed SET sum = ?, position = ? "
                                            "WHERE author = ? AND incarnation = ? AND lane = ?",
                                            error);

    if (!query)
        return FALSE;
    query_bind_blob(query, 1, feed->sum, SUM_SIZE);
    query_bind(query, 2, (int64_t)feed->position);
    query_bind(query, 3, feed->author);
    query_bind(query, 4, (int64_t)feed->incarnation);
    query_bind(query, 5, feed->lane);
    return query_finish(query, error);
}

static gboolean make_schema_2(Database *database, GError **error)
{
    if (!database_run(database, schema_2, error))
        return FALSE;
    g_autoptr(GHashTable) feeds = sum_up(database, error);
    GHashTableIter iterator;
    gpointer feed;

    if (!feeds)
        return FALSE;
    g_hash_table_iter_init(&iterator, feeds);
    while (g_hash_table_iter_next(&iterator, &feed, NULL)) {
        if (!write_sum(database, feed, error))
            return FALSE;
    }
    return TRUE;
}

/* Read in whole at each start. */
static const char schema_3[] = "CREATE INDEX event_moderation ON event (time_ms, hash)"
                               "  WHERE kind IN (9, 10);";

static gboolean make_schema_3(Database *database, GError **error)
{
    return database_run(database, schema_3, error);
}

static const DatabaseMigration migrations[] = {make_schema_1, make_schema_2, make_schema_3};

const DatabaseKind log_kind = {
    .file = "log.db",
    .lock = "log.lock",
    .locked = "Another Backfence already runs with this data",
    .application_id = APPLICATION_ID,
    .migrations = migrations,
    .version = G_N_ELEMENTS(migrations),
};
