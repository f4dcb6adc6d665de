#pragma once
/* SIGTERM, SIGINT and SIGHUP as a call instead of an interruption: a thread of its own waits for
 * them. One at a time in a process. */

typedef struct Signals Signals;

/* Before any other thread is made: all threads inherit that these signals are blocked. `quit` is
 * called on the waiting thread. */
Signals *signals_start(void (*quit)(void *user), void *user);
/* `quit` is not called any more afterwards. */
void signals_stop(Signals *signals);
