#pragma once
/* Choosing files or a folder: by the desktop's own dialog where there is one, else by a small one
 * of ours with a field for the path. One choice at a time; asking again drops the one before. UI
 * thread only. */

#include <stdbool.h>

typedef struct Face Face;
typedef struct Chooser Chooser;

typedef enum {
    CHOOSER_FILES, /* one or more */
    CHOOSER_FOLDER
} ChooserKind;

/* `paths`: at least one, NULL-terminated, absolute, in the file system's encoding, gone after the
 * call. `argument` is what chooser_ask() was given, NULL for none. */
typedef void (*ChooserDone)(Face *face, const char *const *paths, const char *argument);

Chooser *chooser_new(void);
void chooser_free(Chooser *chooser);

/* `done` is called once, later, when something was chosen, and never when the person cancels.
 * `title` says what is chosen ("Choose files to offer"), `accept` is the button ("Offer"), `folder`
 * is where to begin, NULL: anywhere. All are copied. */
void chooser_ask(Face *face, ChooserKind kind, const char *title, const char *accept,
                 const char *folder, ChooserDone done, const char *argument);
