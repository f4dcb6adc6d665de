#pragma once
/* What a person chose about looks and keys on this machine, kept in a key file. UI thread only. */

#include <glib.h>
#include <stdbool.h>

typedef enum {
    LOOKS_SYSTEM,
    LOOKS_DARK,
    LOOKS_LIGHT,
    LOOKS_COUNT
} Looks;

typedef struct {
    Looks looks;
    bool high_contrast; /* even when the desktop does not ask for it */
    double zoom;        /* 0.8 to 2.0 */
    bool enter_breaks;  /* Enter begins a line, Ctrl+Enter sends */
    bool people_hidden; /* the panel of people, in a wide window */
} Preferences;

/* What holds before anything was chosen. */
Preferences preferences_default(void);
/* What the file does not say, or says wrongly, stays at the default; a missing file is no error. */
Preferences preferences_load(const char *path);
gboolean preferences_save(const Preferences *preferences, const char *path, GError **error);
