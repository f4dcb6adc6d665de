#include "discovery/announcer.h"

#include "discovery/loop_thread.h"
#include "discovery/publication.h"

#include <string.h>

/* The owner's side. A Publication does the work on a LoopThread's thread; this holds the two
 * together.
 */

struct Announcer {
    gatomicrefcount references; /* the owner's, and one for each message on its way */
    GMainContext *context;      /* owned; the owner's */
    LoopThread *worker;         /* owned; NULL: freed, nothing may be told any more */
    AnnouncerEvent event;
    void *user;
    AnnouncerState state;
    Publication *publication; /* owned; only on the worker's thread */
};

typedef struct {
    Announcer *announcer; /* a reference */
    Announcement announcement;
    char *name;        /* owned */
    char **interfaces; /* owned */
} Order;

typedef struct {
    Announcer *announcer; /* a reference */
    AnnouncerState state;
    char *line; /* owned */
} Report;

static Announcer *announcer_ref(Announcer *announcer)
{
    g_atomic_ref_count_inc(&announcer->references);
    return announcer;
}

static void announcer_unref(Announcer *announcer)
{
    if (g_atomic_ref_count_dec(&announcer->references)) {
        g_clear_pointer(&announcer->context, g_main_context_unref);
        g_free(announcer);
    }
}

/* On the owner's thread. */
static void report(void *data)
{
    Report *message = data;
    Announcer *announcer = message->announcer;
    if (announcer->worker) {
        announcer->state = message->state;
        if (announcer->event) {
            announcer->event(message->state, message->line, announcer->user);
        }
    }
    announcer_unref(announcer);
    g_free(message->line);
    g_free(message);
}

/* On the worker's thread, as all that follows up to order_new(). */
static void publication_changed(AnnouncerState state, const char *line, void *user)
{
    Announcer *announcer = user;
    Report *message = g_new0(Report, 1);
    message->announcer = announcer_ref(announcer);
    message->state = state;
    message->line = g_strdup(line);
    loop_thread_post(announcer->context, report, message);
}

static void order_free(Order *order)
{
    announcer_unref(order->announcer);
    g_free(order->name);
    g_strfreev(order->interfaces);
    g_free(order);
}

static void carry_out(void *data)
{
    Order *order = data;
    Announcer *announcer = order->announcer;
    if (announcer->publication) {
        publication_update(announcer->publication, &order->announcement);
    } else {
        announcer->publication =
            publication_new(g_main_context_get_thread_default(), &order->announcement,
                            publication_changed, announcer);
    }
    order_free(order);
}

static void withdraw(void *data)
{
    Announcer *announcer = data;
    g_clear_pointer(&announcer->publication, publication_free);
    announcer_unref(announcer);
}

static Order *order_new(Announcer *announcer, const Announcement *announcement)
{
    Order *order = g_new0(Order, 1);
    order->announcer = announcer_ref(announcer);
    order->name = g_strdup(announcement->name);
    order->interfaces = g_strdupv((char **)announcement->interfaces);
    order->announcement = *announcement;
    order->announcement.name = order->name;
    order->announcement.interfaces = (const char *const *)order->interfaces;
    return order;
}

Announcer *announcer_new(GMainContext *context, const Announcement *announcement,
                         AnnouncerEvent event, void *user)
{
    Announcer *announcer = g_new0(Announcer, 1);
    g_atomic_ref_count_init(&announcer->references);
    announcer->context = g_main_context_ref(context ? context : g_main_context_default());
    announcer->event = event;
    announcer->user = user;
    announcer->worker = loop_thread_new("announcer");
    announcer_update(announcer, announcement);
    return announcer;
}

void announcer_free(Announcer *announcer)
{
    if (!announcer) {
        return;
    }
    LoopThread *worker = g_steal_pointer(&announcer->worker);
    loop_thread_post(loop_thread_context(worker), withdraw, announcer_ref(announcer));
    loop_thread_free(worker);
    announcer_unref(announcer);
}

void announcer_update(Announcer *announcer, const Announcement *announcement)
{
    loop_thread_post(loop_thread_context(announcer->worker), carry_out,
                     order_new(announcer, announcement));
}
