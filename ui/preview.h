#pragma once
/* Pictures in messages: asked for by path (or by the bytes of a thumbnail) at each frame, decoded
 * aside by ui/decoder.h, kept while they are looked at. UI thread only. */

#include "ui/picture.h"

#define PREVIEW_WIDTH 360 /* pixels at scale 1 that a picture in a message covers at most */
#define PREVIEW_HEIGHT 240

typedef struct Previews Previews;

/* `wake` is called from another thread when one is ready: come to previews_dispatch() then. */
Previews *previews_new(void (*wake)(void *user), void *user);
void previews_free(Previews *previews);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Previews, previews_free)

/* The picture scaled down to fit into `width` × `height` device pixels; NULL while it is being
 * made, and for ever when it cannot be. Transfer none, until the next previews_dispatch(). */
Picture *previews_file(Previews *previews, const char *path, int width, int height);
Picture *previews_bytes(Previews *previews, GBytes *encoded, int width, int height);
/* The size of the picture in this file, upright, by its first bytes, which are read when it is
 * asked for first: so its box is there before it is decoded. FALSE: none that is shown. */
bool previews_size(Previews *previews, const char *path, uint32_t *width, uint32_t *height);
/* TRUE when one was decoded, or could not be: draw again. Forgets what was not asked for longest,
 * down to its bounds. */
bool previews_dispatch(Previews *previews);
