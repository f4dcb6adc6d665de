#pragma once
/* What the files of the engine share; nobody else includes it. */

#include "app/engine.h"
#include "app/member.h"
#include "app/timeline.h"

#include <pthread.h>

/* What another thread wants done on the network thread. */
typedef struct Order Order;
struct Order {
    void (*run)(Engine *engine, const Order *order);
    char *conversation; /* owned, or another id */
    char *text;         /* owned */
    uint8_t bytes[KEY_SIZE];
    bool flag;
    int number;
    char **paths; /* owned */
    GBytes *data; /* owned */
    uint32_t width, height;
};

struct Engine {
    GThread *thread;
    GMainContext *context;
    GSource *order_source;
    void (*wake)(void *user);
    void *wake_user;

    pthread_mutex_t mutex;
    pthread_cond_t ready;
    /* guarded by mutex */
    GQueue orders; /* Order, owned */
    Model *newest; /* owned */
    bool woken;
    bool started;
    GError *error;

    /* network thread only */
    GMainLoop *loop;
    Member *member;
    Timeline *timeline;
    GSource *snapshot_source;
    int64_t snapshot_us; /* of the newest */
    char *here;          /* conversation of the command that runs */
    EngineOptions options;
};

/* A snapshot follows soon when the timeline changed; many changes make one. Network thread. */
void engine_changed(Engine *engine);

/* engine_choices.c */
/* All places anew. */
void engine_list_choices(Engine *engine);
/* The candidate to join for a Choice.id; 0: it is gone. */
uint64_t engine_choice(Engine *engine, const char *id);

/* engine_files.c */
/* All transfers, accepted people and the folder anew. */
void engine_list_transfers(Engine *engine);
/* For MemberEvents. */
void engine_transfer_changed(Transfer *transfer, void *user);
void engine_transfer_gone(const uint8_t *id, void *user);

/* engine_orders.c */
/* An order to fill and to give; strings are copied. */
Order *order_new(void (*run)(Engine *engine, const Order *order), const char *conversation,
                 const char *text);
/* Takes it. Any thread. */
void engine_give(Engine *engine, Order *order);
/* Says Goodbye and ends the loop, at most 2.5 s later. Any thread. */
void engine_leave(Engine *engine);
/* Serves what was ordered: the callback of order_source. */
gboolean engine_serve_orders(gpointer user);
/* Orders that nobody serves any more. */
void engine_drop_orders(Engine *engine);
