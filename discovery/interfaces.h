#pragma once
/* Which interfaces a place is announced on: those that lead to people, not those of containers and
 * virtual machines, unless the machine has no others. */

#include <glib.h>
#include <stdbool.h>

/* Made by a container engine or a hypervisor, to judge by the name. Tunnels do not count as such.
 */
bool interfaces_is_virtual(const char *name);

/* Indices (guint) of those among `names` (NULL-terminated) to announce on. An empty array means: on
 * all, with those that come later. `chosen`, if not NULL, names the only ones that may be used;
 * NULL is returned when none of them is there. Free with g_array_unref(). */
GArray *interfaces_choose(const char *const *names, const char *const *chosen);
/* Those of this machine that are switched on, without the loopback. Free with g_strfreev(). */
char **interfaces_list(void);
