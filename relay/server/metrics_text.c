/* Exposition format: https://prometheus.io/docs/instrumenting/exposition_formats/. Numbers are
 * written without printf's fractions, whose point depends on the language. */
#include "relay/server/metrics_text.h"

static void describe(GString *text, const char *name, const char *type, const char *help)
{
    g_string_append_printf(text, "# HELP backfence_%s %s\n# TYPE backfence_%s %s\n", name, help,
                           name, type);
}

static void add(GString *text, const char *name, const char *type, const char *help, uint64_t value)
{
    describe(text, name, type, help);
    g_string_append_printf(text, "backfence_%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void append_seconds(GString *text, int64_t us)
{
    g_string_append_printf(text, "%" G_GINT64_FORMAT ".%06d", us / G_USEC_PER_SEC,
                           (int)(us % G_USEC_PER_SEC));
}

static void add_seconds(GString *text, const char *name, const char *help, int64_t us)
{
    describe(text, name, "gauge", help);
    g_string_append_printf(text, "backfence_%s ", name);
    append_seconds(text, us);
    g_string_append_c(text, '\n');
}

static void add_refusals(GString *text, const HubCounters *hub)
{
    const char *word;
    describe(text, "refusals_total", "counter", "Submitted events that were refused.");
    for (unsigned i = 1; i < HUB_REFUSALS; i++) {
        if ((word = hub_refusal_word(i)) != NULL)
            g_string_append_printf(
                text, "backfence_refusals_total{reason=\"%s\"} %" G_GUINT64_FORMAT "\n", word,
                hub->refused[i]);
    }
}

static void add_commits(GString *text, const LogCommits *commits)
{
    describe(text, "commit_seconds", "histogram", "Time that a commit to the log took.");
    for (unsigned i = 0; i < LOG_COMMIT_BOUNDS; i++) {
        g_string_append(text, "backfence_commit_seconds_bucket{le=\"");
        append_seconds(text, log_commit_bounds_us[i]);
        g_string_append_printf(text, "\"} %" G_GUINT64_FORMAT "\n", commits->within[i]);
    }
    g_string_append_printf(text,
                           "backfence_commit_seconds_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT
                           "\nbackfence_commit_seconds_sum ",
                           commits->count);
    append_seconds(text, commits->total_us);
    g_string_append_printf(text, "\nbackfence_commit_seconds_count %" G_GUINT64_FORMAT "\n",
                           commits->count);
}

static void add_hub(GString *text, const HubCounters *hub)
{
    add(text, "members_linked", "gauge", "Members who are here.", hub->linked);
    add(text, "members_known", "gauge", "Members of the roster, here or not.", hub->known);
    add(text, "events_stored_total", "counter", "Events that were submitted here and stored.",
        hub->stored);
    add(text, "deliveries_total", "counter", "Events sent, once for each member who got them.",
        hub->deliveries);
    add_refusals(text, hub);
    add(text, "received_bytes_total", "counter", "Frames from members, without TLS.",
        hub->bytes_in);
    add(text, "sent_bytes_total", "counter", "Frames to members, without TLS.", hub->bytes_out);
    add(text, "slowest_queue_bytes", "gauge", "What waits for the member for whom the most waits.",
        hub->slowest);
}

char *metrics_text(const MetricsFigures *figures)
{
    GString *text = g_string_new(NULL);
    describe(text, "build_info", "gauge", "Which program this is.");
    g_string_append(text, "backfence_build_info{version=\"" BACKFENCE_VERSION "\"} 1\n");
    add_seconds(text, "uptime_seconds", "Since the program started.", figures->uptime_us);
    add(text, "serving", "gauge", "1 when it serves the place, 0 in reserve.", figures->serving);
    add_hub(text, &figures->hub);
    add(text, "log_events", "gauge", "Events in the log.", figures->events);
    add(text, "log_damaged_events", "gauge", "Events found damaged and not mended yet.",
        figures->damaged_events);
    add(text, "log_file_bytes", "gauge", "Size of the log's file.", figures->log_bytes);
    add(text, "log_wal_bytes", "gauge", "Size of the log's write-ahead file.", figures->wal_bytes);
    add(text, "disk_free_bytes", "gauge", "Free where the log is.", figures->free_bytes);
    add_commits(text, &figures->commits);
    if (figures->watchdog_age_us >= 0)
        add_seconds(text, "watchdog_age_seconds", "Since the watchdog was fed.",
                    figures->watchdog_age_us);
    return g_string_free(text, FALSE);
}

const char *metrics_ailment(const MetricsFigures *figures)
{
    if (!figures->serving)
        return "not serving: another relay program serves this place";
    if (figures->hub.disk_failed)
        return "disk failing: what was written last could not be stored";
    if (figures->free_bytes < METRICS_FREE_MIN)
        return "disk full: there is hardly any room left where the log is";
    if (figures->damaged_events > 0)
        return "log damaged: events were found spoilt, and no member has brought them again yet";
    return NULL;
}
