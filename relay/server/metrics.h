#pragma once
/* /metrics and /healthz by HTTP, for programs of this machine that watch the relay: on 127.0.0.1
 * and
 * ::1 only, GET and HEAD only, METRICS_CALLERS_MAX connections at once. Default GMainContext. */

#include "relay/server/metrics_text.h"

#define METRICS_CALLERS_MAX 8

typedef struct Metrics Metrics;

typedef struct {
    /* Fills in what is zeroed before; each time that somebody asks. */
    void (*collect)(MetricsFigures *figures, void *user);
    void *user;
} MetricsSource;

/* Port 0: any free one. G_IO_ERROR_ADDRESS_IN_USE when the port is taken. */
Metrics *metrics_new(uint16_t port, const MetricsSource *source, GError **error);
void metrics_free(Metrics *metrics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metrics, metrics_free)

uint16_t metrics_port(const Metrics *metrics);
