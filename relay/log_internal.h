#pragma once
/* Shared by the files of the log only. */

#include "relay/log.h"

/* How far one feed goes; kept in memory, written with the commit. */
typedef struct {
    int64_t author; /* row of the member */
    uint64_t incarnation;
    Lane lane;
    uint64_t seq;
    uint64_t held;
    int64_t newest_ms;
    uint64_t position; /* of the newest of its events */
    uint8_t hash[HASH_SIZE];
    uint8_t sum[SUM_SIZE];
    bool changed; /* not written yet */
} Feed;

struct Log {
    Database *database;
    uint8_t place[PLACE_SIZE];
    uint8_t id[PLACE_SIZE];
    uint64_t head; /* committed */
    int64_t newest_ms;
    unsigned pending; /* appended since the last commit */
    int64_t pending_newest_ms;
    bool changed;
    uint64_t indexed; /* messages up to this position can be searched */
    unsigned losses;
    LogCommits commits;
    bool owned; /* `owner` is set */
    uint8_t owner[KEY_SIZE];
    bool has_keeper;
    uint8_t keeper[KEY_SIZE];

    /* What is read often; emptied when a transaction is given up. */
    GHashTable *members;       /* owned: key as GBytes -> row */
    GHashTable *conversations; /* owned: name as GBytes -> row */
    GHashTable *feeds;         /* owned: Feed -> itself */
    GPtrArray *changed_feeds;  /* Feed*, of `feeds` */

    GHashTable
        *damaged; /* owned: positions whose bytes do not fit their hash, as GINT_TO_POINTER */
};

/* What is committed of the keeper. log_moderation.c */
gboolean log_read_keeper(Log *log, GError **error);

/* Schema and migrations of a log. */
extern const DatabaseKind log_kind;

/* Takes the database, also when it fails. As log_open(). */
Log *log_of_database(Database *database, const uint8_t *place, GError **error);
/* Begins the group when it has not begun. */
gboolean log_change(Log *log, GError **error);
/* Everything since the last commit is gone. Keeps `error`, returns FALSE. */
gboolean log_give_up(Log *log);
/* Runs a statement of a change and gives the group up when it fails. */
gboolean log_finish(Log *log, Query *query, GError **error);

/* Row of a member, made when it is missing; 0 with an error. */
int64_t log_member_make(Log *log, const uint8_t *key, GError **error);
/* 0: unknown. */
int64_t log_member_find(Log *log, const uint8_t *key);
/* Row of a conversation, made when it is missing; 0 with an error. */
int64_t log_conversation_make(Log *log, GBytes *name, GError **error);

/* NULL with an error; owned by the log, until the group is given up. */
Feed *log_feed_get(Log *log, int64_t author, uint64_t incarnation, Lane lane, GError **error);
void log_feed_changed(Log *log, Feed *feed);
gboolean log_feeds_write(Log *log, GError **error);
guint log_feed_key_hash(gconstpointer feed);
gboolean log_feed_key_equal(gconstpointer a, gconstpointer b);
/* Adds the first bytes of a hash to the sum of a feed. */
void log_sum_add(uint8_t *sum, const uint8_t *hash);

/* The columns that log_read_entry() expects first. */
#define LOG_ENTRY_COLUMNS                                                                          \
    "position, source, hash, opened_kind, opened, "                                                \
    "(SELECT name FROM conversation WHERE id = event.conversation), signature, body"
#define LOG_ENTRY_COLUMN_COUNT 8
GArray *log_entries_new(void);
/* Adds the entry of this row, unless its body is gone or damaged. */
void log_read_entry(Log *log, Query *query, GArray *entries);
/* Reads all rows. */
gboolean log_read_entries(Log *log, Query *query, GArray *entries, GError **error);
void log_reverse(GArray *entries);

/* Makes what was committed searchable when enough has gathered; failing is no harm. */
void log_index_some(Log *log);
/* The words of a message, from a row whose first columns are position, kind, opened_kind, opened,
 * signature, body; transfer full, NULL: it is none. */
char *log_index_text(Query *query);
/* `text` is what log_index_text() said when it was indexed. Part of the transaction. */
gboolean log_index_remove(Log *log, uint64_t position, const char *text, GError **error);
/* A message that can be read only now: makes it searchable when its turn is over. Part of the
 * transaction; failing is no harm. */
void log_index_late(Log *log, uint64_t position, uint32_t opened_kind, GBytes *opened);
