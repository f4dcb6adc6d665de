/* Who serves when this node does not any more: the list that all members are told, so that nobody
 * has to agree with anybody; the goodbye that names one; and what is handed over before it.
 *
 * Addresses come from members and go to members. The hub never dials them: it only checks that they
 * are addresses of machines, so that nothing else can be passed on in their place. */
#include "relay/hub_internal.h"

#include <gio/gio.h>

#define LISTS_RATE 2 /* a second, and at once */
#define LISTS_BURST 128

/* Neither this network, multicast, broadcast nor IPv4 inside IPv6. */
static bool is_machine(GInetAddress *address)
{
    const uint8_t *bytes = g_inet_address_to_bytes(address);
    if (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4)
        return bytes[0] != 0 && bytes[0] < 224;
    static const uint8_t embedded[10];
    return bytes[0] != 0xff && (g_inet_address_get_is_loopback(address) ||
                                memcmp(bytes, embedded, sizeof embedded) != 0);
}

static bool is_port(const char *text)
{
    guint64 number = 0;
    return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &number, NULL);
}

/* "192.0.2.1:7669" or "[2001:db8::1]:7669". A scope means nothing on another machine. */
static bool is_numeric(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || strchr(text, '%') || strlen(text) > ADDRESS_MAX || !is_port(colon + 1))
        return false;
    size_t length = (size_t)(colon - text);
    bool v6 = length > 2 && text[0] == '[' && text[length - 1] == ']';
    g_autofree char *host = v6 ? g_strndup(text + 1, length - 2) : g_strndup(text, length);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    return address && v6 == (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6) &&
           is_machine(address);
}

static bool can_serve(const HubLink *link)
{
    return link->joined && !link->doomed && link->addresses &&
           memcmp(link->key, link->hub->self, KEY_SIZE) != 0;
}

void hub_set_succession(HubLink *link, const Greeting *greeting)
{
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    bool any = false;
    for (size_t i = 0; greeting->addresses[i]; i++) {
        if (!is_numeric(greeting->addresses[i]))
            continue;
        g_strv_builder_add(kept, greeting->addresses[i]);
        any = true;
    }
    if (any && (greeting->app || link->relay_program))
        link->addresses = g_strv_builder_end(kept);
    if (can_serve(link))
        hub_succession_changed(link->hub);
    if (link->hub->listed)
        link->uninformed = link->hub->uninformed = true;
}

void hub_end_succession(HubLink *link)
{
    Hub *hub = link->hub;
    if (hub->hand_over.link == link)
        hub->hand_over.link = NULL; /* the next one, then */
    if (link->addresses)
        hub_succession_changed(hub);
}

void hub_succession_changed(Hub *hub)
{
    if (hub->successors_due_us != INT64_MAX)
        return;
    /* Whoever comes and goes all the time must not make everybody read all the time. */
    uint32_t wait_ms = bucket_take(&hub->lists, LISTS_RATE, LISTS_BURST, hub->now_us);
    hub->successors_due_us = MAX(hub_change_due(hub), hub->now_us + wait_ms * INT64_C(1000));
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    const HubLink *left = *(HubLink *const *)a, *right = *(HubLink *const *)b;
    if (left->relay_program != right->relay_program)
        return left->relay_program ? -1 : 1;
    return memcmp(left->key, right->key, KEY_SIZE);
}

/* HubLink, not owned, the first one first. */
static GPtrArray *list_successors(const Hub *hub)
{
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (can_serve(link))
            g_ptr_array_add(list, link);
    }
    g_ptr_array_sort(list, by_rank);
    g_ptr_array_set_size(list, (gint)MIN(list->len, SUCCESSORS_MAX));
    return list;
}

