/* The shell around a Session. Everything that happens comes from the context: the poller's rounds,
 * the finder, the dialer, one timer. What was caused by any of them is flushed at the end of a
 * round or when the timer fires at once, never from inside a callback. */
#include "app/member.h"

#include "app/dialer.h"
#include "relay/text.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* A node that was seen, under the number that the session knows it by. */
typedef struct {
    uint64_t id;
    Candidate *candidate;
} Known;

struct Member {
    GMainContext *context;
    MemberEvents events;
    void *user;
    char *data_dir;
    Identity *identity;
    Keyring *keyring;
    Store *store;
    Tls *tls;
    Poller *poller;
    Finder *finder;
    Session *session;
    GSource *timer;
    GArray *known; /* Known */
    uint64_t last_id;
    char *wanted; /* an address typed while running, to be chosen when it is resolved */

    Dialer *dialer;
    uint64_t dialling; /* Known.id */
    Link *link;
    uint64_t linked;     /* Known.id */
    GPtrArray *parting;  /* Link that are finishing */
    GPtrArray *answered; /* GSocketAddress of the link, for remembering */
    uint8_t peer[KEY_SIZE];
    void (*left)(void *user);
    void *left_user;
    GSource *left_source;
};

static void known_clear(gpointer data)
{
    candidate_unref(((Known *)data)->candidate);
}

static Candidate *candidate_of(Member *member, uint64_t id)
{
    for (guint i = 0; i < member->known->len; i++)
        if (g_array_index(member->known, Known, i).id == id)
            return g_array_index(member->known, Known, i).candidate;
    return NULL;
}

uint64_t member_candidate_id(Member *member, const Candidate *candidate)
{
    for (guint i = 0; i < member->known->len; i++)
        if (candidate_same(g_array_index(member->known, Known, i).candidate, candidate))
            return g_array_index(member->known, Known, i).id;
    return 0;
}

GPtrArray *member_candidates(Member *member)
{
    return finder_candidates(member->finder);
}

Session *member_session(Member *member)
{
    return member->session;
}

Store *member_store(Member *member)
{
    return member->store;
}

void member_touched(Member *member)
{
    g_source_set_ready_time(member->timer, 0);
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    return callback(user);
}

static gboolean timer_fired(gpointer user)
{
    Member *member = user;
    g_source_set_ready_time(member->timer, -1);
    session_flush(member->session, g_get_monotonic_time());
    session_tick(member->session, g_get_monotonic_time());
    int64_t deadline = session_deadline(member->session);
    int64_t set = g_source_get_ready_time(member->timer);
    if (deadline != INT64_MAX && (set < 0 || deadline < set))
        g_source_set_ready_time(member->timer, deadline);
    return G_SOURCE_CONTINUE;
}

static void round_end(void *user)
{
    member_touched(user);
}

/* --- links --- */

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

static void schedule_left(Member *member)
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

static void parting_free(gpointer data)
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
        schedule_left(member);
}

static const LinkEvents parting_events = {
    .message = parting_message, .closed = parting_closed, .message_max = parting_max};

static void out_hang_up(void *user)
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

static bool out_send(GBytes *frame, void *user)
{
    Member *member = user;
    return member->link && link_send(member->link, frame);
}

/* --- dialling --- */

/* An announced key is a hint that saves a useless joining; the typed address of a person takes
 * whatever answers. */
static bool dial_acceptable(const uint8_t *key, void *user)
{
    Member *member = user;
    Candidate *candidate = candidate_of(member, member->dialling);
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
    Candidate *candidate = candidate_of(member, member->dialling);
    g_autofree char *reason = g_strdup(why);
    g_clear_pointer(&member->dialer, dialer_free);
    if (candidate)
        finder_doubt(member->finder, candidate);
    session_dial_failed(member->session, member->dialling, reason, g_get_monotonic_time());
    member_touched(member);
}

static void out_dial(uint64_t id, void *user)
{
    static const DialerEvents dialer_events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    Member *member = user;
    Candidate *candidate = candidate_of(member, id);
    g_clear_pointer(&member->dialer, dialer_free);
    member->dialling = id;
    member->dialer = dialer_new(member->context, member->poller, member->tls, TLS_ALPN_LINK,
                                candidate ? candidate_addresses(candidate) : NULL, NULL, 0,
                                &dialer_events, member);
}

/* --- finding --- */

