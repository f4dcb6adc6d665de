/* The own log while it is also the relay's: the own hub appends, and the session files what it
 * reads there (conversation, readable content). Which positions are filed is kept like what is held
 * of any other log: as ranges covered, under the own log's id. As a plain member the session
 * appends and files in one, so that serving begins with everything filed. */
#include "app/session_internal.h"

#define FILE_EVENTS 256
#define NEWS_MS (5 * 60 * INT64_C(1000)) /* what is older was gathered from other logs */
#define FILE_BYTES (1024 * 1024)

bool session_reads_own(const Session *session)
{
    return session->serving && session->current.id == SESSION_SELF;
}

bool session_covers(Session *session, const uint8_t *log, uint64_t position)
{
    g_autoptr(GArray) ranges = log_covered(session->log, log);
    for (guint i = 0; ranges && i < ranges->len; i++) {
        const LogRange *range = &g_array_index(ranges, LogRange, i);
        if (position > range->after && position <= range->through)
            return true;
    }
    return false;
}

void session_cover_own(Session *session)
{
    unsigned count = log_pending(session->log);
    if (session->serving || count == 0)
        return;
    uint64_t head = log_head(session->log);
    log_cover(session->log, log_id(session->log), head, head + count, NULL);
}

/* The topmost positions that are not filed. */
static bool find_unfiled(Session *session, uint64_t *after, uint64_t *before)
{
    uint64_t top = log_head(session->log);
    g_autoptr(GArray) ranges = log_covered(session->log, log_id(session->log));
    for (guint i = ranges ? ranges->len : 0; i-- > 0;) {
        const LogRange *range = &g_array_index(ranges, LogRange, i);
        if (range->through < top) {
            *after = range->through;
            *before = top + 1;
            return true;
        }
        top = MIN(top, range->after);
    }
    *after = 0;
    *before = top + 1;
    return top > 0;
}

static bool file_entry(Session *session, const LogEntry *entry, bool live, GError **error)
{
    /* What the disk did not take was told already, and is not filed. */
    unsigned losses = log_losses(session->log);
    if (session_is_self(session, event_author(entry->event)) &&
        session_own_seen(session, entry->event, entry->position))
        return log_losses(session->log) == losses;
    Arrival arrival = {.event = event_ref(entry->event), .position = entry->position, .live = live};
    session_file_arrival(session, &arrival);
    g_autoptr(GBytes) conversation =
        arrival.filed ? conversation_bytes(&arrival.conversation) : NULL;
    bool done = log_file(session->log, entry->position, conversation, arrival.opened_kind,
                         arrival.opened, error);
    if (done)
        g_array_append_val(session->arrivals, arrival);
    else
        arrival_clear(&arrival);
    return done;
}

/* `more`: something is left. */
static bool file_some(Session *session, bool live, bool *more, GError **error)
{
    uint64_t after = 0;
    uint64_t before = 0;
    *more = find_unfiled(session, &after, &before);
    if (!*more)
        return true;
    uint64_t covered_after = after;
    g_autoptr(GArray) entries = log_page(session->log, identity_key(session->identity), after,
                                         before, FILE_EVENTS, FILE_BYTES, &covered_after, error);
    bool done = entries != NULL;
    for (guint i = 0; done && i < entries->len; i++)
        done = file_entry(session, &g_array_index(entries, LogEntry, i), live, error);
    return done && covered_after < before - 1 &&
           log_cover(session->log, log_id(session->log), covered_after, before - 1, error);
}

bool session_file_own_some(Session *session, bool live, bool *more)
{
    g_autoptr(GError) error = NULL;
    if (file_some(session, live, more, &error))
        return true;
    *more = false;
    if (error)
        session_disk_failed(session, error);
    return false;
}

bool session_file_own(Session *session, bool tell)
{
    bool more = session->log != NULL;
    while (more) {
        if (!session_file_own_some(session, true, &more))
            return false;
        if (!tell)
            g_array_set_size(session->arrivals, 0);
        if (more && !session_commit(session))
            return false;
    }
    return true;
}

/* A log that was written before its positions were kept this way was filed whole. */
bool session_begin_own(Session *session, GError **error)
{
    g_autofree char *setting = session_setting(session, "filed");
    g_autofree char *known = store_setting(session->store, setting, NULL);
    if (known)
        return true;
    uint64_t head = log_head(session->log);
    if (head > 0 && (!log_cover(session->log, log_id(session->log), 0, head, error) ||
                     !log_commit(session->log, error)))
        return false;
    return store_set_setting(session->store, setting, "1", error);
}
