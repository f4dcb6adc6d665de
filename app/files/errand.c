#include "app/files/errand.h"

#include <string.h>

typedef struct {
    uint64_t job;
    char **paths;
    char *directory;
    ErrandListed listed;
} Walk;

static void walk_free(gpointer data)
{
    Walk *walk = data;
    g_strfreev(walk->paths);
    g_free(walk->directory);
    g_free(walk);
}

typedef struct {
    Listing *listing;
    Offer *offer;
} Walked;

static void walked_free(gpointer data)
{
    Walked *walked = data;
    listing_unref(walked->listing);
    offer_unref(walked->offer);
    g_free(walked);
}

static void walk_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Walk *walk = data;
    g_autoptr(GError) error = NULL;
    Offer *offer = NULL;
    Listing *listing = listing_make((const char *const *)walk->paths, walk->directory, cancellable,
                                    &offer, &error);
    if (!listing) {
        g_task_return_error(task, g_steal_pointer(&error));
        return;
    }
    Walked *walked = g_new0(Walked, 1);
    walked->listing = listing;
    walked->offer = offer;
    g_task_return_pointer(task, walked, walked_free);
}

/* Who asked may be gone when it was cancelled. */
static void walk_ended(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    Walked *walked = g_task_propagate_pointer(G_TASK(result), &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    const Walk *walk = g_task_get_task_data(G_TASK(result));
    if (!walked) {
        walk->listed(walk->job, NULL, NULL, error->message, user);
        return;
    }
    walk->listed(walk->job, walked->listing, walked->offer, NULL, user);
    walked_free(walked);
}

void errand_list(GMainContext *context, GCancellable *cancellable, uint64_t job, char *const *paths,
                 const char *directory, ErrandListed listed, void *user)
{
    Walk *walk = g_new0(Walk, 1);
    walk->job = job;
    walk->paths = g_strdupv((char **)paths);
    walk->directory = g_strdup(directory);
    walk->listed = listed;
    g_main_context_push_thread_default(context);
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, walk_ended, user);
    g_main_context_pop_thread_default(context);
    g_task_set_task_data(task, walk, walk_free);
    g_task_run_in_thread(task, walk_thread);
}

typedef struct {
    char *state_dir;
    char *into;
    uint8_t transfer[TRANSFER_SIZE];
} Discard;

static void discard_free(gpointer data)
{
    Discard *discard = data;
    g_free(discard->state_dir);
    g_free(discard->into);
    g_free(discard);
}

static void discard_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Discard *discard = data;
    landing_discard(discard->state_dir, discard->into, discard->transfer);
    g_task_return_boolean(task, TRUE);
}

void errand_discard(const char *state_dir, const char *into, const uint8_t *transfer)
{
    Discard *discard = g_new0(Discard, 1);
    discard->state_dir = g_strdup(state_dir);
    discard->into = g_strdup(into);
    memcpy(discard->transfer, transfer, TRANSFER_SIZE);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);
    g_task_set_task_data(task, discard, discard_free);
    g_task_run_in_thread(task, discard_thread);
}
