#pragma once
/* Keeps the history of a relay within its bounds, a little at a time between its other work.
 * Default GMainContext. */

#include "relay/log.h"

typedef struct Retention Retention;

/* Nothing is bounded at first. `log` must outlive it. */
Retention *retention_new(Log *log);
void retention_free(Retention *retention);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Retention, retention_free)

/* Public events older than so many days, and the oldest while the log takes more than so many bytes
 * (log_retain()); 0: no bound. Looked after from now on, every minute. */
void retention_set(Retention *retention, unsigned days, uint64_t bytes);
