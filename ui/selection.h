#pragma once
/* One X11 selection read whole, by a connection of its own (ICCCM 2.4 and 2.7.2, INCR). Blocks;
 * any thread. */

#include <gio/gio.h>

#define SELECTION_MAX (64 * 1024 * 1024) /* bytes */

/* The CLIPBOARD's content as the first of `types` (media types, NULL-terminated) that its owner
 * has; `type` becomes that one's index. Fails with G_IO_ERROR: NOT_FOUND when the owner has none of
 * them or there is no owner, NO_SPACE when it is larger than SELECTION_MAX, TIMED_OUT when the
 * owner says nothing for five seconds, CANCELLED, NOT_SUPPORTED without a display. */
GBytes *selection_read(const char *const *types, unsigned *type, GCancellable *cancel,
                       GError **error);
