#include "discovery/browser.h"

#include "discovery/address.h"
#include "discovery/announcer.h"
#include "discovery/interfaces.h"
#include "discovery/mdns.h"

#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <net/if.h>
#include <string.h>

/* Lookup flags are 0 in every call: avahi-daemon 0.8 crashes on others. Resolvers stay open once
 * they have answered, so that a changed TXT record or address is told. */

#define FIRST_PATIENCE_MS 300
#define LAST_PATIENCE_MS 4000
#define ATTEMPTS_MAX 5      /* then it rests: a record that outlived its node, or a fake */
#define REST_MS (60 * 1000) /* and is tried again */
#define TICK_MS 100
#define SETTLE_MS 1000 /* after "all for now", at most */

typedef enum {
    SERVICE_WAITING,  /* to be resolved for the first time */
    SERVICE_RETRYING, /* to be resolved again */
    SERVICE_RESOLVING,
    SERVICE_RESOLVED,
    SERVICE_RESTING, /* of no use as it is: no answer, a bad answer, one too many of its host */
} ServiceState;

typedef struct {
    Browser *browser;
    GList link; /* in one of the browser's queues: waiting, resolving, or the rest */
    AvahiIfIndex interface;
    AvahiProtocol protocol;
    char *name;
    char *domain;
    char *id; /* all four of them */
    ServiceState state;
    AvahiServiceResolver *resolver; /* owned; not when waiting or resting */
    Sighting *sighting;             /* owned; when resolved */
    unsigned attempts;
    int64_t deadline; /* monotonic, microseconds; of resolving or of resting */
} Service;

struct Browser {
    GMainContext *context; /* owned */
    BrowserEvents events;
    void *user;
    Mdns *mdns; /* owned */
    AvahiClient *client;
    AvahiServiceBrowser *avahi; /* owned; NULL unless the client runs */
    GHashTable *services;       /* id → Service, owned */
    GQueue queues[5];           /* of Service, by ServiceState; the links are the services' own */
    GSource *timer;             /* owned; deadlines and settling */
    bool timer_is_slow;         /* nothing but resting services */
    unsigned turn;
    int64_t settle_at; /* monotonic, microseconds; 0: "all for now" has not come */
    BrowserState state;
};

static void resolve_next(Browser *browser);
static void tick_later(Browser *browser);

static void clear_timer(Browser *browser)
{
    if (browser->timer) {
        g_source_destroy(browser->timer);
        g_clear_pointer(&browser->timer, g_source_unref);
    }
}

static void enter(Browser *browser, BrowserState state, const char *line)
{
    if (browser->state != state) {
        browser->state = state;
        browser->events.state(state, line, browser->user);
    }
}

static void move(Service *service, ServiceState state)
{
    Browser *browser = service->browser;
    g_queue_unlink(&browser->queues[service->state], &service->link);
    service->state = state;
    g_queue_push_tail_link(&browser->queues[state], &service->link);
    if (state == SERVICE_RETRYING || state == SERVICE_RESTING) {
        g_clear_pointer(&service->resolver, avahi_service_resolver_free);
    }
    if (state != SERVICE_RESOLVED && service->sighting) {
        g_clear_pointer(&service->sighting, sighting_free);
        browser->events.changed(browser->user);
    }
}

static void service_free(void *data)
{
    Service *service = data;
    Browser *browser = service->browser;
    g_queue_unlink(&browser->queues[service->state], &service->link);
    g_clear_pointer(&service->resolver, avahi_service_resolver_free);
    if (service->sighting) {
        sighting_free(service->sighting);
        browser->events.changed(browser->user);
    }
    g_free(service->id);
    g_free(service->name);
    g_free(service->domain);
    g_free(service);
}

static int64_t now_us(void)
{
    return g_get_monotonic_time();
}

static void rest(Service *service)
{
    service->attempts = 0;
    service->deadline = now_us() + REST_MS * INT64_C(1000);
    move(service, SERVICE_RESTING);
}

