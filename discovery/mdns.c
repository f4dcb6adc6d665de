#include "discovery/mdns.h"

#include <avahi-common/error.h>
#include <avahi-glib/glib-watch.h>
#include <stdbool.h>

#define FIRST_RETRY_MS 200
#define LAST_RETRY_MS 10000
#define STABLE_US (10 * G_USEC_PER_SEC) /* having run for so long, it is worth an early retry */
#define WAITING_MS 30000                /* then a client that waits for the daemon is replaced */

struct Mdns {
    GMainContext *context; /* owned */
    MdnsEvents events;
    void *user;
    AvahiGLibPoll *poll; /* owned */
    AvahiClient *client; /* owned; NULL between two attempts */
    GSource *next;       /* owned; the next attempt, or the end of this one */
    unsigned retry_ms;
    int64_t running_since; /* monotonic, microseconds */
    bool told_lost;
};

static gboolean begin(void *user);
static gboolean end(void *user);

static void schedule(Mdns *mdns, unsigned delay_ms, GSourceFunc what)
{
    if (mdns->next) {
        g_source_destroy(mdns->next);
        g_clear_pointer(&mdns->next, g_source_unref);
    }
    if (what) {
        mdns->next = g_timeout_source_new(delay_ms);
        g_source_set_callback(mdns->next, what, mdns, NULL);
        g_source_attach(mdns->next, mdns->context);
    }
}

static void tell_lost(Mdns *mdns)
{
    if (!mdns->told_lost) {
        mdns->told_lost = true;
        mdns->events.lost("Avahi is not running on this machine, so places are not found by "
                          "themselves; known and typed addresses still work.",
                          mdns->user);
    }
}

/* Called first from inside avahi_client_new(), when mdns->client is not set yet. */
static void client_changed(AvahiClient *client, AvahiClientState state, void *user)
{
    Mdns *mdns = user;
    mdns->client = client;
    switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
        schedule(mdns, 0, NULL);
        mdns->running_since = g_get_monotonic_time();
        mdns->told_lost = false;
        mdns->events.running(client, mdns->user);
        break;
    case AVAHI_CLIENT_S_REGISTERING:
    case AVAHI_CLIENT_S_COLLISION:
        schedule(mdns, 0, NULL);
        if (mdns->events.unsettled) {
            mdns->events.unsettled(mdns->user);
        }
        break;
    case AVAHI_CLIENT_CONNECTING:
        schedule(mdns, WAITING_MS, end);
        tell_lost(mdns);
        break;
    case AVAHI_CLIENT_FAILURE:
        g_debug("discovery: Avahi's client failed: %s", avahi_strerror(avahi_client_errno(client)));
        schedule(mdns, 0, end);
        break;
    }
}

static gboolean begin(void *user)
{
    Mdns *mdns = user;
    int error = 0;
    schedule(mdns, 0, NULL);
    AvahiClient *client = avahi_client_new(avahi_glib_poll_get(mdns->poll), AVAHI_CLIENT_NO_FAIL,
                                           client_changed, mdns, &error);
    mdns->client = client;
    if (!client) {
        g_debug("discovery: no client of Avahi: %s", avahi_strerror(error));
        schedule(mdns, 0, end);
    }
    return G_SOURCE_REMOVE;
}

static gboolean end(void *user)
{
    Mdns *mdns = user;
    bool was_stable =
        mdns->running_since > 0 && g_get_monotonic_time() - mdns->running_since > STABLE_US;
    tell_lost(mdns);
    g_clear_pointer(&mdns->client, avahi_client_free);
    mdns->running_since = 0;
    mdns->retry_ms = was_stable ? FIRST_RETRY_MS : mdns->retry_ms;
    schedule(mdns, mdns->retry_ms, begin);
    mdns->retry_ms = MIN(2 * mdns->retry_ms, LAST_RETRY_MS);
    return G_SOURCE_REMOVE;
}

Mdns *mdns_new(GMainContext *context, const MdnsEvents *events, void *user)
{
    Mdns *mdns = g_new0(Mdns, 1);
    mdns->context = context ? g_main_context_ref(context) : NULL;
    mdns->events = *events;
    mdns->user = user;
    mdns->poll = avahi_glib_poll_new(context, G_PRIORITY_DEFAULT);
    mdns->retry_ms = FIRST_RETRY_MS;
    schedule(mdns, 0, begin);
    return mdns;
}

void mdns_free(Mdns *mdns)
{
    if (!mdns) {
        return;
    }
    schedule(mdns, 0, NULL);
    g_clear_pointer(&mdns->client, avahi_client_free);
    g_clear_pointer(&mdns->poll, avahi_glib_poll_free);
    g_clear_pointer(&mdns->context, g_main_context_unref);
    g_free(mdns);
}

void mdns_fail(Mdns *mdns)
{
    schedule(mdns, 0, end);
}
