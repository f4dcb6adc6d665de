/* Schema of log.db
 *   1  meta, member, conversation, event, recipient, feed, fork, coverage, search
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

static const DatabaseMigration migrations[] = {make_schema_1};

const DatabaseKind log_kind = {
    .file = "log.db",
    .lock = "log.lock",
    .locked = "Another Backfence already runs with this data",
    .application_id = APPLICATION_ID,
    .migrations = migrations,
    .version = G_N_ELEMENTS(migrations),
};
