#include "relay/poller.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_ROUND 256

/* Watches that are removed while a round runs may still stand in its list of events: they are
 * marked and freed at the end of the round. Deadlines are a list in rising order; as most are "now
 * and a fixed time", a new one finds its place from the end at once. */
struct PollerWatch {
    Poller *poller;
    int fd;
    uint32_t events;
    bool removed;
    bool poked;
    int64_t deadline_us; /* 0: not in the list */
    PollerReady ready;
    void *user;
    GList node; /* in the list of deadlines */
};

struct Poller {
    GSource *source;
    int epoll;
    bool awake; /* the next round is due now */
    bool in_round;
    unsigned watches;
    void (*round_end)(void *user);
    void *round_end_user;
    GQueue deadlines;   /* of PollerWatch, by its `node` */
    GPtrArray *poked;   /* PollerWatch; may hold removed ones */
    GPtrArray *removed; /* PollerWatch, owned */
    PollerScratch *scratch;
};

typedef struct {
    GSource source;
    Poller *poller;
    void *poll; /* tag of the epoll descriptor */
} RoundSource;

static bool deadline_passed(const Poller *poller, int64_t now_us)
{
    const GList *first = poller->deadlines.head;
    return first != NULL && ((PollerWatch *)first->data)->deadline_us <= now_us;
}

static gboolean round_prepare(GSource *source, int *timeout)
{
    const Poller *poller = ((RoundSource *)source)->poller;
    int64_t now_us = g_source_get_time(source);
    *timeout = -1;
    if (poller->in_round)
        return FALSE;
    if (poller->awake || deadline_passed(poller, now_us))
        return TRUE;
    const GList *first = poller->deadlines.head;
    if (first != NULL) {
        int64_t wait_us = ((PollerWatch *)first->data)->deadline_us - now_us;
        *timeout = (int)MIN((wait_us + 999) / 1000, INT64_C(3600000));
    }
    return FALSE;
}

static gboolean round_check(GSource *source)
{
    const RoundSource *round = (RoundSource *)source;
    if (round->poller->in_round)
        return FALSE;
    return round->poller->awake || deadline_passed(round->poller, g_source_get_time(source)) ||
           g_source_query_unix_fd(source, round->poll) != 0;
}

static void serve_ready(Poller *poller)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    int count = epoll_wait(poller->epoll, events, G_N_ELEMENTS(events), 0);
    for (int i = 0; i < count; i++) {
        PollerWatch *watch = events[i].data.ptr;
        if (!watch->removed)
            watch->ready(events[i].events, watch->user);
    }
}

static void serve_deadlines(Poller *poller)
{
    int64_t now_us = g_get_monotonic_time();
    /* One that sets a passed deadline anew waits for the next round. */
    for (unsigned left = poller->deadlines.length; left > 0; left--) {
        if (!deadline_passed(poller, now_us))
            return;
        PollerWatch *watch = poller->deadlines.head->data;
        poller_set_deadline(watch, 0);
        watch->ready(POLLER_DEADLINE, watch->user);
    }
}

/* Those poked from here on wait for the next round, so that one cannot keep all others waiting. */
static void serve_poked(Poller *poller)
{
    if (poller->poked->len == 0)
        return;
    g_autoptr(GPtrArray) poked = g_steal_pointer(&poller->poked);
    poller->poked = g_ptr_array_sized_new(poked->len);
    for (unsigned i = 0; i < poked->len; i++) {
        PollerWatch *watch = poked->pdata[i];
        if (watch->removed)
            continue;
        watch->poked = false;
        watch->ready(POLLER_POKED, watch->user);
    }
}

static gboolean round_dispatch(GSource *source, GSourceFunc callback, void *data)
{
    Poller *poller = ((RoundSource *)source)->poller;
    poller->awake = false;
    poller->in_round = true;
    serve_ready(poller);
    serve_deadlines(poller);
    if (poller->round_end != NULL)
        poller->round_end(poller->round_end_user);
    serve_poked(poller);
    poller->in_round = false;
    if (poller->poked->len == 0)
        g_ptr_array_set_size(poller->removed, 0);
    else
        poller->awake = true;
    return G_SOURCE_CONTINUE;
}

