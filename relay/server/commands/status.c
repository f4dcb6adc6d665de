#include "discovery/txt.h"
#include "relay/server/commands/all.h"
#include "relay/server/commands/parts.h"
#include "relay/server/own_addresses.h"
#include "relay/server/show.h"

#include <glib/gstdio.h>
#include <sys/statvfs.h>

static const char *const doors[] = {
    [HUB_OPEN] = "open", [HUB_LISTED] = "keys", [HUB_LOCKED] = "passphrase"};

static int64_t file_size(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    GStatBuf found;
    return g_stat(path, &found) == 0 ? found.st_size : 0;
}

static const char *announcement(const Service *service)
{
    if (!service->options->mdns)
        return "off";
    if (service->announcer == NULL)
        return "in-reserve";
    switch (service->announced) {
    case ANNOUNCER_WAITING:
        return "waiting";
    case ANNOUNCER_ANNOUNCED:
        return "announced";
    case ANNOUNCER_UNAVAILABLE:
        break;
    }
    return "unavailable";
}

static void tell_place(JsonObject *answer, const Service *service)
{
    g_autofree char *place = txt_hex(log_place(service->log), PLACE_SIZE);
    json_object_set_string_member(answer, "name", service->place.name);
    json_object_set_string_member(answer, "place", place);
    json_object_set_string_member(answer, "version", BACKFENCE_VERSION);
    parts_set_key(answer, "key", identity_key(service->identity));
    if (log_keeper(service->log) != NULL)
        parts_set_key(answer, "keeper", log_keeper(service->log));
    json_object_set_int_member(answer, "started_ms", service->started_ms);
    json_object_set_boolean_member(answer, "serving", service_hub(service) != NULL);
}

static void tell_members(JsonObject *answer, const Service *service)
{
    const Hub *hub = service_hub(service);
    if (hub == NULL)
        return;
    json_object_set_string_member(answer, "admission", doors[service->door.door]);
    json_object_set_int_member(answer, "here", hub_joined(hub));
    json_object_set_int_member(answer, "known", roster_size(hub_roster(hub)));
}

static void tell_disk(JsonObject *answer, const Service *service)
{
    const char *directory = service->options->data_dir;
    struct statvfs disk;
    json_object_set_string_member(answer, "data", directory);
    json_object_set_int_member(answer, "events", (gint64)log_head(service->log));
    json_object_set_int_member(answer, "head", (gint64)log_head(service->log));
    json_object_set_int_member(answer, "log_bytes",
                               file_size(directory, "log.db") + file_size(directory, "log.db-wal"));
    if (statvfs(directory, &disk) == 0)
        json_object_set_int_member(answer, "free_bytes",
                                   (gint64)(disk.f_bavail * (uint64_t)disk.f_frsize));
}

static void tell_network(JsonObject *answer, const Service *service)
{
    JsonArray *list = json_array_new();
    g_auto(GStrv) addresses = own_addresses(service->port);
    for (char **address = addresses; *address != NULL; address++)
        json_array_add_string_element(list, *address);
    json_object_set_int_member(answer, "port", service->port);
    json_object_set_array_member(answer, "addresses", list);
    json_object_set_string_member(answer, "mdns", announcement(service));
    if (service->unannounced != NULL && service->announcer != NULL)
        json_object_set_string_member(answer, "mdns_why", service->unannounced);
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    JsonObject *answer = json_object_new();
    tell_place(answer, service);
    tell_members(answer, service);
    tell_disk(answer, service);
    tell_network(answer, service);
    command_done(reply, answer);
}

/* --- for people --- */

static void show_place(JsonObject *answer)
{
    g_autofree char *since = show_time(show_number(answer, "started_ms"));
    bool serving = json_object_get_boolean_member_with_default(answer, "serving", FALSE);
    show_field("Place", show_text(answer, "name"));
    show_field("Place id", show_text(answer, "place"));
    show_field("Key", show_text(answer, "key"));
    show_field("Version", show_text(answer, "version"));
    show_field("Running", since);
    if (!serving)
        show_field("Serving", "no: another relay does, and this one is in reserve");
}

static void show_numbers(JsonObject *answer)
{
    g_autofree char *members =
        g_strdup_printf("%" G_GINT64_FORMAT " here, %" G_GINT64_FORMAT " known",
                        show_number(answer, "here"), show_number(answer, "known"));
    g_autofree char *size = show_size((uint64_t)show_number(answer, "log_bytes"));
    g_autofree char *room = show_size((uint64_t)show_number(answer, "free_bytes"));
    g_autofree char *events =
        g_strdup_printf("%" G_GINT64_FORMAT " events, %s", show_number(answer, "events"), size);
    show_field("Let in", show_text(answer, "admission"));
    show_field("Members", json_object_has_member(answer, "here") ? members : "");
    show_field("Log", events);
    show_field("Data", show_text(answer, "data"));
    show_field("Disk free", room);
}

static void show_network(JsonObject *answer)
{
    const char *mdns = show_text(answer, "mdns");
    const char *why = show_text(answer, "mdns_why");
    g_autofree char *found = *why != '\0' ? g_strdup_printf("%s: %s", mdns, why) : g_strdup(mdns);
    show_field("mDNS", found);
    if (!json_object_has_member(answer, "addresses"))
        return;
    JsonArray *list = json_object_get_array_member(answer, "addresses");
    for (guint i = 0; i < json_array_get_length(list); i++)
        show_field(i == 0 ? "Addresses" : "", json_array_get_string_element(list, i));
}

static void show(JsonObject *answer)
{
    show_place(answer);
    show_numbers(answer);
    show_network(answer);
}

const ServerCommand command_status = {
    .name = "status",
    .arguments = "",
    .help = "say how the relay is",
    .run = run,
    .show = show,
};
