#include "discovery/publication.h"

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

struct Publication {
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
    AnnouncerState state;
};

static void announce(Publication *publication);

static void enter(Publication *publication, AnnouncerState state, const char *line)
{
    if (publication->state != state) {
        publication->state = state;
        publication->event(state, line, publication->user);
    }
}

/* Any number will do that was not used before: a clock without a battery would repeat itself. */
static uint64_t first_epoch(void)
{
    return (uint64_t)g_random_int() << 16 | 1;
}

static void copy_announcement(Publication *publication, const Announcement *announcement)
{
    Txt *txt = &publication->txt;
    memcpy(txt->place, announcement->place, sizeof txt->place);
    memcpy(txt->key, announcement->key, sizeof txt->key);
    txt->role = announcement->role;
    txt->locked = announcement->locked;
    const char *name = announcement->name ? announcement->name : "";
    txt_copy_name(name, strlen(name), txt->name);
}

static void fail(Publication *publication, const char *what)
{
    g_debug("discovery: cannot announce: %s: %s", what,
            publication->client ? avahi_strerror(avahi_client_errno(publication->client))
                                : "no client");
    mdns_fail(publication->mdns);
}

static void take_alternative_name(Publication *publication)
{
    char *alternative = avahi_alternative_service_name(publication->instance);
    g_debug("discovery: %s is taken, now %s", publication->instance, alternative);
    g_free(publication->instance);
    publication->instance = g_strdup(alternative);
    avahi_free(alternative);
}

/* Called first from inside avahi_entry_group_new(). */
static void group_changed(AvahiEntryGroup *group, AvahiEntryGroupState state, void *user)
{
    Publication *publication = user;
    publication->group = group;
    switch (state) {
    case AVAHI_ENTRY_GROUP_ESTABLISHED:
        enter(publication, ANNOUNCER_ANNOUNCED, NULL);
        break;
    case AVAHI_ENTRY_GROUP_COLLISION:
        take_alternative_name(publication);
        announce(publication);
        break;
    case AVAHI_ENTRY_GROUP_FAILURE:
        fail(publication, "the group failed");
        break;
    case AVAHI_ENTRY_GROUP_UNCOMMITED:
    case AVAHI_ENTRY_GROUP_REGISTERING:
        enter(publication, ANNOUNCER_WAITING, NULL);
        break;
    }
}

/* Adds or updates the service on each interface: `change` gets AVAHI_IF_UNSPEC for all of them. */
static int on_interfaces(Publication *publication,
                         int (*change)(Publication *, AvahiIfIndex, AvahiStringList *))
{
    AvahiStringList *txt = txt_build(&publication->txt);
    int result = AVAHI_OK;
    if (publication->interfaces->len == 0) {
        result = change(publication, AVAHI_IF_UNSPEC, txt);
    }
    for (guint i = 0; i < publication->interfaces->len && result == AVAHI_OK; i++) {
        guint index = g_array_index(publication->interfaces, guint, i);
        result = change(publication, (AvahiIfIndex)index, txt);
    }
    avahi_string_list_free(txt);
    return result;
}

static int add_service(Publication *publication, AvahiIfIndex interface, AvahiStringList *txt)
{
    return avahi_entry_group_add_service_strlst(publication->group, interface, AVAHI_PROTO_UNSPEC,
                                                0, publication->instance, ANNOUNCER_SERVICE_TYPE,
                                                NULL, NULL, publication->port, txt);
}

static int update_service(Publication *publication, AvahiIfIndex interface, AvahiStringList *txt)
{
    return avahi_entry_group_update_service_txt_strlst(publication->group, interface,
                                                       AVAHI_PROTO_UNSPEC, 0, publication->instance,
                                                       ANNOUNCER_SERVICE_TYPE, NULL, txt);
}

static GArray *choose_interfaces(const Publication *publication)
{
    g_auto(GStrv) names = interfaces_list();
    return interfaces_choose((const char *const *)names, (const char *const *)publication->chosen);
}

/* Begins anew in the same group, whatever was in it. */
static void announce(Publication *publication)
{
    g_clear_pointer(&publication->interfaces, g_array_unref);
    publication->interfaces = choose_interfaces(publication);
    if (!publication->group &&
        !avahi_entry_group_new(publication->client, group_changed, publication)) {
        fail(publication, "no group");
        return;
    }
    int result = avahi_entry_group_reset(publication->group);
    if (!publication->interfaces) {
        return; /* a change of the network will call again */
    }
    /* A service of the same name on this machine collides at once. */
    for (int attempt = 0; result == AVAHI_OK && attempt < 16; attempt++) {
        result = on_interfaces(publication, add_service);
        if (result != AVAHI_ERR_COLLISION) {
            break;
        }
        take_alternative_name(publication);
        result = avahi_entry_group_reset(publication->group);
    }
    if (result != AVAHI_OK || avahi_entry_group_commit(publication->group) != AVAHI_OK) {
        fail(publication, "the service was refused");
    }
}

static void mdns_running(AvahiClient *client, void *user)
{
    Publication *publication = user;
    publication->client = client;
    announce(publication);
}

static void mdns_unsettled(void *user)
{
    Publication *publication = user;
    if (publication->group) {
        avahi_entry_group_reset(publication->group);
    }
    publication->client = NULL;
    enter(publication, ANNOUNCER_WAITING, NULL);
}

static void mdns_lost(const char *line, void *user)
{
    Publication *publication = user;
    g_clear_pointer(&publication->group, avahi_entry_group_free);
    publication->client = NULL;
    enter(publication, ANNOUNCER_UNAVAILABLE, line);
}

static bool array_equal(const GArray *a, const GArray *b)
{
    if (!a || !b) {
        return a == b;
    }
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(guint)) == 0);
}

static void update_txt(Publication *publication)
{
    if (publication->client && publication->group && publication->interfaces &&
        on_interfaces(publication, update_service) != AVAHI_OK) {
        announce(publication);
    }
}

/* Others may have given us up while the cable was out: a new epoch tells them to try again. */
static void network_changed(void *user)
{
    Publication *publication = user;
    publication->txt.epoch++;
    g_autoptr(GArray) interfaces = choose_interfaces(publication);
    if (publication->client && !array_equal(interfaces, publication->interfaces)) {
        announce(publication);
    } else {
        update_txt(publication);
    }
}

Publication *publication_new(GMainContext *context, const Announcement *announcement,
                             AnnouncerEvent event, void *user)
{
    static const MdnsEvents events = {mdns_running, mdns_unsettled, mdns_lost};
    Publication *publication = g_new0(Publication, 1);
    publication->event = event;
    publication->user = user;
    publication->port = announcement->port;
    publication->chosen = g_strdupv((char **)announcement->interfaces);
    publication->instance = txt_hex(announcement->key, sizeof announcement->key);
    publication->txt.epoch = first_epoch();
    copy_announcement(publication, announcement);
    publication->netwatch = netwatch_new(context, network_changed, publication);
    publication->mdns = mdns_new(context, &events, publication);
    return publication;
}

void publication_free(Publication *publication)
{
    if (!publication) {
        return;
    }
    g_clear_pointer(&publication->group, avahi_entry_group_free);
    g_clear_pointer(&publication->mdns, mdns_free);
    g_clear_pointer(&publication->netwatch, netwatch_free);
    g_clear_pointer(&publication->interfaces, g_array_unref);
    g_strfreev(publication->chosen);
    g_free(publication->instance);
    g_free(publication);
}

void publication_update(Publication *publication, const Announcement *announcement)
{
    copy_announcement(publication, announcement);
    update_txt(publication);
}
