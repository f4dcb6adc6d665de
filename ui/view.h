#pragma once
/* What a screen draws with: text, icons, avatars, buttons, in the sizes and colours of the theme.
 * Each call puts drawing commands into the draw list and, for controls, a node into the tree.
 *
 * All lengths given as plain numbers are pixels at scale 1; rects and coordinates are device
 * pixels. UI thread only. */

#include "app/model.h"
#include "ui/node.h"
#include "ui/paragraph.h"
#include "ui/theme.h"

typedef enum {
    TYPE_BADGE,     /* 11/14 */
    TYPE_META,      /* 12/16 */
    TYPE_SECONDARY, /* 13/18 */
    TYPE_UI,        /* 14/20 */
    TYPE_MESSAGE,   /* 15/21 */
    TYPE_TITLE,     /* 16/22 */
    TYPE_DIALOG,    /* 20/28 */
    TYPE_MONO       /* 13/20 */
} TypeSize;

typedef struct {
    TypeSize size;
    int weight; /* 400, 500, 600 */
    Color color;
    TextAlign align;
} Label;

typedef struct {
    Typesetter *typesetter;
    DrawList *draw;
    NodeTree *nodes;
    const Theme *theme;
    double scale;
    const char *focus, *hover, *pressed; /* ids; NULL: none */
    bool show_focus;                     /* the ring is drawn: the keyboard was used last */
    int64_t now_us;                      /* monotonic */
    int64_t wall_ms;
    int64_t wake_us; /* when the view looks different without any event; G_MAXINT64: never */
} View;

/* Device pixels, rounded. */
int px(const View *view, double n);
/* The view wants to be made again at this time. */
void view_wake_at(View *view, int64_t us);
TextStyle view_style(TypeSize size, int weight, Color color);
int view_line_height(const View *view, TypeSize size);

/* Laid out text; `width` device pixels (-1: endless), `max_lines` 0: all. Transfer full. */
Paragraph *view_layout(View *view, const char *text, Label label, int width, int max_lines);
/* One line inside `rect`, in its vertical middle, cut off by an ellipsis. Returns the text's width.
 */
int view_label(View *view, const char *text, Label label, Rect rect);
/* Several lines from the top of `rect`. Returns their height. */
int view_text(View *view, const char *text, Label label, Rect rect);
int view_text_width(View *view, const char *text, Label label);
/* An icon of `size` in the middle of `rect`. */
void view_icon(View *view, const char *name, int size, Color color, Rect rect);
void view_avatar(View *view, const Person *person, Rect rect);
/* The shape of presence at the lower right of an avatar, on a ring of the colour behind. */
void view_presence(View *view, Presence presence, Rect avatar, Color behind);
/* A count in a pill; its right edge and middle are given. Returns the left edge. 0 draws nothing.
 */
int view_badge(View *view, unsigned count, int right, int middle);
void view_line(View *view, Rect rect);
/* The ring around a focused control, when the keyboard was used last. */
void view_focus_ring(View *view, const Node *node, Rect rect, int radius);
/* A dialog's card: shadow, fill, outline. */
void view_card(View *view, Rect rect, int radius);

typedef enum {
    BUTTON_PLAIN,
    BUTTON_OUTLINED,
    BUTTON_FILLED
} ButtonKind;

/* A control: its node has the state (focus, hover, press) from the view. */
Node *view_control(View *view, const char *id, Role role, const char *name, Rect rect);
Node *view_button(View *view, const char *id, ButtonKind kind, const char *text, Rect rect,
                  const char *command, const char *argument);
/* The width that view_button() wants for this text. */
int view_button_width(View *view, const char *text);
Node *view_icon_button(View *view, const char *id, const char *icon, const char *name, Rect rect,
                       const char *command, const char *argument);

/* Up to two letters that stand for a name; transfer full. */
char *view_initials(const char *name);
Color view_name_color(const View *view, const Person *person);
