#pragma once
/* What the window does about files for its face: choosing, offering, pasting, opening, pictures.
 * UI thread only. */

#include "app/engine.h"
#include "ui/desktop.h"
#include "ui/face.h"
#include "ui/window.h"

typedef struct Files Files;

/* All outlive it. `folder` is the data directory; `wake`, called from any thread, asks for
 * files_dispatch(). */
Files *files_new(Engine *engine, Desktop *desktop, Window *window, const char *folder,
                 void (*wake)(void *user), void *user);
void files_free(Files *files);
/* What has come since goes into the face. */
void files_dispatch(Files *files, Face *face);

/* As FaceHost says. */
void files_offer(Files *files, const char *conversation, const char *const *paths);
bool files_choose(Files *files, ChooserKind kind, const char *title, const char *accept,
                  const char *folder, unsigned ticket);
Picture *files_picture(Files *files, const char *path, int width, int height);
bool files_picture_size(Files *files, const char *path, uint32_t *width, uint32_t *height);
Picture *files_thumbnail(Files *files, GBytes *encoded, int width, int height);
PasteAnswer files_paste(Files *files);
