/* What the configuration says, at the start and when it is read again. */
#include "relay/server/door.h"
#include "relay/server/report.h"
#include "relay/server/service_internal.h"

#define BURST_SECONDS 4 /* of the rate at which a member may write */

static bool is_listed(const uint8_t *key, void *user)
{
    const Service *service = user;
    g_autoptr(GBytes) bytes = g_bytes_new_static(key, KEY_SIZE);
    return g_hash_table_contains(service->config->keys, bytes);
}

void service_apply_config(Service *service)
{
    Hub *hub = service_hub(service);
    service->door.listed = is_listed;
    retention_set(service->retention, service->config->history_days,
                  service->config->history_bytes);
    if (hub == NULL)
        return;
    HubLimits limits = service->config->limits;
    if (service->options->rate > 0) {
        limits.rate = service->options->rate;
        limits.burst = BURST_SECONDS * limits.rate;
    }
    hub_set_limits(hub, &limits);
    hub_set_history_days(hub, service->config->history_days);
    service_admission_changed(service);
}

/* FALSE: what was wrong is reported, and everything stays as it was. */
static gboolean take_config(Service *service)
{
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config =
        config_read(service->options->config_path, service->options->config_asked, &faults);
    for (guint i = 0; i < faults->len; i++)
        report_value("config-fault", "what", faults->pdata[i]);
    if (config == NULL)
        return FALSE;
    if (!door_read(service->options, config, log_place(service->log), &service->door, &error)) {
        report_value("config-fault", "what", error->message);
        return FALSE;
    }
    config_free(service->config);
    service->config = g_steal_pointer(&config);
    return TRUE;
}

gboolean service_reload(void *user)
{
    Service *service = user;
    notify_reloading(service->notify);
    if (!service->leaving && service->log != NULL && take_config(service)) {
        service_apply_config(service);
        report("reloaded", NULL);
    }
    notify_ready(service->notify);
    return G_SOURCE_CONTINUE;
}
