#pragma once
/* What a key, a button or a test can ask of a face, by name: one table. UI thread only. */

#include "ui/face_state.h"

typedef struct {
    const char *name;
    void (*run)(Face *face, const char *argument); /* NULL argument: none given */
} Action;

/* NULL when there is none of this name. */
const Action *actions_find(const char *name);
