#pragma once
/* The picture on the clipboard of X11, fetched by a connection and a thread of its own. Wayland
 * gives it to nobody but SDL, which cannot take it. */

#include <glib.h>
#include <stdbool.h>

typedef struct Paste Paste;

/* Called on the thread: the file that the picture was kept in, or NULL and a sentence. */
typedef void (*PasteReady)(const char *path, const char *why, void *user);

/* Pictures are kept in `folder`, made when needed; those left there for three months are removed at
 * the start. */
Paste *paste_new(const char *folder, PasteReady ready, void *user);
/* Gives up what is under way. */
void paste_free(Paste *paste);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Paste, paste_free)
/* Asks for the picture; one at a time. FALSE: one is being fetched already. */
bool paste_ask(Paste *paste);
