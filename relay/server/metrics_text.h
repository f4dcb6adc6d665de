#pragma once
/* What a relay says of itself to those who watch it, as text. Pure. */

#include "relay/hub.h"

/* The relay at this moment. */
typedef struct {
    bool serving;    /* else another relay program serves, and `hub` is all zeros */
    HubCounters hub; /* since it serves */
    uint64_t events; /* in the log */
    LogCommits commits;
    unsigned damaged_events; /* found, and not mended yet */
    uint64_t log_bytes, wal_bytes, free_bytes;
    int64_t uptime_us;
    int64_t watchdog_age_us; /* -1: there is no watchdog */
} MetricsFigures;

/* Less than this is a full disk. */
#define METRICS_FREE_MIN (UINT64_C(16) * 1024 * 1024)

/* In the text format of Prometheus, version 0.0.4. Transfer full. */
char *metrics_text(const MetricsFigures *figures);
/* NULL: it is well; else one line that says why not. */
const char *metrics_ailment(const MetricsFigures *figures);
