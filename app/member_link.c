/* Dialling, the one link, and links that are finishing. */
#include "app/addresses.h"
#include "app/member_internal.h"

#include <sodium.h>
#include <string.h>

static void parting_message(const uint8_t *message, size_t length, void *user)
{
}

static size_t parting_max(void *user)
{
    return FRAME_MAX;
}

static gboolean report_left(gpointer user)
{
    Member *member = user;
    void (*left)(void *user) = member->left;
    member->left = NULL;
    if (left)
        left(member->left_user);
    return G_SOURCE_REMOVE;
}

void member_schedule_left(Member *member)
{
    if (!member->left || member->left_source || !member->quiet || member->parting->len > 0)
        return;
    member->left_source = g_idle_source_new();
    g_source_set_callback(member->left_source, report_left, member, NULL);
    g_source_attach(member->left_source, member->context);
}

/* A finishing link reports to a record of its own, since the member may have another one by then.
 */
typedef struct {
    Member *member;
    Link *link;
} Parting;

void parting_free(gpointer data)
{
    Parting *parting = data;
    link_free(parting->link);
    g_free(parting);
}

static void parting_closed(const char *why, void *user)
{
    Parting *parting = user;
    Member *member = parting->member;
    g_ptr_array_remove_fast(member->parting, parting);
    member_schedule_left(member);
}

static const LinkEvents parting_events = {
    .message = parting_message, .closed = parting_closed, .message_max = parting_max};

static void part(Member *member, Link *link)
{
    Parting *parting = g_new0(Parting, 1);
    parting->member = member;
    parting->link = link;
    g_ptr_array_add(member->parting, parting);
    link_set_events(parting->link, &parting_events, parting);
    link_finish(parting->link);
}

static void link_message(const uint8_t *message, size_t length, void *user)
{
    Member *member = user;
    session_frame(member->session, message, length, g_get_monotonic_time());
}

static void link_closed(const char *why, void *user)
{
    Member *member = user;
    g_clear_pointer(&member->link, link_free);
    session_link_closed(member->session, why ? why : "", g_get_monotonic_time());
    member_touched(member);
}

static size_t link_message_max(void *user)
{
    return FRAME_MAX;
}

static const LinkEvents link_events = {
    .message = link_message, .closed = link_closed, .message_max = link_message_max};

bool member_send(GBytes *frame, void *user)
{
    Member *member = user;
    return member->link && link_send(member->link, frame);
}

void member_export(uint8_t *out, void *user)
{
    Member *member = user;
    if (member->link)
        link_export(member->link, LOCK_EXPORTER, out);
    else
        randombytes_buf(out, EXPORTER_SIZE); /* which fits nobody's */
}

/* An announced key is a hint that saves a useless joining; the typed address of a person takes
 * whatever answers. Which key a node must have is the session's to know. */
static bool dial_acceptable(const uint8_t *key, void *user)
{
    Member *member = user;
    Candidate *candidate = member_candidate(member, member->dialling);
    const uint8_t *wanted = candidate ? candidate_key(candidate) : NULL;
    bool self = memcmp(key, identity_key(member->identity), KEY_SIZE) == 0;
    if (self || member->dialling == SESSION_SELF)
        return self && member->dialling == SESSION_SELF;
    return !wanted || memcmp(wanted, key, CANDIDATE_KEY_SIZE) == 0;
}

static void adopt(Member *member, Dialled *dialled)
{
    member->link = g_steal_pointer(&dialled->link);
    member->linked = dialled->id;
    member_keep_candidate(member, dialled->id);
    memcpy(member->peer, dialled->key, KEY_SIZE);
    g_set_object(&member->answered, dialled->address);
    link_set_events(member->link, &link_events, member);
}

/* The session decides in session_dialled(): with a link, and without member_hang_up(), this one was
 * only to see whether the node is there. */
static void dial_opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    Member *member = user;
    g_set_object(&member->answered_last, address);
    Dialled dialled = {.link = link, .id = member->dialling, .key = key, .address = address};
    g_clear_pointer(&member->dialer, dialer_free);
    if (member->link)
        member->dialled = &dialled;
    else
        adopt(member, &dialled);
    session_dialled(member->session, dialled.id, key, g_get_monotonic_time());
    member->dialled = NULL;
    link_free(dialled.link);
    member_touched(member);
}

void member_hang_up(void *user)
{
    Member *member = user;
    g_clear_pointer(&member->dialer, dialer_free);
    if (!member->link)
        return;
    part(member, g_steal_pointer(&member->link));
    Dialled *dialled = g_steal_pointer(&member->dialled);
    if (dialled)
        adopt(member, dialled);
}

/* While there is a link, the session itself knows how often it looks for whom. */
static void dial_failed(const char *why, void *user)
{
    Member *member = user;
    uint64_t id = member->dialling;
    Candidate *candidate = member_candidate(member, id);
    g_autofree char *reason = g_strdup(why);
    g_clear_pointer(&member->dialer, dialer_free);
    if (candidate && !member->link)
        finder_doubt(member->finder, candidate);
    session_dial_failed(member->session, id, reason, g_get_monotonic_time());
    member_touched(member);
}

/* Transfer full; NULL: nowhere. */
static GPtrArray *addresses_of(Member *member, uint64_t id)
{
    Candidate *candidate = member_candidate(member, id);
    if (candidate)
        return g_ptr_array_ref((GPtrArray *)candidate_addresses(candidate));
    if (id == SESSION_SELF && member->host) {
        GPtrArray *one = g_ptr_array_new_with_free_func(g_object_unref);
        g_ptr_array_add(one, host_loopback(member->host));
        return one;
    }
    char *const *texts = (id & SESSION_NODE) ? session_addresses(member->session, id) : NULL;
    return texts ? addresses_read(texts, g_strv_length((char **)texts)) : NULL;
}

void member_dial(uint64_t id, void *user)
{
    static const DialerEvents dialer_events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    Member *member = user;
    g_autoptr(GPtrArray) addresses = addresses_of(member, id);
    g_clear_pointer(&member->dialer, dialer_free);
    member->dialling = id;
    member->dialer = dialer_new(member->context, member->poller, member->tls, TLS_ALPN_LINK,
                                addresses, NULL, 0, &dialer_events, member);
}
