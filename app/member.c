/* The shell around a Session. Everything that happens comes from the context: the poller's rounds,
 * the finder, the dialer, one timer. What was caused by any of them is flushed at the end of a
 * round or when the timer fires at once, never from inside a callback. */
#include "app/member.h"

#include "app/member_internal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static void known_clear(gpointer data)
{
    candidate_unref(((Known *)data)->candidate);
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
    int64_t files = member_files_tick(member->files);
    int64_t deadline = MIN(session_deadline(member->session), files);
    int64_t set = g_source_get_ready_time(member->timer);
    if (deadline != INT64_MAX && (set < 0 || deadline < set))
        g_source_set_ready_time(member->timer, deadline);
    return G_SOURCE_CONTINUE;
}

static void round_end(void *user)
{
    member_touched(user);
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

static void out_event(const SessionEvent *event, void *user)
{
    Member *member = user;
    if (!member->started) /* the owner has not got its Member yet */
        return;
    if (event->type == SESSION_EVENT_JOINED)
        member_keep_place(member);
    member_files_event(member->files, event);
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
    const SessionOutput output = {
        .dial = member_dial,
        .hang_up = member_hang_up,
        .serve = options->serve ? member_serve : NULL,
        .retire = member_retire,
        .send = member_send,
        .open_log = out_open_log,
        .event = out_event,
        .wall_ms = out_wall_ms,
        .random = out_random,
        .exporter = member_export,
    };
    int64_t now_us = g_get_monotonic_time();
    member->session = session_new(member->identity, member->keyring, member->store, &output, member,
                                  now_us, error);
    if (!member->session)
        return FALSE;
    if (options->name)
        return session_set_name(member->session, options->name, now_us, error);
    const char *login = g_get_real_name();
    bool nameless = *login == '\0' || g_str_equal(login, "Unknown");
    session_suggest_name(member->session, nameless ? g_get_user_name() : login, now_us);
    return TRUE;
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
    member->loopback = options->loopback;
    member->user = user;
    member->data_dir = options->data_dir
                           ? g_strdup(options->data_dir)
                           : g_build_filename(g_get_user_data_dir(), "backfence", NULL);
    member->known = g_array_new(FALSE, FALSE, sizeof(Known));
    g_array_set_clear_func(member->known, known_clear);
    member->parting = g_ptr_array_new_with_free_func(parting_free);
    open_loop(member);
    if (!open_files(member, error) || !member_open_finder(member, options, error) ||
        !open_session(member, options, error))
        return NULL;
    member->files = member_files_new(member, error);
    if (!member->files)
        return NULL;
    if (options->serve)
        member->host = host_new(member->context, member->identity, options->use_mdns);
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
    member_stop_waiting(member);
    member_unlock_stop(member);
    member_files_free(member->files);
    dialer_free(member->dialer);
    link_free(member->link);
    g_ptr_array_unref(member->parting);
    host_free(member->host);
    session_free(member->session);
    finder_free(member->finder);
    poller_free(member->poller);
    tls_free(member->tls);
    keyring_free(member->keyring);
    identity_free(member->identity);
    store_close(member->store);
    g_clear_object(&member->answered);
    g_clear_object(&member->answered_last);
    g_array_unref(member->known);
    g_free(member->wanted);
    g_free(member->data_dir);
    g_main_context_unref(member->context);
    g_free(member);
}

void member_start(Member *member)
{
    member->started = true;
    g_source_attach(member->timer, member->context);
    member_files_start(member->files);
    finder_start(member->finder);
    member_tell_network(member);
    member_tell_candidates(member);
}

static void all_quiet(void *user)
{
    Member *member = user;
    member->quiet = true;
    member_schedule_left(member);
}

/* The own link goes before the hub, or the session would look for the next one who carries the
 * room. */
static void handed_over(void *user)
{
    Member *member = user;
    session_leave(member->session, g_get_monotonic_time());
    if (!member->host) {
        all_quiet(member);
        return;
    }
    host_retire(member->host, NULL);
    host_await_quiet(member->host, all_quiet, member);
}

void member_leave(Member *member, void (*done)(void *user), void *user)
{
    member->leaving = true;
    member->left = done;
    member->left_user = user;
    member_files_leave(member->files);
    session_flush(member->session, g_get_monotonic_time());
    if (member->host)
        host_hand_over(member->host, handed_over, member);
    else
        handed_over(member);
}
