#pragma once
/* A real backfence-relay under measurement: started on a free port of this machine with a fresh
 * data directory, watched through /proc, stopped and cleaned up after. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    GPid pid;
    int err; /* its stderr */
    uint16_t port;
    char *directory; /* owned */
} RelayProcess;

/* Relays started from now on run on this processor alone; -1: on any. */
void relay_process_pin(int core);
/* … and let members write so many messages a second; 0: as many as usual. */
void relay_process_set_rate(unsigned rate);
/* `program` NULL: $BACKFENCE_RELAY, else beside this program. Ends this program when it does not
 * start. */
RelayProcess relay_process_start(const char *program);
/* At once. What it stored and its port stay for relay_process_restart(). */
void relay_process_kill(RelayProcess *relay);
void relay_process_restart(RelayProcess *relay, const char *program);
/* SIGTERM, waits, removes the directory; false when it did not exit with 0. */
gboolean relay_process_stop(RelayProcess *relay);
/* Processor time used so far, seconds. */
double relay_process_cpu(const RelayProcess *relay);
/* Resident memory, KiB. */
uint64_t relay_process_rss(const RelayProcess *relay);