static void wait_again(Service *service)
{
    move(service, SERVICE_RETRYING);
}

/* One that does not answer makes room for the others, and is given longer the next time. */
static void retry(Service *service)
{
    if (++service->attempts >= ATTEMPTS_MAX) {
        rest(service);
    } else {
        wait_again(service);
    }
}

static void settle_if_done(Browser *browser)
{
    bool quiet = browser->queues[SERVICE_WAITING].length == 0 &&
                 browser->queues[SERVICE_RETRYING].length == 0 &&
                 browser->queues[SERVICE_RESOLVING].length == 0;
    if (browser->state == BROWSER_BROWSING && browser->settle_at > 0 &&
        (quiet || now_us() >= browser->settle_at)) {
        enter(browser, BROWSER_SETTLED, NULL);
    }
}

/* Nodes other than `service` that the same host has. */
static unsigned count_of_host(const Service *service, GSocketAddress *address)
{
    unsigned count = 0;
    GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
    const GQueue *resolved = &service->browser->queues[SERVICE_RESOLVED];
    for (GList *link = resolved->head; link; link = link->next) {
        const Service *other = link->data;
        GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(other->sighting->address);
        if (other != service &&
            g_inet_address_equal(g_inet_socket_address_get_address(inet), host)) {
            count++;
        }
    }
    return count;
}

/* AvahiAddress knows no scope: a link-local address means the interface that it was heard on. */
static GSocketAddress *socket_address(const AvahiAddress *address, uint16_t port,
                                      AvahiIfIndex interface)
{
    bool v6 = address->proto == AVAHI_PROTO_INET6;
    const uint8_t *bytes = v6 ? address->data.ipv6.address : (const uint8_t *)&address->data.ipv4;
    g_autoptr(GInetAddress) inet =
        g_inet_address_new_from_bytes(bytes, v6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4);
    guint scope =
        v6 && g_inet_address_get_is_link_local(inet) && interface > 0 ? (guint)interface : 0;
    return g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", inet, "port", (guint)port,
                        "scope-id", scope, NULL);
}

static bool is_on_virtual(AvahiIfIndex interface)
{
    char name[IF_NAMESIZE];
    return interface > 0 && if_indextoname((unsigned)interface, name) &&
           interfaces_is_virtual(name);
}

/* A loopback address that came by a real interface would lead to ourselves. */
static bool is_honest(GSocketAddress *address, AvahiIfIndex interface)
{
    GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
    char name[IF_NAMESIZE];
    return address_usable(address) &&
           (!g_inet_address_get_is_loopback(host) ||
            (interface > 0 && if_indextoname((unsigned)interface, name) && !strcmp(name, "lo")));
}

static void found(Service *service, const AvahiAddress *avahi_address, uint16_t port,
                  AvahiStringList *strings)
{
    Browser *browser = service->browser;
    g_autoptr(GSocketAddress) address = socket_address(avahi_address, port, service->interface);
    Txt txt;
    TxtResult result = txt_parse(strings, &txt);
    if (result != TXT_OK || !is_honest(address, service->interface) ||
        count_of_host(service, address) >= BROWSER_PER_HOST_MAX ||
        (service->state != SERVICE_RESOLVED &&
         browser->queues[SERVICE_RESOLVED].length >= BROWSER_SERVICES_MAX)) {
        g_debug("discovery: ignored a service (TXT %d)", (int)result);
        rest(service);
        return;
    }
    service->attempts = 0;
    sighting_free(service->sighting);
    service->sighting = sighting_new(&txt, address, is_on_virtual(service->interface));
    move(service, SERVICE_RESOLVED);
    browser->events.changed(browser->user);
}

