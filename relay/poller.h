#pragma once
/* Thousands of sockets in one GMainContext: they are watched by an epoll descriptor of its own,
 * which is a single source of the context. Also one-shot deadlines and "soon" calls for them, so
 * that no watch needs a GSource.
 *
 * A round: what is ready is served, deadlines that passed fire, the round's end is called (group
 * commits), and at last those that were poked meanwhile (writing out queues). One thread. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Poller Poller;
typedef struct PollerWatch PollerWatch;

/* Beside EPOLLIN, EPOLLOUT, EPOLLHUP and EPOLLERR, which come alone or together. */
#define POLLER_POKED (UINT32_C(1) << 20)    /* comes alone */
#define POLLER_DEADLINE (UINT32_C(1) << 21) /* comes alone */

/* Any watch may be made, changed and removed from inside. */
typedef void (*PollerReady)(uint32_t events, void *user);

/* Memory that all watches of a poller share while they are served; nothing stays in it. */
#define POLLER_IN_SIZE (64 * 1024)
#define POLLER_RECORD_SIZE (16 * 1024)
typedef struct {
    uint8_t in[POLLER_IN_SIZE];        /* bytes from a socket */
    uint8_t plain[POLLER_RECORD_SIZE]; /* one decrypted record */
    uint8_t out[POLLER_RECORD_SIZE];   /* one record to be written */
} PollerScratch;

/* Attaches to `context` (NULL: the default one). */
Poller *poller_new(GMainContext *context);
/* All watches must be gone. */
void poller_free(Poller *poller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Poller, poller_free)

/* Called after each round in which anything was ready: the place for group commits and for writing
 * out queues. NULL: nothing. */
void poller_set_round_end(Poller *poller, void (*round_end)(void *user), void *user);
/* Another round follows soon, though nothing may be ready. */
void poller_wake(Poller *poller);
/* Owned by the poller; made at the first call. */
PollerScratch *poller_scratch(Poller *poller);

/* The descriptor stays the caller's; -1 watches nothing, for deadlines and pokes alone. Dies of
 * lack of memory only. */
PollerWatch *poller_watch(Poller *poller, int fd, uint32_t events, PollerReady ready, void *user);
/* Costs a system call only when `events` differ from those watched. */
void poller_change(PollerWatch *watch, uint32_t events);
/* `ready` gets POLLER_POKED once, after the end of this round or of the next one. */
void poller_poke(PollerWatch *watch);
/* `ready` gets POLLER_DEADLINE once, when g_get_monotonic_time() has reached `when_us`; 0: never.
 */
void poller_set_deadline(PollerWatch *watch, int64_t when_us);
/* `ready` is not called any more. NULL does nothing. */
void poller_unwatch(PollerWatch *watch);
