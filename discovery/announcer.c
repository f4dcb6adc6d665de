#include "discovery/announcer.h"

#include "discovery/interfaces.h"
#include "discovery/mdns.h"
#include "discovery/netwatch.h"
#include "discovery/txt.h"

#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <string.h>

/* The service's instance name is made of the key, so that it is the same at every start and on
 * every interface; the readable name is in the TXT record, where it can change while the service
 * stays. */

struct Announcer {
    GMainContext *context; /* owned */
    AnnouncerEvent event;
    void *user;
    Txt txt;
    uint16_t port;
    char **chosen;          /* owned; NULL: any */
    char *instance;         /* owned */
    Mdns *mdns;             /* owned */
    Netwatch *netwatch;     /* owned */
    AvahiClient *client;    /* the running one, or NULL */
    AvahiEntryGroup *group; /* owned; NULL unless the client runs */
    GArray *interfaces;     /* owned; where it is announced; empty: everywhere; NULL: nowhere */
    GSource *telling;       /* owned */
    AnnouncerState state;
    AnnouncerState told;
    char *line; /* owned */
};

static void announce(Announcer *announcer);

static gboolean tell(void *user)
{
    Announcer *announcer = user;
    g_clear_pointer(&announcer->telling, g_source_unref);
    if (announcer->told != announcer->state) {
        announcer->told = announcer->state;
        bool why = announcer->state == ANNOUNCER_UNAVAILABLE;
        if (announcer->event) {
            announcer->event(announcer->state, why ? announcer->line : NULL, announcer->user);
        }
    }
    return G_SOURCE_REMOVE;
}

static void enter(Announcer *announcer, AnnouncerState state)
{
    announcer->state = state;
    if (!announcer->telling && announcer->told != state) {
        announcer->telling = g_idle_source_new();
        g_source_set_priority(announcer->telling, G_PRIORITY_DEFAULT);
        g_source_set_callback(announcer->telling, tell, announcer, NULL);
        g_source_attach(announcer->telling, announcer->context);
    }
}

/* Any number will do that was not used before: a clock without a battery would repeat itself. */
static uint64_t first_epoch(void)
{
    return (uint64_t)g_random_int() << 16 | 1;
}

static void copy_announcement(Announcer *announcer, const Announcement *announcement)
{
    Txt *txt = &announcer->txt;
    memcpy(txt->place, announcement->place, sizeof txt->place);
    memcpy(txt->key, announcement->key, sizeof txt->key);
    txt->role = announcement->role;
    txt->locked = announcement->locked;
    const char *name = announcement->name ? announcement->name : "";
    txt_copy_name(name, strlen(name), txt->name);
}

static void fail(Announcer *announcer, const char *what)
{
    g_debug("discovery: cannot announce: %s: %s", what,
            announcer->client ? avahi_strerror(avahi_client_errno(announcer->client))
                              : "no client");
    mdns_fail(announcer->mdns);
}

static void take_alternative_name(Announcer *announcer)
{
    char *alternative = avahi_alternative_service_name(announcer->instance);
    g_debug("discovery: %s is taken, now %s", announcer->instance, alternative);
    g_free(announcer->instance);
    announcer->instance = g_strdup(alternative);
    avahi_free(alternative);
}

/* Called first from inside avahi_entry_group_new(). */
static void group_changed(AvahiEntryGroup *group, AvahiEntryGroupState state, void *user)
{
    Announcer *announcer = user;
    announcer->group = group;
    switch (state) {
    case AVAHI_ENTRY_GROUP_ESTABLISHED:
        enter(announcer, ANNOUNCER_ANNOUNCED);
        break;
    case AVAHI_ENTRY_GROUP_COLLISION:
        take_alternative_name(announcer);
        announce(announcer);
        break;
    case AVAHI_ENTRY_GROUP_FAILURE:
        fail(announcer, "the group failed");
        break;
    case AVAHI_ENTRY_GROUP_UNCOMMITED:
    case AVAHI_ENTRY_GROUP_REGISTERING:
        enter(announcer, ANNOUNCER_WAITING);
        break;
    }
}

/* Adds or updates the service on each interface: `change` gets AVAHI_IF_UNSPEC for all of them. */
static int on_interfaces(Announcer *announcer,
                         int (*change)(Announcer *, AvahiIfIndex, AvahiStringList *))
{
    AvahiStringList *txt = txt_build(&announcer->txt);
    int result = AVAHI_OK;
    if (announcer->interfaces->len == 0) {
        result = change(announcer, AVAHI_IF_UNSPEC, txt);
    }
    for (guint i = 0; i < announcer->interfaces->len && result == AVAHI_OK; i++) {
        guint index = g_array_index(announcer->interfaces, guint, i);
        result = change(announcer, (AvahiIfIndex)index, txt);
    }
    avahi_string_list_free(txt);
    return result;
}

static int add_service(Announcer *announcer, AvahiIfIndex interface, AvahiStringList *txt)
{
    return avahi_entry_group_add_service_strlst(announcer->group, interface, AVAHI_PROTO_UNSPEC, 0,
                                                announcer->instance, ANNOUNCER_SERVICE_TYPE, NULL,
                                                NULL, announcer->port, txt);
}

