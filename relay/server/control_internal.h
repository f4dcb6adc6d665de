#pragma once
/* What the two sides of the control socket share; nobody else includes it. */

#include <gio/gio.h>

/* A socket's path may be longer than the kernel takes: then it is named through its folder, which
 * `*folder` holds open until the address was used (-1: not needed). Transfer full. */
GSocketAddress *control_address(const char *path, int *folder);
