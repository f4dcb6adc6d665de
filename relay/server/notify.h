#pragma once
/* Tells the service manager how the program is: the protocol of sd_notify(3), spoken by hand. When
 * nobody asks for it (no NOTIFY_SOCKET in the environment) nothing happens. One thread. */

#include <glib.h>
#include <stdint.h>

typedef struct Notify Notify;

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the environment, so
 * that no child speaks for this process. Never NULL. The watchdog is fed by a timer of `context`
 * (NULL: the default one) from notify_ready() on: only while that context goes round. */
Notify *notify_new(GMainContext *context);
void notify_free(Notify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notify, notify_free)

/* It serves; also after notify_reloading(). */
void notify_ready(Notify *notify);
/* One line for a person, of any text. The same again costs nothing. */
void notify_status(Notify *notify, const char *line);
/* Begins to read its configuration again; notify_ready() ends that. */
void notify_reloading(Notify *notify);
/* Begins to leave. */
void notify_stopping(Notify *notify);

/* Microseconds since the watchdog was fed last; -1: there is none. */
int64_t notify_watchdog_age_us(const Notify *notify);