static void resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface, AvahiProtocol protocol,
                     AvahiResolverEvent event, const char *name, const char *type,
                     const char *domain, const char *host_name, const AvahiAddress *address,
                     uint16_t port, AvahiStringList *txt, AvahiLookupResultFlags flags, void *user)
{
    Service *service = user;
    Browser *browser = service->browser;
    if (event == AVAHI_RESOLVER_FOUND && address) {
        found(service, address, port, txt);
    } else {
        retry(service);
    }
    resolve_next(browser);
    settle_if_done(browser);
}

static void begin_resolve(Service *service)
{
    Browser *browser = service->browser;
    service->resolver = avahi_service_resolver_new(
        browser->client, service->interface, service->protocol, service->name,
        ANNOUNCER_SERVICE_TYPE, service->domain, service->protocol, 0, resolved, service);
    if (!service->resolver) {
        rest(service); /* a name that Avahi itself does not like, for example */
        return;
    }
    unsigned patience_ms = MIN(FIRST_PATIENCE_MS << service->attempts, LAST_PATIENCE_MS);
    service->deadline = now_us() + patience_ms * INT64_C(1000);
    move(service, SERVICE_RESOLVING);
}

/* By turns the longest waiting, the latest, and one that had its chance: whoever floods the network
 * with names must not keep a true node waiting until all of them are looked at. NULL: none waits.
 */
static Service *next_waiting(Browser *browser)
{
    const GQueue *fresh = &browser->queues[SERVICE_WAITING];
    const GQueue *again = &browser->queues[SERVICE_RETRYING];
    unsigned turn = browser->turn++ % 3;
    if (fresh->head && (turn < 2 || !again->head)) {
        return turn == 1 ? fresh->tail->data : fresh->head->data;
    }
    return again->head ? again->head->data : NULL;
}

static void resolve_next(Browser *browser)
{
    while (browser->client && browser->queues[SERVICE_RESOLVING].length < BROWSER_RESOLVES_MAX) {
        Service *service = next_waiting(browser);
        if (!service) {
            break;
        }
        begin_resolve(service);
    }
    tick_later(browser);
}

static void handle_deadlines(Browser *browser, ServiceState state, void (*late)(Service *))
{
    int64_t now = now_us();
    GList *next;
    for (GList *link = browser->queues[state].head; link; link = next) {
        Service *service = link->data;
        next = link->next;
        if (service->deadline <= now) {
            late(service);
        }
    }
}

static gboolean tick(void *user)
{
    Browser *browser = user;
    clear_timer(browser);
    handle_deadlines(browser, SERVICE_RESOLVING, retry);
    handle_deadlines(browser, SERVICE_RESTING, wait_again);
    resolve_next(browser);
    settle_if_done(browser);
    return G_SOURCE_REMOVE;
}

static void tick_later(Browser *browser)
{
    bool settling = browser->state == BROWSER_BROWSING && browser->settle_at > 0;
    bool busy = browser->queues[SERVICE_RESOLVING].length > 0 || settling;
    if (browser->timer && (!busy || !browser->timer_is_slow)) {
        return;
    }
    clear_timer(browser);
    if (busy || browser->queues[SERVICE_RESTING].length > 0) {
        browser->timer_is_slow = !busy;
        browser->timer = g_timeout_source_new(busy ? TICK_MS : REST_MS);
        g_source_set_callback(browser->timer, tick, browser, NULL);
        g_source_attach(browser->timer, browser->context);
    }
}

/* At most so many names; a resting one makes room for a new one. */
static bool make_room(Browser *browser)
{
    const GList *oldest = browser->queues[SERVICE_RESTING].head;
    if (g_hash_table_size(browser->services) >= BROWSER_WAITING_MAX && oldest) {
        g_hash_table_remove(browser->services, ((const Service *)oldest->data)->id);
    }
    return g_hash_table_size(browser->services) < BROWSER_WAITING_MAX;
}

