/* Dialling, the one link, and links that are finishing. */
#include "app/member_internal.h"

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
    if (!member->left || member->left_source)
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
    if (member->parting->len == 0)
        member_schedule_left(member);
}

static const LinkEvents parting_events = {
    .message = parting_message, .closed = parting_closed, .message_max = parting_max};

void member_hang_up(void *user)
{
    Member *member = user;
    g_clear_pointer(&member->dialer, dialer_free);
    if (!member->link)
        return;
    Parting *parting = g_new0(Parting, 1);
    parting->member = member;
    parting->link = g_steal_pointer(&member->link);
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

/* An announced key is a hint that saves a useless joining; the typed address of a person takes
 * whatever answers. */
static bool dial_acceptable(const uint8_t *key, void *user)
{
    Member *member = user;
    Candidate *candidate = member_candidate(member, member->dialling);
    const uint8_t *wanted = candidate ? candidate_key(candidate) : NULL;
    if (memcmp(key, identity_key(member->identity), KEY_SIZE) == 0)
        return false;
    return !wanted || memcmp(wanted, key, CANDIDATE_KEY_SIZE) == 0;
}

static void dial_opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    Member *member = user;
    member->link = link;
    member->linked = member->dialling;
    memcpy(member->peer, key, KEY_SIZE);
    g_ptr_array_set_size(member->answered, 0);
    g_ptr_array_add(member->answered, g_object_ref(address));
    link_set_events(link, &link_events, member);
    g_clear_pointer(&member->dialer, dialer_free);
    session_dialled(member->session, member->linked, key, g_get_monotonic_time());
    member_touched(member);
}

static void dial_failed(const char *why, void *user)
{
    Member *member = user;
    Candidate *candidate = member_candidate(member, member->dialling);
    g_autofree char *reason = g_strdup(why);
    g_clear_pointer(&member->dialer, dialer_free);
    if (candidate)
        finder_doubt(member->finder, candidate);
    session_dial_failed(member->session, member->dialling, reason, g_get_monotonic_time());
    member_touched(member);
}

void member_dial(uint64_t id, void *user)
{
    static const DialerEvents dialer_events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    Member *member = user;
    Candidate *candidate = member_candidate(member, id);
    g_clear_pointer(&member->dialer, dialer_free);
    member->dialling = id;
    member->dialer = dialer_new(member->context, member->poller, member->tls, TLS_ALPN_LINK,
                                candidate ? candidate_addresses(candidate) : NULL, NULL, 0,
                                &dialer_events, member);
}
