/* A Carrier cannot be freed from its own callback, and the announcer waits for Avahi when it is
 * freed: both wait for the next turn of the context, when Goodbyes have been written. */
#include "app/host.h"

#include "app/addresses.h"
#include "discovery/announcer.h"
#include "relay/listener.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

struct Host {
    GMainContext *context;
    const Identity *identity;
    bool use_mdns;
    Poller *poller;
    Listener *listener; /* NULL: there is no port */
    uint16_t port;
    Carrier *carrier; /* NULL: does not serve */
    Announcer *announcer;
    GPtrArray *retired;              /* Retired, owned */
    bool hands_over;                 /* the hub has not done it yet */
    void (*handed_over)(void *user); /* to be called then */
    void *handed_over_user;
    void (*quiet)(void *user);
    void *quiet_user;
    GSource *sweeping; /* frees what is over */
};

/* What served, and still writes to those that were linked. */
typedef struct {
    Host *host;
    Carrier *carrier;
    Announcer *announcer;
    bool over;
} Retired;

static void retired_free(gpointer data)
{
    Retired *retired = data;
    announcer_free(retired->announcer);
    carrier_free(retired->carrier);
    g_free(retired);
}

/* Nobody is served here: whoever comes was told of this port for later. */
static void accepted(int fd, const struct sockaddr_storage *from, void *user)
{
    Host *host = user;
    if (host->carrier)
        carrier_accept(host->carrier, fd, from);
    else
        close(fd);
}

Host *host_new(GMainContext *context, const Identity *identity, bool use_mdns)
{
    Host *host = g_new0(Host, 1);
    host->context =
        context ? g_main_context_ref(context) : g_main_context_ref(g_main_context_default());
    host->identity = identity;
    host->use_mdns = use_mdns;
    host->retired = g_ptr_array_new_with_free_func(retired_free);
    host->poller = poller_new(context);
    g_autoptr(GError) error = NULL;
    host->listener = listener_new(host->poller, HOST_PORT, true, accepted, host, &error);
    if (host->listener)
        host->port = listener_port(host->listener);
    else
        g_message("No port could be opened to serve the place here: %s", error->message);
    return host;
}

void host_free(Host *host)
{
    if (!host)
        return;
    if (host->sweeping) {
        g_source_destroy(host->sweeping);
        g_source_unref(host->sweeping);
    }
    announcer_free(host->announcer);
    listener_free(host->listener);
    carrier_free(host->carrier);
    g_ptr_array_unref(host->retired);
    poller_free(host->poller);
    g_main_context_unref(host->context);
    g_free(host);
}

static void announce(Host *host, const Log *log, const char *place_name, bool locked)
{
    Announcement announcement = {
        .role = CANDIDATE_ROLE_APP, .name = place_name, .port = host->port, .locked = locked};
    memcpy(announcement.place, log_place(log), sizeof announcement.place);
    memcpy(announcement.key, identity_key(host->identity), sizeof announcement.key);
    host->announcer = announcer_new(host->context, &announcement, NULL, NULL);
}

static void set_lock(Host *host, const uint8_t *secret)
{
    HubAdmission admission = {.door = HUB_LOCKED};
    memcpy(admission.secret, secret, SECRET_SIZE);
    hub_set_admission(carrier_hub(host->carrier), &admission, g_get_monotonic_time());
    sodium_memzero(&admission, sizeof admission);
}

gboolean host_serve(Host *host, Log *log, const char *place_name, int64_t room_time_ms,
                    const uint8_t *secret, GError **error)
{
    g_return_val_if_fail(!host->carrier, TRUE);
    if (!host->listener) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                    "No port could be opened to serve the place here.");
        return FALSE;
    }
    CarrierConfig config = {
        .no_listener = true,
        .place_name = place_name,
        .room_time_ms = room_time_ms,
        .meetings = MEETING_LIMITS_DEFAULT,
    };
    host->carrier = carrier_new(host->context, &config, host->identity, log, error);
    if (!host->carrier)
        return FALSE;
    if (secret)
        set_lock(host, secret);
    if (host->use_mdns)
        announce(host, log, place_name, secret != NULL);
    return TRUE;
}

static gboolean sweep(gpointer user)
{
    Host *host = user;
    g_clear_pointer(&host->sweeping, g_source_unref);
    void (*handed_over)(void *user) = host->hands_over ? NULL : g_steal_pointer(&host->handed_over);
    if (handed_over)
        handed_over(host->handed_over_user);
    for (guint i = host->retired->len; i-- > 0;) {
        Retired *retired = host->retired->pdata[i];
        g_clear_pointer(&retired->announcer, announcer_free);
        if (retired->over)
            g_ptr_array_remove_index_fast(host->retired, i);
    }
    void (*quiet)(void *user) = host->retired->len == 0 ? g_steal_pointer(&host->quiet) : NULL;
    if (quiet)
        quiet(host->quiet_user);
    return G_SOURCE_REMOVE;
}

static void sweep_soon(Host *host)
{
    if (host->sweeping)
        return;
    host->sweeping = g_idle_source_new();
    g_source_set_callback(host->sweeping, sweep, host, NULL);
    g_source_attach(host->sweeping, host->context);
}

static void carrier_done(void *user)
{
    Retired *retired = user;
    retired->over = true;
    sweep_soon(retired->host);
}

void host_retire(Host *host, const HubSuccessor *successor)
{
    if (!host->carrier)
        return;
    Retired *retired = g_new0(Retired, 1);
    retired->host = host;
    retired->carrier = g_steal_pointer(&host->carrier);
    retired->announcer = g_steal_pointer(&host->announcer);
    g_ptr_array_add(host->retired, retired);
    carrier_shut_down(retired->carrier, successor, carrier_done, retired);
    host->hands_over = false;
    sweep_soon(host);
}

/* Told by the hub in the middle of its work. */
static void end_hand_over(void *user)
{
    Host *host = user;
    host->hands_over = false;
    sweep_soon(host);
}

void host_hand_over(Host *host, void (*done)(void *user), void *user)
{
    host->handed_over = done;
    host->handed_over_user = user;
    host->hands_over = host->carrier != NULL;
    if (host->carrier)
        carrier_hand_over(host->carrier, end_hand_over, host);
    else
        sweep_soon(host);
}

void host_await_quiet(Host *host, void (*done)(void *user), void *user)
{
    host->quiet = done;
    host->quiet_user = user;
    sweep_soon(host);
}

bool host_serving(const Host *host)
{
    return host->carrier != NULL;
}

char **host_addresses(const Host *host)
{
    return host->listener ? addresses_own(host->port) : NULL;
}

GSocketAddress *host_loopback(const Host *host)
{
    return g_inet_socket_address_new_from_string("127.0.0.1", host->port);
}
