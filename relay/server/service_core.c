/* What the core asks of the program and tells it, and what the program tells the core. */
#include "relay/server/report.h"
#include "relay/server/service_internal.h"

#include <string.h>

Hub *service_hub(const Service *service)
{
    return service->carrier != NULL ? carrier_hub(service->carrier) : NULL;
}

void service_touched(Service *service)
{
    if (service->carrier != NULL)
        carrier_touched(service->carrier);
}

static bool address_is_banned(const char *address, void *user)
{
    const Service *service = user;
    const Hub *hub = service_hub(service);
    return hub != NULL && banned_addresses_has(service->banned, address, hub_moderation(hub),
                                               hub_room_time_ms(hub));
}

void service_admission_changed(Service *service)
{
    Hub *hub = service_hub(service);
    service->door.address_banned = address_is_banned;
    service->door.user = service;
    if (hub == NULL)
        return;
    hub_set_admission(hub, &service->door, g_get_monotonic_time());
    service_touched(service);
}

char *service_claims(const uint8_t *key, const char *code, void *user)
{
    Service *service = user;
    Hub *hub = service_hub(service);
    return hub != NULL ? moderator_claim(service->moderator, hub, key, code, g_get_monotonic_time())
                       : g_strdup("Try again in a moment.");
}

Announcement service_announcement(const Service *service)
{
    Announcement announcement = {
        .role = CANDIDATE_ROLE_RELAY,
        .name = service->place.name,
        .locked = service->door.door == HUB_LOCKED,
        .port = service->port,
    };
    memcpy(announcement.place, log_place(service->log), sizeof announcement.place);
    memcpy(announcement.key, identity_key(service->identity), sizeof announcement.key);
    return announcement;
}

void service_save_place(const Service *service)
{
    g_autoptr(GError) error = NULL;
    if (!place_save(service->options->data_dir, log_place(service->log), service->place.name,
                    &error))
        report_value("place-unsaved", "why", error->message);
}

/* An admin has renamed the place, now or while this relay was away. */
void service_follow_name(void *user)
{
    Service *service = user;
    const Hub *hub = service_hub(service);
    if (hub == NULL || strcmp(hub_place_name(hub), service->place.name) == 0)
        return;
    g_free(service->place.name);
    service->place.name = g_strdup(hub_place_name(hub));
    service_save_place(service);
    report_value("renamed", "name", service->place.name);
    const Announcement announcement = service_announcement(service);
    if (service->announcer != NULL)
        announcer_update(service->announcer, &announcement);
}

/* Told by the hub in the middle of its work. */
void service_renamed(void *user)
{
    g_idle_add_once(service_follow_name, user);
}
