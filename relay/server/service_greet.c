/* What the program says of itself without being asked over the control socket. */
#include "relay/server/greeting.h"
#include "relay/server/own_addresses.h"
#include "relay/server/report.h"
#include "relay/server/service_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 3000 /* for Avahi */

/* NULL: nobody reads it. */
static FILE *person(const Service *service)
{
    if (isatty(STDOUT_FILENO) || service->options->verbose)
        return stdout;
    return isatty(STDERR_FILENO) ? stderr : NULL;
}

static bool has_admin(const Hub *hub)
{
    const Moderation *moderation = hub_moderation(hub);
    g_autoptr(GPtrArray) listed = moderation_listed(moderation, hub_room_time_ms(hub));
    bool found = false;
    for (guint i = 0; i < listed->len && !found; i++)
        found = moderation_role(moderation, g_bytes_get_data(listed->pdata[i], NULL)) == ROLE_ADMIN;
    return found;
}

static const char *admission_sentence(const Service *service)
{
    switch (service->door.door) {
    case HUB_LISTED:
        return "only the keys on the list";
    case HUB_LOCKED:
        return "who knows the passphrase";
    case HUB_OPEN:
        break;
    }
    return service->options->allow_public ? "everybody, also from outside this network" : NULL;
}

static const char *why_not_found(const Service *service)
{
    if (!service->options->mdns)
        return "announcing is switched off";
    return service->unannounced != NULL ? service->unannounced : "Avahi has not answered yet";
}

static void say(Service *service, const Hub *hub, FILE *out)
{
    g_auto(GStrv) addresses = own_addresses(service->port);
    g_autofree char *default_dir = control_default_data_dir();
    bool first = service->place.origin != PLACE_KEPT, no_admin = !has_admin(hub);
    g_autofree char *code =
        first && no_admin ? moderator_new_code(service->moderator, g_get_monotonic_time()) : NULL;
    const Greeting greeting = {
        .first = first,
        .name = service->place.name,
        .origin = service->place.origin,
        .data = service->options->data_dir,
        .default_data = strcmp(default_dir, service->options->data_dir) == 0,
        .addresses = (const char *const *)addresses,
        .port = service->port,
        .found = service->announcer != NULL && service->announced == ANNOUNCER_ANNOUNCED,
        .why = why_not_found(service),
        .admission = admission_sentence(service),
        .firewall = firewall_active(""),
        .no_admin = no_admin,
        .code = code,
    };
    g_autofree char *text = greeting_text(&greeting);
    fputs(text, out);
    fflush(out);
}

static void say_now(Service *service)
{
    FILE *out = person(service);
    const Hub *hub = service_hub(service);
    service->greeting_due = false;
    if (out != NULL && hub != NULL)
        say(service, hub, out);
    else if (out != NULL)
        fputs("Another relay serves this place now; this one is in reserve.\n", out);
}

static void waited(void *user)
{
    Service *service = user;
    if (service->greeting_due && !service->leaving)
        say_now(service);
}

void service_greet(Service *service)
{
    bool known = !service->options->mdns || service->announced != ANNOUNCER_WAITING;
    if (service->greeting_due && known)
        say_now(service);
    else if (service->greeting_due)
        g_timeout_add_once(WAIT_MS, waited, service);
}

/* --- SIGUSR1 --- */

static void report_fact(const char *name, JsonNode *value)
{
    g_autofree char *text =
        JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING
            ? json_node_dup_string(value)
            : json_to_string(value, FALSE);
    report_value("state", name, text);
}

static void report_facts(JsonObject *answer, const char *code, const char *text, void *user)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    if (answer == NULL)
        return;
    json_object_iter_init_ordered(&iter, answer);
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        if (!JSON_NODE_HOLDS_ARRAY(value)) {
            report_fact(name, value);
            continue;
        }
        JsonArray *list = json_node_get_array(value);
        for (guint i = 0; i < json_array_get_length(list); i++)
            report_fact(name, json_array_get_element(list, i));
    }
}

gboolean service_report_state(void *user)
{
    const Service *service = user;
    char *const words[] = {NULL};
    g_autoptr(JsonObject) options = json_object_new();
    if (service->port == 0) /* still deciding what to be */
        return G_SOURCE_CONTINUE;
    command_run(user, "status", words, options, report_facts, NULL);
    return G_SOURCE_CONTINUE;
}
