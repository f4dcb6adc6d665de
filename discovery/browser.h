#pragma once
/* Keeps what mDNS shows of _backfence._tcp on all interfaces, resolved.
 *
 * Anybody on the network can announce thousands of services that never resolve, so: names wait in a
 * bounded list, a few are resolved at a time, one that does not answer soon goes to the end of the
 * list, and one address can have only a few of them.
 *
 * Lives on the thread of its GMainContext; callbacks fire there. */

#include "discovery/sighting.h"

#include <gio/gio.h>

#define BROWSER_SERVICES_MAX 256 /* resolved at once */
#define BROWSER_RESOLVES_MAX 8   /* on their way at once */
#define BROWSER_WAITING_MAX 2048 /* names that wait to be resolved */
#define BROWSER_PER_HOST_MAX 16  /* nodes with one and the same host address */

typedef enum {
    BROWSER_STARTING,
    BROWSER_BROWSING,
    BROWSER_SETTLED, /* Avahi said "all for now", and what it had said was resolved, or has had its
                        time */
    BROWSER_UNAVAILABLE,
} BrowserState;

typedef struct {
    void (*changed)(void *user); /* browser_sightings() */
    void (*state)(BrowserState state, const char *line, void *user);
    /* Is this instance name one to resolve first, because it is known from before? */
    bool (*is_known)(const char *instance, void *user);
} BrowserEvents;

typedef struct Browser Browser;

/* Begins at once, and goes on until freed. `events` is copied. */
Browser *browser_new(GMainContext *context, const BrowserEvents *events, void *user);
void browser_free(Browser *browser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Browser, browser_free)

/* Sighting*, owned by the browser, oldest first; the array is the caller's. */
GPtrArray *browser_sightings(const Browser *browser);
