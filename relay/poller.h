#pragma once
/* Thousands of sockets in one GMainContext: they are watched by an epoll descriptor of its own, which is a single source of the context. One thread. */

#include <glib.h>
#include <stdint.h>

typedef struct Poller Poller;
typedef struct PollerWatch PollerWatch;

/* `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. The watch may be removed from inside. */
typedef void (*PollerReady)(uint32_t events, void *user);

Poller *poller_new(GMainContext *context);
void poller_free(Poller *poller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Poller, poller_free)

/* Called after each round in which anything was ready: the place for group commits and for writing out queues. */
void poller_set_round_end(Poller *poller, void (*round_end)(void *user), void *user);

/* The descriptor stays the caller's. */
PollerWatch *poller_watch(Poller *poller, int fd, uint32_t events, PollerReady ready, void *user);
void poller_change(PollerWatch *watch, uint32_t events);
void poller_unwatch(PollerWatch *watch);
