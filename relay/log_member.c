/* Members, conversations and what was delivered. */
#include "relay/log_internal.h"

#include <string.h>

/* Rows kept in memory; more are read again when needed. */
#define ROWS_KEPT 65536

static int64_t remember(GHashTable *rows, GBytes *name, int64_t row)
{
    if (row == 0)
        return 0;
    if (g_hash_table_size(rows) >= ROWS_KEPT)
        g_hash_table_remove_all(rows);
    g_hash_table_insert(rows, g_bytes_ref(name), g_memdup2(&row, sizeof row));
    return row;
}

/* The id that `sql` finds for a name; 0 when there is none, or with an error. */
static int64_t find_row(Log *log, const char *sql, GBytes *name, GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);
    bool row = false;

    if (!query)
        return 0;
    query_bind_bytes(query, 1, name);
    return query_step(query, &row, error) && row ? query_int(query, 0) : 0;
}

/* Finds or makes the row of a name. */
static int64_t make_row(Log *log, GHashTable *rows, const char *find, const char *make,
                        GBytes *name, GError **error)
{
    g_autoptr(GError) failed = NULL;
    int64_t id = find_row(log, find, name, &failed);

    if (id == 0 && !failed)
        id = find_row(log, make, name, &failed);
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    return remember(rows, name, id);
}

static int64_t kept(GHashTable *rows, const void *name, size_t length, GBytes **bytes)
{
    *bytes = g_bytes_new(name, length);
    const int64_t *row = g_hash_table_lookup(rows, *bytes);

    return row ? *row : 0;
}

static const char member_find[] = "SELECT id FROM member WHERE key = ?";

int64_t log_member_find(Log *log, const uint8_t *key)
{
    g_autoptr(GBytes) bytes = NULL;
    int64_t id = kept(log->members, key, KEY_SIZE, &bytes);

    return id ? id : remember(log->members, bytes, find_row(log, member_find, bytes, NULL));
}

int64_t log_member_make(Log *log, const uint8_t *key, GError **error)
{
    static const char make[] = "INSERT INTO member (key) VALUES (?) RETURNING id";
    g_autoptr(GBytes) bytes = NULL;
    int64_t id = kept(log->members, key, KEY_SIZE, &bytes);

    return id ? id : make_row(log, log->members, member_find, make, bytes, error);
}

int64_t log_conversation_make(Log *log, GBytes *name, GError **error)
{
    static const char find[] = "SELECT id FROM conversation WHERE name = ?";
    static const char make[] = "INSERT INTO conversation (name) VALUES (?) RETURNING id";
    const int64_t *row = g_hash_table_lookup(log->conversations, name);

    return row ? *row : make_row(log, log->conversations, find, make, name, error);
}

GArray *log_members(Log *log)
{
    GArray *members = g_array_new(FALSE, TRUE, sizeof(LogMember));
    g_autoptr(Query) query =
        database_query(log->database,
                       "SELECT key, last_seen_ms FROM member WHERE last_seen_ms > 0 OR "
                       "EXISTS (SELECT 1 FROM feed WHERE author = member.id) ORDER BY id",
                       NULL);
    bool row = query != NULL;

    while (row && query_step(query, &row, NULL) && row) {
        LogMember member = {.last_seen_ms = query_int(query, 1)};

        if (query_copy(query, 0, member.key, KEY_SIZE, NULL))
            g_array_append_val(members, member);
    }
    return members;
}

gboolean log_member_seen(Log *log, const uint8_t *key, int64_t time_ms, GError **error)
{
    if (!log_change(log, error))
        return FALSE;
    int64_t member = log_member_make(log, key, error);

    if (member == 0)
        return log_give_up(log);
    g_autoptr(Query) query =
        database_query(log->database, "UPDATE member SET last_seen_ms = ? WHERE id = ?", error);

    if (query) {
        query_bind(query, 1, time_ms);
        query_bind(query, 2, member);
    }
    return log_finish(log, query, error);
}

/* Private events up to ?2, above what ?1 had before, that nobody still waits for; proofs of forks
 * are kept, and what concerns the owner ?4. */
#define DELIVERED_TO_ALL                                                                           \
    "SELECT position FROM recipient AS mine WHERE mine.member = ?1 AND mine.position > ?3 "        \
    "AND mine.position <= ?2 AND NOT EXISTS ("                                                     \
    "  SELECT 1 FROM recipient JOIN member ON member.id = recipient.member "                       \
    "  WHERE recipient.position = mine.position AND member.delivered < mine.position) "            \
    "AND NOT EXISTS ("                                                                             \
    "  SELECT 1 FROM recipient WHERE position = mine.position AND member = ?4) "                   \
    "AND NOT EXISTS (SELECT 1 FROM fork WHERE other = mine.position) "                             \
    "AND NOT EXISTS (SELECT 1 FROM fork WHERE fork.position = mine.position)"

static gboolean run_delivered(Log *log, const char *sql, const int64_t *bound, int count,
                              GError **error)
{
    g_autoptr(Query) query = database_query(log->database, sql, error);

    for (int i = 0; query && i < count; i++)
        query_bind(query, i + 1, bound[i]);
    return log_finish(log, query, error);
}

gboolean log_delivered(Log *log, const uint8_t *reader, uint64_t position, GError **error)
{
    int64_t member = log_member_find(log, reader);
    int64_t through = (int64_t)MIN(position, log->head);
    int64_t before = 0;

    if (member == 0)
        return TRUE;
    {
        g_autoptr(Query) query =
            database_query(log->database, "SELECT delivered FROM member WHERE id = ?", error);
        bool row = false;

        if (!query)
            return log_give_up(log);
        query_bind(query, 1, member);
        if (!query_step(query, &row, error)) {
            query_release(query);
            return log_give_up(log);
        }
        before = query_int(query, 0);
    }
    if (through <= before)
        return TRUE;
    const int64_t bound[] = {member, through, before,
                             log->owned ? log_member_find(log, log->owner) : 0};

    return log_change(log, error) &&
           run_delivered(log, "UPDATE member SET delivered = ?2 WHERE id = ?1 AND delivered = ?3",
                         bound, 3, error) &&
           run_delivered(log,
                         "UPDATE event SET body = NULL, signature = NULL, opened = NULL "
                         "WHERE position IN (" DELIVERED_TO_ALL ")",
                         bound, 4, error) &&
           run_delivered(log,
                         "DELETE FROM recipient WHERE position IN ("
                         "  SELECT position FROM recipient JOIN event USING (position) "
                         "  WHERE recipient.member = ?1 AND recipient.position > ?3 "
                         "  AND recipient.position <= ?2 AND body IS NULL)",
                         bound, 3, error);
}
