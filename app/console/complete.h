#pragma once
/* What Tab offers: commands at the start of a line, people by name elsewhere. */

#include "app/session.h"

/* What could stand in place of the last `*replaced` bytes of `before` (the line up to the cursor),
 * with what follows it, such as a blank: GPtrArray of char*, transfer full. */
GPtrArray *complete_line(Session *session, const char *before, size_t *replaced);
