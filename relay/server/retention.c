#include "relay/server/retention.h"

#include "relay/server/report.h"

#define LOOK_MS (60 * 1000)
#define PAUSE_MS 50 /* between pieces while there is something to take */
#define PIECE_US 2000
#define PIECE_EVENTS 4 /* between two looks at the clock */
#define DAY_MS (INT64_C(24) * 3600 * 1000)
/* A clock that is further ahead of the newest event is wrong, or nobody has been here for a year:
 * in neither case is anything thrown away for it. */
#define CLOCK_AHEAD_MS (366 * DAY_MS)

struct Retention {
    Log *log;
    unsigned days;
    uint64_t bytes;
    guint timer;
    uint64_t taken; /* since it was told last */
    bool failed;    /* and that was told */
};

static int64_t oldest_kept_ms(const Retention *retention)
{
    int64_t now_ms = g_get_real_time() / 1000;
    if (retention->days == 0 || now_ms > log_newest_time_ms(retention->log) + CLOCK_AHEAD_MS)
        return 0;
    return now_ms - retention->days * DAY_MS;
}

static void tell_failed(Retention *retention, const GError *error)
{
    if (!retention->failed)
        report_value("retention-failed", "why", error->message);
    retention->failed = true;
}

/* True: there is more to take. */
static bool take_piece(Retention *retention)
{
    g_autoptr(GError) error = NULL;
    int64_t end_us = g_get_monotonic_time() + PIECE_US;
    unsigned taken = 1;
    while (taken > 0 && g_get_monotonic_time() < end_us) {
        if (!log_retain(retention->log, oldest_kept_ms(retention), retention->bytes, PIECE_EVENTS,
                        &taken, &error)) {
            tell_failed(retention, error);
            return false;
        }
        retention->failed = false;
        retention->taken += taken;
    }
    return taken > 0;
}

static void tell_taken(Retention *retention)
{
    g_autofree char *events = g_strdup_printf("events=%" G_GUINT64_FORMAT, retention->taken);
    if (retention->taken > 0)
        report("retained", events);
    retention->taken = 0;
}

static gboolean look(void *user)
{
    Retention *retention = user;
    bool more = take_piece(retention);
    if (!more)
        tell_taken(retention);
    retention->timer = g_timeout_add(more ? PAUSE_MS : LOOK_MS, look, retention);
    return G_SOURCE_REMOVE;
}

Retention *retention_new(Log *log)
{
    Retention *retention = g_new0(Retention, 1);
    retention->log = log;
    return retention;
}

void retention_free(Retention *retention)
{
    if (retention == NULL)
        return;
    if (retention->timer != 0)
        g_source_remove(retention->timer);
    g_free(retention);
}

void retention_set(Retention *retention, unsigned days, uint64_t bytes)
{
    retention->days = days;
    retention->bytes = bytes;
    if (retention->timer != 0)
        g_source_remove(retention->timer);
    retention->timer = days > 0 || bytes > 0 ? g_timeout_add(PAUSE_MS, look, retention) : 0;
}
