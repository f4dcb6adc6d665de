#pragma once
/* Text being written: caret, selection, undo, and the input method's unfinished text.
 *
 * Offsets are bytes of valid UTF-8 and always stand between graphemes. The editor knows nothing of
 * fonts: motion by visual lines is done by whoever has laid the text out (ui/field.h). UI thread
 * only. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    EDIT_GRAPHEME,
    EDIT_WORD,
    EDIT_LINE, /* the edge of the paragraph between newlines */
    EDIT_ALL   /* the edge of the text */
} EditStep;

typedef struct Editor Editor;

/* A single-line editor turns newlines into spaces. Text beyond `max_bytes` is not accepted. */
Editor *editor_new(bool multi_line, size_t max_bytes);
void editor_free(Editor *editor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Editor, editor_free)

/* Begins anew: caret at the end, nothing to undo. */
void editor_set_text(Editor *editor, const char *text);
/* Replaces the selection. Control characters are left out. FALSE when nothing fitted. */
bool editor_insert(Editor *editor, const char *text);
/* Removes the selection, or one step from the caret. */
void editor_delete(Editor *editor, EditStep step, bool forward);
/* Replaces [start, end) as one change; the caret goes behind it. */
void editor_replace(Editor *editor, size_t start, size_t end, const char *text);
bool editor_undo(Editor *editor);
bool editor_redo(Editor *editor);

/* Without `extend`, a selection collapses to its edge in that direction first. */
void editor_move(Editor *editor, EditStep step, bool forward, bool extend);
/* To the nearest place between graphemes. */
void editor_move_to(Editor *editor, size_t offset, bool extend);
void editor_select_all(Editor *editor);
/* The word around `offset`. */
void editor_select_word(Editor *editor, size_t offset);
/* The lines around `offset`, between newlines. */
void editor_select_line(Editor *editor, size_t offset);

/* Unfinished text of the input method, shown at the caret; NULL or "" ends it. `caret` counts
 * characters inside it. */
void editor_set_preedit(Editor *editor, const char *text, int caret);

const char *editor_text(const Editor *editor);
size_t editor_length(const Editor *editor);
bool editor_empty(const Editor *editor);
size_t editor_caret(const Editor *editor);
/* FALSE when nothing is selected. */
bool editor_selection(const Editor *editor, size_t *start, size_t *end);
/* The selected text, NULL when there is none; transfer full. */
char *editor_selected(const Editor *editor);
/* "" when there is none. */
const char *editor_preedit(const Editor *editor);
/* Bytes into the preedit. */
size_t editor_preedit_caret(const Editor *editor);
/* Grows with each change of the text. */
uint64_t editor_serial(const Editor *editor);
/* What is typed of an emoji name just before the caret: ":ta" gives start at the colon and
 * length 2. FALSE when there is no such thing. */
bool editor_emoji_prefix(const Editor *editor, size_t *start, size_t *length);
