#pragma once
/* backfence-relay at work: data directory, log, carrier, announcement, signals. */

#include "discovery/announcer.h"
#include "relay/carrier.h"
#include "relay/server/banned_addresses.h"
#include "relay/server/control.h"
#include "relay/server/door.h"
#include "relay/server/metrics.h"
#include "relay/server/moderator.h"
#include "relay/server/notify.h"
#include "relay/server/options.h"
#include "relay/server/place.h"
#include "relay/server/retention.h"
#include "relay/server/snapshot.h"
#include "relay/server/standby.h"

/* Of sysexits.h, which scripts and systemd units rely on. */
typedef enum {
    SERVICE_OK = 0,
    SERVICE_USAGE = 64,
    SERVICE_PORT_TAKEN = 69,
    SERVICE_DISK = 74,
    SERVICE_NEWER = 78,
} ServiceExit;

/* Runs on the default GMainContext until SIGTERM or SIGINT; reports by relay/server/report.h. */
/* Takes `config`. */
ServiceExit service_run(const Options *options, Config *config);

/* The parts, made from top to bottom, and taken apart in reverse. Commands look at them and use
 * them; they belong to service.c. */
struct Service {
    const Options *options;
    Config *config; /* another one after SIGHUP */
    GMainLoop *loop;
    Notify *notify;
    Identity *identity;
    Place place;
    Log *log;
    Retention *retention;
    HubAdmission door; /* whoever changes it calls service_admission_changed() */
    Carrier *carrier;  /* NULL: another relay program serves */
    Announcer *announcer;
    Standby *standby;
    Moderator *moderator;
    BannedAddresses *banned;
    Control *control;
    Metrics *metrics;   /* NULL: nobody asked for them */
    Snapshot *snapshot; /* NULL: none is being made */
    Carrier *retired;   /* served, and still writes to those that were linked */
    bool retired_is_over;
    uint16_t port; /* once it was listened on */
    int64_t started_ms;
    AnnouncerState announced;
    char *unannounced; /* owned; why, when it is ANNOUNCER_UNAVAILABLE; may be NULL */
    bool greeting_due; /* a person at a terminal waits to be told how it went */
    bool leaving;
    ServiceExit result;
    uint64_t scrubbed; /* position */
};

/* The core; NULL: another relay program serves. */
Hub *service_hub(const Service *service);
/* Something was done with the core from outside the carrier's own rounds: what follows from it is
 * done now. */
void service_touched(Service *service);
/* Who is let in has changed: who would not be any more is sent away. */
void service_admission_changed(Service *service);
