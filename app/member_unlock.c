/* A passphrase becomes a secret: a fifth of a second of work and 64 MiB, on a thread of its own. */
#include "app/member_internal.h"
#include "relay/cpace.h"

#include <sodium.h>
#include <string.h>

/* In memory that is kept secret, owned by the task. */
typedef struct {
    uint8_t place[PLACE_SIZE];
    uint8_t secret[SECRET_SIZE];
    char passphrase[PASSPHRASE_MAX + 1];
    bool made;
} Unlocking;

static void make_secret(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Unlocking *unlocking = data;
    unlocking->made = cpace_secret(unlocking->passphrase, unlocking->place, unlocking->secret);
    sodium_memzero(unlocking->passphrase, sizeof unlocking->passphrase);
    g_task_return_boolean(task, TRUE);
}

static void refuse(Member *member)
{
    SessionEvent event = {.type = SESSION_EVENT_PASSPHRASE,
                          .text = "That cannot be a passphrase: it is empty, or too long."};
    member->events.event(&event, member->user);
}

static void made(GObject *source, GAsyncResult *result, gpointer user)
{
    GTask *task = G_TASK(result);
    if (g_cancellable_is_cancelled(g_task_get_cancellable(task))) /* nobody is there any more */
        return;
    Member *member = user;
    const Unlocking *unlocking = g_task_get_task_data(task);
    g_clear_object(&member->unlocking);
    if (unlocking->made)
        session_set_secret(member->session, unlocking->place, unlocking->secret,
                           g_get_monotonic_time());
    else
        refuse(member);
    member_touched(member);
}

void member_unlock(Member *member, const char *passphrase)
{
    const uint8_t *place = session_locked_place(member->session);
    size_t length = strlen(passphrase);
    if (!place)
        return;
    if (length == 0 || length > PASSPHRASE_MAX || !g_utf8_validate(passphrase, -1, NULL)) {
        refuse(member);
        return;
    }
    member_unlock_stop(member);
    Unlocking *unlocking = sodium_malloc(sizeof *unlocking);
    if (!unlocking)
        g_error("no memory that is kept secret");
    memset(unlocking, 0, sizeof *unlocking);
    memcpy(unlocking->place, place, PLACE_SIZE);
    memcpy(unlocking->passphrase, passphrase, length);
    member->unlocking = g_cancellable_new();
    g_main_context_push_thread_default(member->context);
    g_autoptr(GTask) task = g_task_new(NULL, member->unlocking, made, member);
    g_task_set_task_data(task, unlocking, sodium_free);
    g_task_run_in_thread(task, make_secret);
    g_main_context_pop_thread_default(member->context);
}

void member_unlock_stop(Member *member)
{
    if (member->unlocking)
        g_cancellable_cancel(member->unlocking);
    g_clear_object(&member->unlocking);
}