static uint64_t number(Member *member, Candidate *candidate)
{
    for (guint i = 0; i < member->known->len; i++) {
        Known *known = &g_array_index(member->known, Known, i);
        if (!candidate_same(known->candidate, candidate))
            continue;
        candidate_unref(known->candidate);
        known->candidate = candidate_ref(candidate);
        return known->id;
    }
    Known known = {.id = ++member->last_id, .candidate = candidate_ref(candidate)};
    g_array_append_val(member->known, known);
    return known.id;
}

/* Numbers of nodes that are gone are forgotten, except of those in use. */
static void forget_gone(Member *member, GPtrArray *candidates)
{
    for (guint i = member->known->len; i-- > 0;) {
        const Known *known = &g_array_index(member->known, Known, i);
        bool used =
            known->id == member->linked || (member->dialer && known->id == member->dialling);
        for (guint j = 0; j < candidates->len && !used; j++)
            used = candidate_same(known->candidate, g_ptr_array_index(candidates, j));
        if (!used)
            g_array_remove_index_fast(member->known, i);
    }
}

static SessionCandidate describe(Member *member, Candidate *candidate)
{
    const uint8_t *last = finder_last_place(member->finder);
    const uint8_t *place = candidate_place(candidate);
    const uint8_t *key = candidate_key(candidate);
    unsigned sources = candidate_sources(candidate);
    SessionCandidate seen = {
        .id = number(member, candidate),
        .typed = sources & CANDIDATE_TYPED,
        .relay = candidate_role(candidate) == CANDIDATE_ROLE_RELAY,
        .remembered = (sources & CANDIDATE_REMEMBERED) && !(sources & CANDIDATE_SEEN),
        .has_place = place != NULL,
        .has_key = key != NULL,
        .last_here = place && last && memcmp(place, last, PLACE_SIZE) == 0,
    };
    if (place)
        memcpy(seen.place, place, PLACE_SIZE);
    if (key)
        memcpy(seen.key_prefix, key, CANDIDATE_KEY_SIZE);
    return seen;
}

static void tell_candidates(Member *member)
{
    g_autoptr(GPtrArray) candidates = finder_candidates(member->finder);
    g_autofree SessionCandidate *seen = g_new0(SessionCandidate, candidates->len);
    FinderState state = finder_state(member->finder);
    uint64_t wanted = 0;
    size_t count = 0;
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = g_ptr_array_index(candidates, i);
        if (candidate_addresses(candidate)->len == 0)
            continue; /* a typed name that is not resolved yet */
        seen[count] = describe(member, candidate);
        if (member->wanted && g_strcmp0(candidate_typed(candidate), member->wanted) == 0)
            wanted = seen[count].id;
        count++;
    }
    forget_gone(member, candidates);
    bool settled = state == FINDER_SETTLED || state == FINDER_UNAVAILABLE;
    session_candidates(member->session, seen, count, settled, g_get_monotonic_time());
    if (wanted) {
        g_clear_pointer(&member->wanted, g_free);
        session_choose(member->session, wanted, g_get_monotonic_time());
    }
    member_touched(member);
}

static void finder_changed(void *user)
{
    Member *member = user;
    tell_candidates(member);
    member->events.choices(member->user);
}

static void finder_state_changed(FinderState state, const char *line, void *user)
{
    Member *member = user;
    tell_candidates(member);
    member->events.finding(state, line, member->user);
}

static void network_changed(void *user)
{
    Member *member = user;
    tell_candidates(member);
    session_try_now(member->session, g_get_monotonic_time());
}

gboolean member_connect(Member *member, const char *address, GError **error)
{
    if (!finder_type(member->finder, address, error))
        return FALSE;
    g_free(member->wanted);
    member->wanted = g_strdup(address);
    tell_candidates(member); /* it may have been typed before */
    return TRUE;
}

/* --- what the session asks for --- */

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    Member *member = user;
    char hex[2 * PLACE_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, place, PLACE_SIZE);
    g_autofree char *directory = g_build_filename(member->data_dir, "places", hex, NULL);
    if (g_mkdir_with_parents(directory, 0700) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "Cannot make %s: %s",
                    directory, g_strerror(errno));
        return NULL;
    }
    return log_open(directory, place, error);
}

static void remember(Member *member)
{
    Candidate *candidate = candidate_of(member, member->linked);
    const uint8_t *place = session_place(member->session);
    if (!candidate || !place)
        return;
    const GPtrArray *others = candidate_addresses(candidate);
    for (guint i = 0; i < others->len; i++)
        g_ptr_array_add(member->answered, g_object_ref(g_ptr_array_index(others, i)));
    CandidateRole role = candidate_role(candidate);
    finder_remember(member->finder, place, member->peer, role, session_place_name(member->session),
                    member->answered);
}