static int update_service(Announcer *announcer, AvahiIfIndex interface, AvahiStringList *txt)
{
    return avahi_entry_group_update_service_txt_strlst(announcer->group, interface,
                                                       AVAHI_PROTO_UNSPEC, 0, announcer->instance,
                                                       ANNOUNCER_SERVICE_TYPE, NULL, txt);
}

static GArray *choose_interfaces(const Announcer *announcer)
{
    g_auto(GStrv) names = interfaces_list();
    return interfaces_choose((const char *const *)names, (const char *const *)announcer->chosen);
}

/* Begins anew in the same group, whatever was in it. */
static void announce(Announcer *announcer)
{
    g_clear_pointer(&announcer->interfaces, g_array_unref);
    announcer->interfaces = choose_interfaces(announcer);
    if (!announcer->group && !avahi_entry_group_new(announcer->client, group_changed, announcer)) {
        fail(announcer, "no group");
        return;
    }
    int result = avahi_entry_group_reset(announcer->group);
    if (!announcer->interfaces) {
        return; /* a change of the network will call again */
    }
    /* A service of the same name on this machine collides at once. */
    for (int attempt = 0; result == AVAHI_OK && attempt < 16; attempt++) {
        result = on_interfaces(announcer, add_service);
        if (result != AVAHI_ERR_COLLISION) {
            break;
        }
        take_alternative_name(announcer);
        result = avahi_entry_group_reset(announcer->group);
    }
    if (result != AVAHI_OK || avahi_entry_group_commit(announcer->group) != AVAHI_OK) {
        fail(announcer, "the service was refused");
    }
}

static void mdns_running(AvahiClient *client, void *user)
{
    Announcer *announcer = user;
    announcer->client = client;
    announce(announcer);
}

static void mdns_unsettled(void *user)
{
    Announcer *announcer = user;
    if (announcer->group) {
        avahi_entry_group_reset(announcer->group);
    }
    announcer->client = NULL;
    enter(announcer, ANNOUNCER_WAITING);
}

static void mdns_lost(const char *line, void *user)
{
    Announcer *announcer = user;
    g_clear_pointer(&announcer->group, avahi_entry_group_free);
    announcer->client = NULL;
    g_free(announcer->line);
    announcer->line = g_strdup(line);
    enter(announcer, ANNOUNCER_UNAVAILABLE);
}

static bool array_equal(const GArray *a, const GArray *b)
{
    if (!a || !b) {
        return a == b;
    }
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(guint)) == 0);
}

static void update_txt(Announcer *announcer)
{
    if (announcer->client && announcer->group && announcer->interfaces &&
        on_interfaces(announcer, update_service) != AVAHI_OK) {
        announce(announcer);
    }
}

/* Others may have given us up while the cable was out: a new epoch tells them to try again. */
static void network_changed(void *user)
{
    Announcer *announcer = user;
    announcer->txt.epoch++;
    g_autoptr(GArray) interfaces = choose_interfaces(announcer);
    if (announcer->client && !array_equal(interfaces, announcer->interfaces)) {
        announce(announcer);
    } else {
        update_txt(announcer);
    }
}

Announcer *announcer_new(GMainContext *context, const Announcement *announcement,
                         AnnouncerEvent event, void *user)
{
    static const MdnsEvents events = {mdns_running, mdns_unsettled, mdns_lost};
    Announcer *announcer = g_new0(Announcer, 1);
    announcer->context = context ? g_main_context_ref(context) : NULL;
    announcer->event = event;
    announcer->user = user;
    announcer->port = announcement->port;
    announcer->chosen = g_strdupv((char **)announcement->interfaces);
    announcer->instance = txt_hex(announcement->key, sizeof announcement->key);
    announcer->txt.epoch = first_epoch();
    copy_announcement(announcer, announcement);
    announcer->netwatch = netwatch_new(context, network_changed, announcer);
    announcer->mdns = mdns_new(context, &events, announcer);
    return announcer;
}

void announcer_free(Announcer *announcer)
{
    if (!announcer) {
        return;
    }
    if (announcer->telling) {
        g_source_destroy(announcer->telling);
        g_clear_pointer(&announcer->telling, g_source_unref);
    }
    g_clear_pointer(&announcer->group, avahi_entry_group_free);
    g_clear_pointer(&announcer->mdns, mdns_free);
    g_clear_pointer(&announcer->netwatch, netwatch_free);
    g_clear_pointer(&announcer->interfaces, g_array_unref);
    g_clear_pointer(&announcer->context, g_main_context_unref);
    g_strfreev(announcer->chosen);
    g_free(announcer->instance);
    g_free(announcer->line);
    g_free(announcer);
}

void announcer_update(Announcer *announcer, const Announcement *announcement)
{
    copy_announcement(announcer, announcement);
    update_txt(announcer);
}

AnnouncerState announcer_state(const Announcer *announcer)
{
    return announcer->state;
}
