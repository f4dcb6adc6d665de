#pragma once
/* The retained state of a face, shared by its own files and the screens; nobody else includes it.
 */

#include "ui/chat.h"
#include "ui/emoji.h"
#include "ui/face.h"
#include "ui/field.h"
#include "ui/row.h"
#include "ui/view.h"

#define COMPLETIONS_MAX 6
#define SWITCHER_MAX 8

typedef enum {
    OVERLAY_NONE,
    OVERLAY_CONNECT,
    OVERLAY_SWITCHER,
    OVERLAY_SETTINGS,
    OVERLAY_SHORTCUTS,
    OVERLAY_ATTACH,
    OVERLAY_CHOOSER,
    OVERLAY_TRANSFERS,
    OVERLAY_FILES,
    OVERLAY_PLACE,
    OVERLAY_PASSPHRASE,
} Overlay;

typedef enum {
    SHAPE_WIDE,
    SHAPE_MIDDLE,
    SHAPE_NARROW
} Shape;

/* The list of emoji over the composer. */
typedef struct {
    bool asked;     /* by the button: shown although nothing was typed */
    bool dismissed; /* Escape; until the text changes */
    bool entered;   /* an arrow key went into the list: Enter takes the chosen one */
    size_t chosen;
    uint64_t serial;      /* of the text that it belongs to */
    size_t start, length; /* what it would replace */
    size_t count;
    const Emoji *matches[COMPLETIONS_MAX];
} Completion;

typedef enum {
    DRAG_NONE,
    DRAG_FIELD,
    DRAG_TEXT,
    DRAG_SCROLLBAR
} Drag;

/* What is on its way to being offered: ui/attach.h. */
typedef struct {
    bool dragging;      /* files are held over the window, or being dropped */
    GPtrArray *dropped; /* owned paths of the drop so far; NULL: none */
    bool text_dropped;  /* a line of it */
    char *pasted;       /* owned; path of a picture that waits to be offered, NULL: none */
    char *pasted_in;    /* owned; the conversation that it was pasted in */
} Attach;

/* What is chosen in the prompt for files: ui/prompt.h. */
typedef struct {
    bool shown;
    uint8_t id[TRANSFER_SIZE]; /* of the transfer that it asks about */
    bool decided;              /* the person has answered */
    int64_t guard_us;          /* no answer counts before */
    bool always;
    char *into;     /* owned; NULL: the usual folder */
    bool *left_out; /* owned; one for each row */
    int scroll;
    Rect list;                    /* of the last frame: the rows to choose from */
    GHashTable *gone;             /* owned; ids in hex of those decided or put off; NULL: none */
    bool has_asked;               /* a card asked for it … */
    uint8_t asked[TRANSFER_SIZE]; /* … about this transfer */
} Prompt;

struct Face {
    const FaceHost *host;
    void *user;
    Typesetter *typesetter; /* owned */
    DrawList *draw;         /* owned */
    NodeTree *nodes;        /* owned; of the last frame */
    Model *model;           /* owned; NULL before the first snapshot */
    Preferences preferences;
    bool desktop_dark, desktop_contrast, reduced_motion;

    int width, height;
    double scale;
    int64_t now_us, wall_ms;
    int64_t wake_us;   /* that the last frame asked for */
    int64_t draft_us;  /* when drafts are to be kept; G_MAXINT64: nothing to keep */
    int64_t active_us; /* last key or click: the caret blinks for a while after it */
    bool dirty;
    bool focused; /* the window */

    char *open;        /* owned; id of the conversation shown, NULL: none */
    GHashTable *chats; /* id → Chat, owned */
    bool list_shown;   /* narrow: the sidebar instead of the chat */
    bool drawer;       /* middle, narrow: people over the chat */

    Overlay overlay;
    bool connect_dismissed; /* not shown by itself again */
    bool connect_automatic; /* shown by itself: goes by itself */
    int64_t overlay_us;     /* when it appeared */
    char *overlay_return;   /* owned; focus before it */
    char *choice;           /* owned; chosen in the connect dialog */
    size_t switcher_chosen;
    Field *name, *address, *search, *first_name; /* owned */
    Field *passphrase;                           /* owned */
    bool passphrase_dismissed;                   /* until another place asks, or the same anew */
    bool name_prefilled;
    bool first_name_done;
    Completion completion;
    Chooser *chooser; /* owned */
    Attach attach;
    Prompt prompt;
    char *told; /* owned; the sentence above the composer, NULL: none */
    int64_t told_until_us;

    char *focus, *hover, *pressed; /* owned ids; NULL: none */
    bool keyboard;                 /* the focus ring is shown */
    int64_t swallow_until_us; /* the last key did something: the text that it types is not meant */
    int mouse_x, mouse_y;
    Drag drag;
    Field *drag_field;
    int drag_grip; /* where in the thumb it was taken */

    /* Of the last frame: */
    GPtrArray *rows; /* Row, visible ones, from the top */
    Rect list;       /* where rows are */
    Rect thumb;      /* of the scrollbar; no width when there is none */
    int sidebar_scroll, people_scroll, sheet_scroll;
    Rect sidebar_rect, people_rect, sheet_rect;
};

Shape face_shape(const Face *face);
const Conversation *face_open_conversation(const Face *face);
/* FALSE before the first joining: there are no people and nothing to jump to. */
bool face_has_place(const Face *face);
/* No network for longer than a moment; tells the view (may be NULL) when that may begin. */
bool face_no_network(const Face *face, View *view);
/* The people of the place are shown beside the chat. */
bool face_people_beside(const Face *face);
/* Retained state of a conversation, made when needed. */
Chat *face_chat(Face *face, const char *id);
Chat *face_open_chat(Face *face);
void face_open(Face *face, const char *id);
void face_set_focus(Face *face, const char *id);
void face_show_overlay(Face *face, Overlay overlay);
void face_hide_overlay(Face *face);
/* The dialog shown scrolls. */
bool face_has_sheet(const Face *face);
/* The field with this node id, NULL when it is none. */
Field *face_field(Face *face, const char *id);
bool face_asks_name(const Face *face);
/* `size` bytes from twice as many hexadecimal digits. */
bool face_read_hex(const char *hex, uint8_t *bytes, size_t size);
/* Room time now. */
int64_t face_room_ms(const Face *face);
/* The caret is in its visible half; tells the view when that ends. */
bool face_caret_on(Face *face, View *view);
/* Scrolls the open conversation by pixels, down is positive. */
void face_scroll(Face *face, int by);
void face_scroll_to_row(Face *face, size_t row, int y);
void face_to_latest(Face *face);
/* The selected text of messages; NULL when there is none; transfer full. */
char *face_selected_text(Face *face);
/* Looks for an emoji name before the caret, after the text changed. */
void face_update_completion(Face *face);
void face_complete(Face *face, size_t index);
void face_edited(Face *face, const char *field_id);
