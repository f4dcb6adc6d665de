#pragma once
/* Says when links, addresses or routes of this machine change, and when it wakes from suspend.
 * Costs nothing while nothing changes: one rtnetlink(7) socket, and one timerfd that the kernel
 * cancels when the clock jumps, as it does on waking.
 *
 * Lives on the thread of its GMainContext; the callback fires there, once for a burst of changes.
 */

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Netwatch Netwatch;

/* Where the kernel refuses the sockets, nothing is ever told. */
Netwatch *netwatch_new(GMainContext *context, void (*changed)(void *user), void *user);
void netwatch_free(Netwatch *netwatch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Netwatch, netwatch_free)

/* Neighbours change all the time, so they count only while somebody waits for the gateway's. */
void netwatch_want_neighbours(Netwatch *netwatch, bool want);
