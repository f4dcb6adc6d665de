#include "relay/server/watch.h"

#include <glib/gstdio.h>
#include <sys/statvfs.h>

static uint64_t file_size(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    GStatBuf found;
    return g_stat(path, &found) == 0 ? (uint64_t)found.st_size : 0;
}

static void collect(MetricsFigures *figures, void *user)
{
    const Service *service = user;
    const char *directory = service->options->data_dir;
    const Hub *hub = service_hub(service);
    struct statvfs disk;
    figures->serving = hub != NULL;
    if (hub != NULL)
        figures->hub = hub_counters(hub);
    figures->events = log_head(service->log);
    figures->commits = *log_commits(service->log);
    figures->damaged_events = log_damaged_events(service->log);
    figures->log_bytes = file_size(directory, "log.db");
    figures->wal_bytes = file_size(directory, "log.db-wal");
    if (statvfs(directory, &disk) == 0)
        figures->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    figures->uptime_us = MAX(g_get_real_time() - service->started_ms * 1000, 0);
    figures->watchdog_age_us = notify_watchdog_age_us(service->notify);
}

Metrics *watch_start(const Service *service, uint16_t port, GError **error)
{
    const MetricsSource source = {.collect = collect, .user = (void *)service};
    return metrics_new(port, &source, error);
}
