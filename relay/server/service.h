#pragma once
/* backfence-relay at work: data directory, log, carrier, announcement, signals. */

#include "relay/server/options.h"

/* Of sysexits.h, which scripts and systemd units rely on. */
typedef enum {
    SERVICE_OK = 0,
    SERVICE_USAGE = 64,
    SERVICE_PORT_TAKEN = 69,
    SERVICE_DISK = 74,
    SERVICE_NEWER = 78,
} ServiceExit;

/* Runs on the default GMainContext until SIGTERM or SIGINT; reports by relay/server/report.h. */
ServiceExit service_run(const Options *options);
