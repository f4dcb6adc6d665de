#pragma once
/* The whole face without a window: events and model snapshots go in, a draw list comes out, and
 * what the person wants done is told to a host.
 *
 * Time is passed in. UI thread only. */

#include "app/engine.h"
#include "ui/chooser.h"
#include "ui/node.h"
#include "ui/paragraph.h"
#include "ui/preferences.h"
#include "ui/theme.h"

#include <SDL2/SDL.h>

typedef enum {
    PASTE_NONE,       /* there is no picture, but perhaps text */
    PASTE_ASKED,      /* it comes later, by face_pasted() */
    PASTE_IMPOSSIBLE, /* there is one, and it cannot be had here */
} PasteAnswer;

/* What a face asks for. All functions must be there; strings live until the call returns. */
typedef struct {
    void (*say)(const char *conversation, const char *text, void *user);
    void (*retry)(const char *conversation, const uint8_t *message_id, void *user);
    void (*set_name)(const char *name, void *user);
    void (*typing)(const char *conversation, void *user);
    void (*set_draft)(const char *conversation, const char *text, void *user);
    void (*mark_read)(const char *conversation, const uint8_t *message_id, void *user);
    void (*load_older)(const char *conversation, void *user);
    void (*open_direct)(const uint8_t *key, void *user);
    void (*join)(const char *choice_id, void *user);
    void (*connect)(const char *address, void *user);
    void (*unlock)(const char *passphrase, void *user);
    void (*try_now)(void *user);
    void (*open_link)(const char *url, void *user);
    /* Offers files and folders, all in one offer. */
    void (*offer)(const char *conversation, const char *const *paths, void *user);
    /* As engine_accept(), engine_transfer() and their neighbours say. */
    void (*accept)(const uint8_t *id, const char *into, GBytes *left_out, bool always, void *user);
    void (*transfer)(const uint8_t *id, EngineTransferAct act, void *user);
    void (*accept_no_more)(const uint8_t *key, void *user);
    void (*set_folder)(const char *folder, void *user);
    /* Shows the desktop's chooser; its answer comes by face_chosen() with this ticket. FALSE:
     * there is none. */
    bool (*choose)(ChooserKind kind, const char *title, const char *accept, const char *folder,
                   unsigned ticket, void *user);
    /* A received file. Programs are never started: they are shown in their folder. */
    void (*open_file)(const char *path, void *user);
    void (*show_in_folder)(const char *path, void *user);
    /* The picture in a file, scaled down to fit into this many device pixels; NULL while it is
     * being made (face_pictures_changed() follows) and when there is none. Transfer none, until
     * the next frame. */
    Picture *(*picture)(const char *path, int width, int height, void *user);
    /* Its size in pixels, known before it is decoded. FALSE: there is none. */
    bool (*picture_size)(const char *path, uint32_t *width, uint32_t *height, void *user);
    /* As picture(), for Offer.thumbnail. */
    Picture *(*thumbnail)(GBytes *encoded, int width, int height, void *user);
    PasteAnswer (*paste_picture)(void *user);
    void (*attention)(
        void *user); /* somebody wrote to this person while the window is not looked at */
    char *(*clipboard)(void *user); /* transfer full */
    void (*set_clipboard)(const char *text, void *user);
    char *(*primary)(void *user); /* transfer full */
    void (*set_primary)(const char *text, void *user);
    /* The zoom may have changed: the host sets size and scale anew. */
    void (*preferences_changed)(const Preferences *preferences, void *user);
} FaceHost;

typedef struct Face Face;

typedef enum {
    FACE_CURSOR_ARROW,
    FACE_CURSOR_TEXT,
    FACE_CURSOR_HAND
} FaceCursor;

/* Takes the typesetter. `host` outlives the face. */
Face *face_new(const FaceHost *host, void *user, Typesetter *typesetter,
               const Preferences *preferences);
void face_free(Face *face);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Face, face_free)

/* Before everything else of a turn of the loop: the monotonic clock (µs) and the wall clock (ms).
 */
void face_set_time(Face *face, int64_t now_us, int64_t wall_ms);
/* Device pixels. */
void face_set_size(Face *face, int width, int height, double scale);
/* What the desktop prefers; preferences may override it. */
void face_set_looks(Face *face, bool dark, bool high_contrast, bool reduced_motion);
void face_set_focused(Face *face, bool focused);
/* Transfer full. */
void face_set_model(Face *face, Model *model);
/* Coordinates in device pixels. */
void face_event(Face *face, const SDL_Event *event);
/* Runs an action by name, as a key or a button does. FALSE when there is none of this name. */
bool face_run(Face *face, const char *action, const char *argument);

/* The answer to host->choose(): `paths` NULL-terminated, NULL when the person cancelled; `failed`:
 * the desktop has no chooser after all. */
void face_chosen(Face *face, unsigned ticket, const char *const *paths, bool failed);
/* A picture asked for by host->picture() or host->thumbnail() is there. */
void face_pictures_changed(Face *face);
/* Something is held over the window that could be dropped, or no longer. */
void face_set_dragging(Face *face, bool dragging);
/* The picture of the clipboard is in this file, which the face removes when it is not offered.
 * NULL: it could not be had, `why` says so in a sentence. */
void face_pasted(Face *face, const char *path, const char *why);
/* One sentence above the composer, for some seconds. */
void face_tell(Face *face, const char *words);

/* Something changed since the last face_draw(), or its time has come. */
bool face_dirty(const Face *face);
/* The next frame; valid until the next call. */
const DrawList *face_draw(Face *face);
/* Monotonic µs when face_draw() is due without any event; G_MAXINT64: never. */
int64_t face_deadline(const Face *face);
/* Keeps drafts: before the window closes. */
void face_flush(Face *face);

/* As drawn last. */
const NodeTree *face_nodes(const Face *face);
FaceCursor face_cursor(const Face *face);
/* Where text goes: FALSE when no field has the focus; `caret` is for the input method. */
bool face_text_input(const Face *face, Rect *caret);
/* For the window's frame; transfer full. */
char *face_title(const Face *face);
/* The id of the focused node, NULL for none. */
const char *face_focus(const Face *face);
/* The open conversation's id, NULL for none. */
const char *face_conversation(const Face *face);
