#pragma once
/* What can be done with transfers and received files, and where they are kept. UI thread only. */

#include "ui/actions.h"

/* The action of this name, when it is one of these; else NULL. */
const Action *file_actions_find(const char *name);
