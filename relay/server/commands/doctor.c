/* Why people do not see the relay: everything that this machine can find out about itself. */
#include "discovery/finder.h"
#include "discovery/txt.h"
#include "relay/limits.h"
#include "relay/server/commands/all.h"
#include "relay/server/config.h"
#include "relay/server/control.h"
#include "relay/server/diagnosis.h"
#include "relay/server/firewall.h"
#include "relay/server/show.h"

#include <stdio.h>

#define LOOK_MS 4000 /* for the own announcement */

/* A look around on the network, while the main context runs. */
typedef struct {
    const char *key; /* the relay's, in hex; NULL: it does not run */
    Finder *finder;
    char *unavailable; /* owned */
    bool seen, over;
} Look;

static bool is_own(const Candidate *candidate, const char *key)
{
    g_autofree char *hex = candidate_key(candidate) != NULL
                               ? txt_hex(candidate_key(candidate), CANDIDATE_KEY_SIZE)
                               : NULL;
    return hex != NULL && key != NULL && g_str_has_prefix(key, hex);
}

static void look_changed(void *user)
{
    Look *look = user;
    g_autoptr(GPtrArray) found = finder_candidates(look->finder);
    for (guint i = 0; i < found->len; i++)
        look->seen |= is_own(found->pdata[i], look->key);
    look->over |= look->seen;
}

static void look_state(FinderState state, const char *line, void *user)
{
    Look *look = user;
    g_free(look->unavailable);
    look->unavailable = state == FINDER_UNAVAILABLE ? g_strdup(line) : NULL;
    look->over |= state == FINDER_UNAVAILABLE || (state == FINDER_SETTLED && look->key == NULL);
}

static gboolean look_timeout(void *user)
{
    ((Look *)user)->over = true;
    return G_SOURCE_CONTINUE;
}

static void look_around(Look *look)
{
    static const FinderEvents events = {.changed = look_changed, .state = look_state};
    look->finder = finder_new(NULL, NULL, true, &events, look);
    finder_start(look->finder);
    guint timeout = g_timeout_add(LOOK_MS, look_timeout, look);
    while (!look->over)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
    finder_free(look->finder);
}

/* The answer of `status`; NULL: it does not run. Transfer full. */
static JsonObject *ask_relay(Diagnosis *diagnosis, const char *data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = control_path(data), *code = NULL;
    char *words[] = {NULL};
    g_autoptr(JsonObject) none = json_object_new();
    JsonObject *status = control_ask(path, "status", words, none, &code, &error);
    if (status != NULL)
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "relay", "The relay runs.", NULL);
    else
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "relay", error->message,
                      "Start it: backfence-relay serve, or systemctl start backfence-relay.");
    return status;
}

static void look_for_announcement(Diagnosis *diagnosis, JsonObject *status)
{
    Look look = {.key = status != NULL ? show_text(status, "key") : NULL};
    bool off = status != NULL && g_strcmp0(show_text(status, "mdns"), "off") == 0;
    if (off) {
        diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "mdns", "The relay does not announce itself.",
                      "People have to type its address; [relay] mdns = true announces it.");
        return;
    }
    look_around(&look);
    if (look.unavailable != NULL)
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "mdns", look.unavailable,
                      "Install and start it: apt install avahi-daemon; systemctl restart "
                      "avahi-daemon. Until then people have to type the address.");
    else if (look.seen)
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "mdns",
                      "Its announcement can be seen from this machine.", NULL);
    else if (look.key != NULL)
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "mdns",
                      "Its announcement cannot be seen, not even from this machine.",
                      "See /etc/avahi/avahi-daemon.conf (allow-interfaces, disable-publishing), "
                      "and systemctl restart avahi-daemon.");
    else
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "mdns", "Avahi answers.", NULL);
    g_free(look.unavailable);
}

static void look_at_firewall(Diagnosis *diagnosis, JsonObject *status)
{
    uint16_t port = status != NULL ? (uint16_t)show_number(status, "port") : DEFAULT_PORT;
    Firewall firewall = firewall_active("");
    if (firewall == FIREWALL_UNKNOWN) {
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "firewall", "No firewall that is known is active.",
                      NULL);
        return;
    }
    g_autofree char *what = g_strdup_printf("The firewall %s is active.", firewall_name(firewall));
    g_autofree char *advice = firewall_advice(firewall, port);
    g_autofree char *how = g_strdup_printf("Unless that was done already: %s", advice);
    diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "firewall", what, how);
}

static void look_at_config(Diagnosis *diagnosis, const char *path)
{
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(Config) config = config_read(path, false, &faults);
    for (guint i = 0; i < faults->len; i++)
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "configuration", faults->pdata[i], NULL);
    if (config != NULL)
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "configuration", "The configuration is fine.",
                      NULL);
}

static int doctor(char *const *words, JsonObject *options, bool json)
{
    g_autoptr(Diagnosis) diagnosis = diagnosis_new();
    g_autofree char *usual = control_default_data_dir(), *config = config_default_path();
    const char *data = json_object_get_string_member_with_default(options, "data", usual);
    g_autoptr(JsonObject) status = ask_relay(diagnosis, data);
    look_for_announcement(diagnosis, status);
    diagnosis_network(diagnosis);
    look_at_firewall(diagnosis, status);
    look_at_config(diagnosis, config);
    diagnosis_clock(diagnosis, g_get_real_time() / 1000);
    diagnosis_disk(diagnosis, data);
    if (json)
        diagnosis_print_json(diagnosis);
    else
        diagnosis_print(diagnosis);
    return diagnosis_faults(diagnosis) > 0 ? 1 : 0;
}

const ServerCommand command_doctor = {
    .name = "doctor",
    .arguments = "",
    .help = "find out why people do not see the relay",
    .alone = doctor,
};
