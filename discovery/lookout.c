#include "discovery/lookout.h"

#include "discovery/loop_thread.h"

#include <string.h>

struct Lookout {
    gatomicrefcount references; /* the owner's, and one for each message on its way */
    GMainContext *context;      /* owned; the owner's */
    LoopThread *worker;         /* owned; NULL: freed, nothing may be told any more */
    LookoutEvents events;
    void *user;
    GPtrArray *sightings; /* owned */

    /* Only on the worker's thread. */
    Browser *browser;   /* owned */
    GHashTable *known;  /* owned; instance names */
    GSource *reporting; /* owned; one report for many changes */
};

typedef struct {
    Lookout *lookout;     /* a reference */
    GPtrArray *sightings; /* owned; NULL: this is about the state */
    BrowserState state;
    char *line; /* owned */
} Report;

typedef struct {
    Lookout *lookout;  /* a reference */
    GHashTable *known; /* owned until taken */
} Order;

static Lookout *lookout_ref(Lookout *lookout)
{
    g_atomic_ref_count_inc(&lookout->references);
    return lookout;
}

static void lookout_unref(Lookout *lookout)
{
    if (g_atomic_ref_count_dec(&lookout->references)) {
        g_ptr_array_unref(lookout->sightings);
        g_main_context_unref(lookout->context);
        g_free(lookout);
    }
}

/* On the owner's thread. */
static void report(void *data)
{
    Report *message = data;
    Lookout *lookout = message->lookout;
    if (lookout->worker && message->sightings) {
        g_ptr_array_unref(lookout->sightings);
        lookout->sightings = g_steal_pointer(&message->sightings);
        lookout->events.changed(lookout->user);
    } else if (lookout->worker) {
        lookout->events.state(message->state, message->line, lookout->user);
    }
    g_clear_pointer(&message->sightings, g_ptr_array_unref);
    lookout_unref(lookout);
    g_free(message->line);
    g_free(message);
}

static Report *report_new(Lookout *lookout)
{
    Report *message = g_new0(Report, 1);
    message->lookout = lookout_ref(lookout);
    return message;
}

/* On the worker's thread, as all that follows up to names_of(). */
static void post_sightings(Lookout *lookout)
{
    Report *message = report_new(lookout);
    g_autoptr(GPtrArray) now = browser_sightings(lookout->browser);
    message->sightings = g_ptr_array_new_full(now->len, (GDestroyNotify)sighting_free);
    for (guint i = 0; i < now->len; i++) {
        const Sighting *sighting = now->pdata[i];
        g_ptr_array_add(message->sightings, sighting_new(&sighting->txt, sighting->address,
                                                         sighting->virtual_interface));
    }
    loop_thread_post(lookout->context, report, message);
}

static void clear_reporting(Lookout *lookout)
{
    if (lookout->reporting) {
        g_source_destroy(lookout->reporting);
        g_clear_pointer(&lookout->reporting, g_source_unref);
    }
}

static gboolean report_now(void *user)
{
    Lookout *lookout = user;
    clear_reporting(lookout);
    post_sightings(lookout);
    return G_SOURCE_REMOVE;
}

static void browser_changed(void *user)
{
    Lookout *lookout = user;
    if (!lookout->reporting) {
        lookout->reporting = g_idle_source_new();
        g_source_set_priority(lookout->reporting, G_PRIORITY_DEFAULT);
        g_source_set_callback(lookout->reporting, report_now, lookout, NULL);
        g_source_attach(lookout->reporting, g_main_context_get_thread_default());
    }
}

/* What is there is told before it is said that this is all. */
static void browser_state(BrowserState state, const char *line, void *user)
{
    Lookout *lookout = user;
    if (lookout->reporting) {
        report_now(lookout);
    }
    Report *message = report_new(lookout);
    message->state = state;
    message->line = g_strdup(line);
    loop_thread_post(lookout->context, report, message);
}

/* Instance names begin with the key; after a collision something follows. */
static bool is_known(const char *instance, void *user)
{
    Lookout *lookout = user;
    g_autofree char *key = g_strndup(instance, 2 * CANDIDATE_KEY_SIZE);
    return g_hash_table_contains(lookout->known, key);
}

static void carry_out(void *data)
{
    static const BrowserEvents events = {browser_changed, browser_state, is_known};
    Order *order = data;
    Lookout *lookout = order->lookout;
    g_clear_pointer(&lookout->known, g_hash_table_unref);
    lookout->known = g_steal_pointer(&order->known);
    if (!lookout->browser) {
        lookout->browser = browser_new(g_main_context_get_thread_default(), &events, lookout);
    }
    lookout_unref(lookout);
    g_free(order);
}

static void end(void *data)
{
    Lookout *lookout = data;
    g_clear_pointer(&lookout->browser, browser_free);
    clear_reporting(lookout);
    g_clear_pointer(&lookout->known, g_hash_table_unref);
    lookout_unref(lookout);
}

static GHashTable *names_of(const GPtrArray *candidates)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < candidates->len; i++) {
        const uint8_t *key = candidate_key(candidates->pdata[i]);
        if (key) {
            g_hash_table_add(names, txt_hex(key, CANDIDATE_KEY_SIZE));
        }
    }
    return names;
}

void lookout_set_known(Lookout *lookout, const GPtrArray *known)
{
    Order *order = g_new0(Order, 1);
    order->lookout = lookout_ref(lookout);
    order->known = names_of(known);
    loop_thread_post(loop_thread_context(lookout->worker), carry_out, order);
}

Lookout *lookout_new(GMainContext *context, const GPtrArray *known, const LookoutEvents *events,
                     void *user)
{
    Lookout *lookout = g_new0(Lookout, 1);
    g_atomic_ref_count_init(&lookout->references);
    lookout->context = g_main_context_ref(context ? context : g_main_context_default());
    lookout->events = *events;
    lookout->user = user;
    lookout->sightings = g_ptr_array_new();
    lookout->worker = loop_thread_new("lookout");
    lookout_set_known(lookout, known);
    return lookout;
}

void lookout_free(Lookout *lookout)
{
    if (!lookout) {
        return;
    }
    LoopThread *worker = g_steal_pointer(&lookout->worker);
    loop_thread_post(loop_thread_context(worker), end, lookout_ref(lookout));
    loop_thread_free(worker);
    lookout_unref(lookout);
}

const GPtrArray *lookout_sightings(const Lookout *lookout)
{
    return lookout->sightings;
}