static GBytes *build_list(const GPtrArray *list)
{
    Wire__Successor storage[SUCCESSORS_MAX], *entries[SUCCESSORS_MAX];
    for (guint i = 0; i < list->len; i++) {
        HubLink *link = g_ptr_array_index(list, i);
        wire__successor__init(&storage[i]);
        storage[i].key = (ProtobufCBinaryData){KEY_SIZE, link->key};
        storage[i].n_addresses = g_strv_length(link->addresses);
        storage[i].addresses = link->addresses;
        storage[i].relay_program = link->relay_program;
        entries[i] = &storage[i];
    }
    Wire__Successors successors = WIRE__SUCCESSORS__INIT;
    successors.n_successors = list->len;
    successors.successors = entries;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUCCESSORS;
    frame.successors = &successors;
    return frame_build(&frame);
}

/* Members that cannot serve, and those below the listed ones, come and go without a word. */
static void renew_list(Hub *hub)
{
    g_autoptr(GPtrArray) list = list_successors(hub);
    g_autoptr(GBytes) frame = build_list(list);
    bool first = !hub->successors && list->len == 0;
    if (first || (hub->successors && g_bytes_equal(frame, hub->successors)))
        return;
    g_clear_pointer(&hub->successors, g_bytes_unref);
    hub->successors = g_steal_pointer(&frame);
    hub->listed = list->len > 0;
    hub->uninformed = true;
    for (guint i = 0; i < hub->links->len; i++)
        ((HubLink *)g_ptr_array_index(hub->links, i))->uninformed = true;
}

void hub_tell_successors(Hub *hub)
{
    if (hub->now_us >= hub->successors_due_us) {
        hub->successors_due_us = INT64_MAX;
        renew_list(hub);
    }
    if (!hub->uninformed)
        return;
    hub->uninformed = false;
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->joined || !link->uninformed)
            continue;
        if (!link->roster_done) {
            hub->uninformed = true;
            continue;
        }
        link->uninformed = false;
        hub_send(link, hub->successors);
    }
}

GBytes *hub_last_word(const Hub *hub, const HubSuccessor *successor)
{
    g_autoptr(GPtrArray) list = list_successors(hub);
    HubLink *heir = !successor && list->len > 0 ? g_ptr_array_index(list, 0) : NULL;
    const uint8_t *key = successor ? successor->key : heir ? heir->key : NULL;
    char **addresses = heir ? heir->addresses : NULL;
    if (successor)
        addresses = (char **)successor->addresses;
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = successor ? WIRE__PARTING__MOVED : WIRE__PARTING__SHUTTING_DOWN;
    goodbye.text =
        (char *)(successor ? "The room moves to another computer." : "The relay is shutting down.");
    if (key)
        goodbye.successor = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)key};
    goodbye.n_addresses = addresses ? MIN(g_strv_length(addresses), ADDRESSES_MAX) : 0;
    goodbye.addresses = addresses;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    return frame_build(&frame);
}

void hub_hand_over(Hub *hub, void (*done)(void *user), void *user, int64_t now_us)
{
    hub_flush(hub, now_us);
    hub->hand_over =
        (HandOver){.done = done, .user = user, .deadline_us = hub->now_us + HAND_OVER_US};
    hub_go_on_handing_over(hub);
}

void hub_custody_settled(HubLink *link, uint64_t position)
{
    HandOver *under_way = &link->hub->hand_over;
    if (under_way->link == link && position >= under_way->position)
        under_way->settled = true;
}

/* When the first successor leaves meanwhile, the next one is the first. */
static void choose_heir(Hub *hub)
{
    HandOver *under_way = &hub->hand_over;
    if (under_way->settled || under_way->link)
        return;
    g_autoptr(GPtrArray) list = list_successors(hub);
    if (list->len == 0) {
        under_way->settled = true;
        return;
    }
    under_way->link = g_ptr_array_index(list, 0);
    under_way->position = log_head(hub->log);
    under_way->settled = !hub_exchange_offer_custody(under_way->link);
}

void hub_go_on_handing_over(Hub *hub)
{
    HandOver *under_way = &hub->hand_over;
    if (under_way->done)
        choose_heir(hub);
    if (!under_way->done || (!under_way->settled && hub->now_us < under_way->deadline_us))
        return;
    void (*done)(void *user) = g_steal_pointer(&under_way->done);
    under_way->link = NULL;
    done(under_way->user);
}