static void out_event(const SessionEvent *event, void *user)
{
    Member *member = user;
    if (event->type == SESSION_EVENT_JOINED)
        remember(member);
    member->events.event(event, member->user);
}

static int64_t out_wall_ms(void *user)
{
    return g_get_real_time() / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    randombytes_buf(bytes, length);
}

/* --- life --- */

static gboolean open_files(Member *member, GError **error)
{
    g_autofree char *identity = g_build_filename(member->data_dir, "identity.key", NULL);
    g_autofree char *keyring = g_build_filename(member->data_dir, "sealing.keys", NULL);
    member->store = store_open(member->data_dir, error);
    if (!member->store)
        return FALSE;
    member->identity = identity_open(identity, error);
    if (!member->identity)
        return FALSE;
    member->keyring = keyring_open(keyring, out_wall_ms(NULL), error);
    if (!member->keyring)
        return FALSE;
    member->tls = tls_new(member->identity, error);
    return member->tls != NULL;
}

static gboolean open_session(Member *member, const MemberOptions *options, GError **error)
{
    static const SessionOutput output = {
        .dial = out_dial,
        .hang_up = out_hang_up,
        .send = out_send,
        .open_log = out_open_log,
        .event = out_event,
        .wall_ms = out_wall_ms,
        .random = out_random,
    };
    int64_t now_us = g_get_monotonic_time();
    member->session = session_new(member->identity, member->keyring, member->store, &output, member,
                                  now_us, error);
    if (!member->session)
        return FALSE;
    if (options->name)
        return session_set_name(member->session, options->name, now_us, error);
    return TRUE;
}

static gboolean open_finder(Member *member, const MemberOptions *options, GError **error)
{
    static const FinderEvents events = {
        .changed = finder_changed, .state = finder_state_changed, .network = network_changed};
    g_autofree char *memory = g_build_filename(member->data_dir, "places.ini", NULL);
    member->finder = finder_new(member->context, memory, options->use_mdns, &events, member);
    return !options->connect || finder_type(member->finder, options->connect, error);
}

static void open_loop(Member *member)
{
    static GSourceFuncs timer = {.dispatch = timer_dispatch};
    member->poller = poller_new(member->context);
    poller_set_round_end(member->poller, round_end, member);
    member->timer = g_source_new(&timer, sizeof(GSource));
    g_source_set_callback(member->timer, timer_fired, member, NULL);
}

Member *member_new(GMainContext *context, const MemberOptions *options, const MemberEvents *events,
                   void *user, GError **error)
{
    g_autoptr(Member) member = g_new0(Member, 1);
    member->context =
        context ? g_main_context_ref(context) : g_main_context_ref(g_main_context_default());
    member->events = *events;
    member->user = user;
    member->data_dir = options->data_dir
                           ? g_strdup(options->data_dir)
                           : g_build_filename(g_get_user_data_dir(), "backfence", NULL);
    member->known = g_array_new(FALSE, FALSE, sizeof(Known));
    g_array_set_clear_func(member->known, known_clear);
    member->parting = g_ptr_array_new_with_free_func(parting_free);
    member->answered = g_ptr_array_new_with_free_func(g_object_unref);
    open_loop(member);
    if (!open_files(member, error) || !open_finder(member, options, error) ||
        !open_session(member, options, error))
        return NULL;
    return g_steal_pointer(&member);
}

void member_free(Member *member)
{
    if (!member)
        return;
    if (member->left_source) {
        g_source_destroy(member->left_source);
        g_source_unref(member->left_source);
    }
    g_source_destroy(member->timer);
    g_source_unref(member->timer);
    dialer_free(member->dialer);
    link_free(member->link);
    g_ptr_array_unref(member->parting);
    session_free(member->session);
    finder_free(member->finder);
    poller_free(member->poller);
    tls_free(member->tls);
    keyring_free(member->keyring);
    identity_free(member->identity);
    store_close(member->store);
    g_ptr_array_unref(member->answered);
    g_array_unref(member->known);
    g_free(member->wanted);
    g_free(member->data_dir);
    g_main_context_unref(member->context);
    g_free(member);
}

void member_start(Member *member)
{
    g_source_attach(member->timer, member->context);
    finder_start(member->finder);
    tell_candidates(member);
}

void member_leave(Member *member, void (*done)(void *user), void *user)
{
    member->left = done;
    member->left_user = user;
    session_flush(member->session, g_get_monotonic_time());
    session_leave(member->session, g_get_monotonic_time());
    if (member->parting->len == 0)
        schedule_left(member);
}
