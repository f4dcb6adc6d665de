#pragma once
/* A text field: an Editor, laid out and drawn, that follows keys and the pointer. UI thread only.
 */

#include "ui/editor.h"
#include "ui/view.h"

#include <SDL2/SDL.h>

typedef struct {
    char *(*get)(void *user); /* NULL when empty; transfer full */
    void (*set)(const char *text, void *user);
    void *user;
} Clipboard;

typedef struct Field Field;

Field *field_new(bool multi_line, size_t max_bytes);
void field_free(Field *field);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Field, field_free)
/* The text behind it; owned by the field. */
Editor *field_editor(Field *field);

/* Lays the text out at this width (device pixels); returns its height. */
int field_layout(Field *field, View *view, TypeSize size, int width);
/* Draws it, as laid out last, scrolled so that the caret is inside `rect`. `placeholder` stands for
 * empty text. `caret` is NULL or receives the caret's rect. */
void field_draw(Field *field, View *view, Rect rect, const char *placeholder, bool focused,
                bool caret_on);
/* Where the caret was drawn last, for the input method. */
Rect field_caret(const Field *field);

typedef enum {
    FIELD_IGNORED,
    FIELD_MOVED,
    FIELD_EDITED
} FieldResult;

/* Motion, selection, deletion, clipboard, undo. Enter, Tab and Escape are left to others. */
FieldResult field_key(Field *field, const SDL_Keysym *key, const Clipboard *clipboard);
/* A press of the pointer at a place of the window; `clicks` 2 takes the word, 3 the line. */
void field_press(Field *field, int x, int y, int clicks, bool extend);
void field_drag(Field *field, int x, int y);
/* Up or Down by visual lines; FALSE when the caret is on the first or last line already. */
bool field_move_line(Field *field, bool down, bool extend);
void field_scroll(Field *field, int by);