static void appeared(Browser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                     const char *name, const char *domain, const char *id)
{
    bool known = browser->events.is_known(name, browser->user);
    if (g_hash_table_contains(browser->services, id) || (!make_room(browser) && !known)) {
        return;
    }
    Service *service = g_new0(Service, 1);
    service->browser = browser;
    service->link.data = service;
    service->interface = interface;
    service->protocol = protocol;
    service->name = g_strdup(name);
    service->domain = g_strdup(domain);
    service->id = g_strdup(id);
    g_hash_table_insert(browser->services, service->id, service);
    if (known) {
        g_queue_push_head_link(&browser->queues[SERVICE_WAITING], &service->link);
    } else {
        g_queue_push_tail_link(&browser->queues[SERVICE_WAITING], &service->link);
    }
    resolve_next(browser);
}

static void browsed(AvahiServiceBrowser *avahi, AvahiIfIndex interface, AvahiProtocol protocol,
                    AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
                    AvahiLookupResultFlags flags, void *user)
{
    Browser *browser = user;
    g_autofree char *id = g_strdup_printf("%d/%d/%s/%s", (int)interface, (int)protocol,
                                          domain ? domain : "", name ? name : "");
    switch (event) {
    case AVAHI_BROWSER_NEW:
        appeared(browser, interface, protocol, name, domain, id);
        break;
    case AVAHI_BROWSER_REMOVE:
        g_hash_table_remove(browser->services, id);
        resolve_next(browser);
        break;
    case AVAHI_BROWSER_ALL_FOR_NOW:
        browser->settle_at = now_us() + SETTLE_MS * INT64_C(1000);
        settle_if_done(browser);
        tick_later(browser);
        break;
    case AVAHI_BROWSER_CACHE_EXHAUSTED:
        break;
    case AVAHI_BROWSER_FAILURE:
        mdns_fail(browser->mdns);
        break;
    }
}

static void mdns_running(AvahiClient *client, void *user)
{
    Browser *browser = user;
    browser->client = client;
    if (browser->avahi) {
        return;
    }
    enter(browser, BROWSER_BROWSING, NULL);
    browser->avahi = avahi_service_browser_new(client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                                               ANNOUNCER_SERVICE_TYPE, NULL, 0, browsed, browser);
    if (!browser->avahi) {
        g_debug("discovery: cannot browse: %s", avahi_strerror(avahi_client_errno(client)));
        mdns_fail(browser->mdns);
    }
}

static void forget_all(Browser *browser)
{
    g_hash_table_remove_all(browser->services);
    g_clear_pointer(&browser->avahi, avahi_service_browser_free);
    browser->client = NULL;
    browser->settle_at = 0;
}

static void mdns_lost(const char *line, void *user)
{
    Browser *browser = user;
    forget_all(browser);
    enter(browser, BROWSER_UNAVAILABLE, line);
}

Browser *browser_new(GMainContext *context, const BrowserEvents *events, void *user)
{
    static const MdnsEvents mdns_events = {mdns_running, NULL, mdns_lost};
    Browser *browser = g_new0(Browser, 1);
    browser->context = context ? g_main_context_ref(context) : NULL;
    browser->events = *events;
    browser->user = user;
    browser->services = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, service_free);
    browser->mdns = mdns_new(context, &mdns_events, browser);
    return browser;
}

void browser_free(Browser *browser)
{
    if (!browser) {
        return;
    }
    clear_timer(browser);
    forget_all(browser);
    g_clear_pointer(&browser->mdns, mdns_free);
    g_hash_table_unref(browser->services);
    g_clear_pointer(&browser->context, g_main_context_unref);
    g_free(browser);
}

GPtrArray *browser_sightings(const Browser *browser)
{
    GPtrArray *sightings = g_ptr_array_new();
    for (GList *link = browser->queues[SERVICE_RESOLVED].head; link; link = link->next) {
        g_ptr_array_add(sightings, ((Service *)link->data)->sighting);
    }
    return sightings;
}
