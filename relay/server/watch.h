#pragma once
/* The running relay as those see it who watch it: fills in the figures of relay/server/metrics.h.
 */

#include "relay/server/metrics.h"
#include "relay/server/service.h"

/* Starts to answer on this port. NULL with an error. The service must outlive it. */
Metrics *watch_start(const Service *service, uint16_t port, GError **error);