Poller *poller_new(GMainContext *context)
{
    static GSourceFuncs functions = {
        .prepare = round_prepare, .check = round_check, .dispatch = round_dispatch};
    Poller *poller = g_new0(Poller, 1);
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll < 0)
        g_error("epoll_create1: %s", g_strerror(errno));
    poller->poked = g_ptr_array_new();
    poller->removed = g_ptr_array_new_with_free_func(g_free);
    poller->source = g_source_new(&functions, sizeof(RoundSource));
    g_source_set_static_name(poller->source, "poller");
    /* GLib would take the descriptor out of its list during each dispatch, and wake itself up for
     * that, twice. A context that runs inside of a round passes this source over by itself. */
    g_source_set_can_recurse(poller->source, TRUE);
    RoundSource *round = (RoundSource *)poller->source;
    round->poller = poller;
    round->poll = g_source_add_unix_fd(poller->source, poller->epoll, G_IO_IN);
    g_source_attach(poller->source, context);
    return poller;
}

void poller_free(Poller *poller)
{
    if (poller == NULL)
        return;
    g_assert(poller->watches == 0 && !poller->in_round);
    g_source_destroy(poller->source);
    g_source_unref(poller->source);
    close(poller->epoll);
    g_ptr_array_unref(poller->poked);
    g_ptr_array_unref(poller->removed);
    g_free(poller->scratch);
    g_free(poller);
}

void poller_set_round_end(Poller *poller, void (*round_end)(void *user), void *user)
{
    poller->round_end = round_end;
    poller->round_end_user = user;
}

void poller_wake(Poller *poller)
{
    poller->awake = true;
}

PollerScratch *poller_scratch(Poller *poller)
{
    if (poller->scratch == NULL)
        poller->scratch = g_new(PollerScratch, 1);
    return poller->scratch;
}

static void control(PollerWatch *watch, int operation)
{
    struct epoll_event event = {.events = watch->events, .data.ptr = watch};
    if (epoll_ctl(watch->poller->epoll, operation, watch->fd, &event) != 0)
        g_error("epoll_ctl(%d): %s", watch->fd, g_strerror(errno));
}

PollerWatch *poller_watch(Poller *poller, int fd, uint32_t events, PollerReady ready, void *user)
{
    PollerWatch *watch = g_new0(PollerWatch, 1);
    *watch =
        (PollerWatch){.poller = poller, .fd = fd, .events = events, .ready = ready, .user = user};
    watch->node.data = watch;
    if (fd >= 0)
        control(watch, EPOLL_CTL_ADD);
    poller->watches++;
    return watch;
}

void poller_change(PollerWatch *watch, uint32_t events)
{
    g_assert(!watch->removed && watch->fd >= 0);
    if (events == watch->events)
        return;
    watch->events = events;
    control(watch, EPOLL_CTL_MOD);
}

void poller_poke(PollerWatch *watch)
{
    g_assert(!watch->removed);
    if (watch->poked)
        return;
    watch->poked = true;
    g_ptr_array_add(watch->poller->poked, watch);
    if (!watch->poller->in_round)
        watch->poller->awake = true;
}

void poller_set_deadline(PollerWatch *watch, int64_t when_us)
{
    GQueue *deadlines = &watch->poller->deadlines;
    if (watch->deadline_us != 0)
        g_queue_unlink(deadlines, &watch->node);
    watch->deadline_us = when_us;
    if (when_us == 0)
        return;
    GList *before = deadlines->tail;
    while (before != NULL && ((PollerWatch *)before->data)->deadline_us > when_us)
        before = before->prev;
    if (before == NULL)
        g_queue_push_head_link(deadlines, &watch->node);
    else
        g_queue_insert_after_link(deadlines, before, &watch->node);
}

void poller_unwatch(PollerWatch *watch)
{
    if (watch == NULL)
        return;
    Poller *poller = watch->poller;
    poller_set_deadline(watch, 0);
    if (watch->fd >= 0)
        control(watch, EPOLL_CTL_DEL);
    watch->removed = true;
    poller->watches--;
    if (poller->in_round || watch->poked)
        g_ptr_array_add(poller->removed, watch);
    else
        g_free(watch);
}
