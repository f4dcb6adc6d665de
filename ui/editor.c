#include "ui/editor.h"

#include <pango/pango.h>
#include <string.h>

#define UNDO_MAX 200
#define EMOJI_PREFIX_MAX 32

typedef enum {
    CHANGE_TYPED,   /* grows while letters follow */
    CHANGE_DELETED, /* grows while characters go */
    CHANGE_WHOLE
} ChangeKind;

/* At `at`, `removed` became `inserted`. */
typedef struct {
    ChangeKind kind;
    size_t at;
    GString *removed;
    GString *inserted;
    size_t caret, anchor; /* before */
} Change;

struct Editor {
    GString *text;
    size_t caret, anchor;
    bool multi_line;
    size_t max_bytes;
    char *preedit; /* owned; NULL: none */
    size_t preedit_caret;
    uint64_t serial;
    GPtrArray *changes; /* Change, owned; those from `done` on were undone */
    guint done;
    bool sealed;              /* the last change does not grow any more */
    PangoLogAttr *attributes; /* of the text at `attributes_serial`, one a character and one more */
    int attribute_count;
    uint64_t attributes_serial;
};

static void change_free(void *data)
{
    Change *change = data;
    g_string_free(change->removed, TRUE);
    g_string_free(change->inserted, TRUE);
    g_free(change);
}

Editor *editor_new(bool multi_line, size_t max_bytes)
{
    Editor *editor = g_new0(Editor, 1);
    editor->text = g_string_new(NULL);
    editor->multi_line = multi_line;
    editor->max_bytes = max_bytes;
    editor->changes = g_ptr_array_new_with_free_func(change_free);
    editor->serial = 1;
    return editor;
}

void editor_free(Editor *editor)
{
    if (!editor)
        return;
    g_string_free(editor->text, TRUE);
    g_ptr_array_unref(editor->changes);
    g_free(editor->preedit);
    g_free(editor->attributes);
    g_free(editor);
}

static const PangoLogAttr *attributes(Editor *editor)
{
    if (editor->attributes && editor->attributes_serial == editor->serial)
        return editor->attributes;
    g_free(editor->attributes);
    editor->attribute_count = (int)g_utf8_strlen(editor->text->str, -1) + 1;
    editor->attributes = g_new0(PangoLogAttr, editor->attribute_count);
    pango_get_log_attrs(editor->text->str, (int)editor->text->len, -1, pango_language_get_default(),
                        editor->attributes, editor->attribute_count);
    editor->attributes_serial = editor->serial;
    return editor->attributes;
}

static int character_at(const Editor *editor, size_t offset)
{
    return (int)g_utf8_pointer_to_offset(editor->text->str, editor->text->str + offset);
}

static size_t offset_of(const Editor *editor, int character)
{
    return (size_t)(g_utf8_offset_to_pointer(editor->text->str, character) - editor->text->str);
}

static size_t line_edge(const Editor *editor, size_t from, bool forward)
{
    const char *text = editor->text->str;
    if (forward)
        return from + strcspn(text + from, "\n");
    while (from > 0 && text[from - 1] != '\n')
        from--;
    return from;
}

static size_t step_from(Editor *editor, size_t from, EditStep step, bool forward)
{
    if (step == EDIT_ALL)
        return forward ? editor->text->len : 0;
    if (step == EDIT_LINE)
        return line_edge(editor, from, forward);
    const PangoLogAttr *attrs = attributes(editor);
    int last = editor->attribute_count - 1;
    int at = character_at(editor, from);
    int way = forward ? 1 : -1;
    for (at += way; at > 0 && at < last; at += way) {
        if (step == EDIT_GRAPHEME ? attrs[at].is_cursor_position
                                  : (forward ? attrs[at].is_word_end : attrs[at].is_word_start))
            break;
    }
    return offset_of(editor, CLAMP(at, 0, last));
}

/* What is typed: no control characters but the newline (and the tab), and no more than fits.
 * Transfer full. */
static char *clean(const Editor *editor, const char *text, size_t room)
{
    GString *out = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '\r') {
            if (p[1] == '\n')
                continue;
            c = '\n';
        }
        if (c == '\n' && !editor->multi_line)
            c = ' ';
        if (c == '\t' && !editor->multi_line)
            c = ' ';
        if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0))
            continue;
        if (out->len + (size_t)g_unichar_to_utf8(c, NULL) > room)
            break;
        g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

static void splice(Editor *editor, size_t at, size_t removed, const char *inserted, size_t length)
{
    g_string_erase(editor->text, (gssize)at, (gssize)removed);
    g_string_insert_len(editor->text, (gssize)at, inserted, (gssize)length);
    editor->serial++;
}

static Change *growing(Editor *editor, ChangeKind kind)
{
    if (editor->sealed || kind == CHANGE_WHOLE || !editor->done ||
        editor->done != editor->changes->len)
        return NULL;
    Change *last = g_ptr_array_index(editor->changes, editor->done - 1);
    return last->kind == kind ? last : NULL;
}

/* Typing makes one change of a word and the space after it. */
static bool grow_typed(Change *last, size_t at, size_t removed, const char *inserted)
{
    if (removed || at != last->at + last->inserted->len || !last->inserted->len)
        return false;
    bool space_before = g_ascii_isspace(last->inserted->str[last->inserted->len - 1]);
    if (space_before && !g_ascii_isspace(inserted[0]))
        return false;
    g_string_append(last->inserted, inserted);
    return true;
}

static bool grow_deleted(Change *last, size_t at, const char *removed, size_t length)
{
    if (at + length == last->at)
        g_string_prepend_len(last->removed, removed, (gssize)length);
    else if (at == last->at)
        g_string_append_len(last->removed, removed, (gssize)length);
    else
        return false;
    last->at = at;
    return true;
}

static void remember(Editor *editor, ChangeKind kind, size_t at, size_t removed,
                     const char *inserted)
{
    const char *gone = editor->text->str + at;
    Change *last = growing(editor, kind);
    if (last && (kind == CHANGE_TYPED ? grow_typed(last, at, removed, inserted)
                                      : grow_deleted(last, at, gone, removed)))
        return;
    g_ptr_array_set_size(editor->changes, (gint)editor->done);
    if (editor->done == UNDO_MAX) {
        g_ptr_array_remove_index(editor->changes, 0);
        editor->done--;
    }
    Change *change = g_new0(Change, 1);
    change->kind = kind;
    change->at = at;
    change->removed = g_string_new_len(gone, (gssize)removed);
    change->inserted = g_string_new(inserted);
    change->caret = editor->caret;
    change->anchor = editor->anchor;
    g_ptr_array_add(editor->changes, change);
    editor->done++;
    editor->sealed = kind == CHANGE_WHOLE;
}

static void change(Editor *editor, ChangeKind kind, size_t start, size_t end, const char *text)
{
    if (start == end && !*text)
        return;
    remember(editor, kind, start, end - start, text);
    size_t length = strlen(text);
    splice(editor, start, end - start, text, length);
    editor->caret = editor->anchor = start + length;
}

void editor_set_text(Editor *editor, const char *text)
{
    g_autofree char *cleaned = clean(editor, text, editor->max_bytes);
    g_string_assign(editor->text, cleaned);
    editor->serial++;
    editor->caret = editor->anchor = editor->text->len;
    g_ptr_array_set_size(editor->changes, 0);
    editor->done = 0;
    editor_set_preedit(editor, NULL, 0);
}

bool editor_insert(Editor *editor, const char *text)
{
    size_t start = editor->caret;
    size_t end = editor->caret;
    bool selected = editor_selection(editor, &start, &end);
    size_t kept = editor->text->len - (end - start);
    g_autofree char *cleaned =
        clean(editor, text, editor->max_bytes - MIN(kept, editor->max_bytes));
    if (!*cleaned)
        return false;
    bool typed = !selected && g_utf8_strlen(cleaned, -1) <= 2 && *cleaned != '\n';
    change(editor, typed ? CHANGE_TYPED : CHANGE_WHOLE, start, end, cleaned);
    return true;
}

void editor_delete(Editor *editor, EditStep step, bool forward)
{
    size_t start;
    size_t end;
    if (editor_selection(editor, &start, &end)) {
        change(editor, CHANGE_WHOLE, start, end, "");
        return;
    }
    size_t other = step_from(editor, editor->caret, step, forward);
    if (step == EDIT_GRAPHEME && !forward && editor->caret > 0) {
        /* Accents typed one by one go one by one; emoji go whole. */
        int at = character_at(editor, editor->caret);
        if (attributes(editor)[at].backspace_deletes_character)
            other = offset_of(editor, at - 1);
    }
    change(editor, step == EDIT_GRAPHEME ? CHANGE_DELETED : CHANGE_WHOLE, MIN(other, editor->caret),
           MAX(other, editor->caret), "");
}

void editor_replace(Editor *editor, size_t start, size_t end, const char *text)
{
    size_t kept = editor->text->len - (end - start);
    g_autofree char *cleaned =
        clean(editor, text, editor->max_bytes - MIN(kept, editor->max_bytes));
    change(editor, CHANGE_WHOLE, start, end, cleaned);
}

bool editor_undo(Editor *editor)
{
    if (!editor->done)
        return false;
    const Change *last = g_ptr_array_index(editor->changes, --editor->done);
    splice(editor, last->at, last->inserted->len, last->removed->str, last->removed->len);
    editor->caret = last->caret;
    editor->anchor = last->anchor;
    editor->sealed = true;
    return true;
}

bool editor_redo(Editor *editor)
{
    if (editor->done == editor->changes->len)
        return false;
    const Change *next = g_ptr_array_index(editor->changes, editor->done++);
    splice(editor, next->at, next->removed->len, next->inserted->str, next->inserted->len);
    editor->caret = editor->anchor = next->at + next->inserted->len;
    editor->sealed = true;
    return true;
}

static void place(Editor *editor, size_t caret, bool extend)
{
    editor->caret = caret;
    if (!extend)
        editor->anchor = caret;
    editor->sealed = true;
}

void editor_move(Editor *editor, EditStep step, bool forward, bool extend)
{
    size_t start;
    size_t end;
    if (!extend && step == EDIT_GRAPHEME && editor_selection(editor, &start, &end))
        place(editor, forward ? end : start, false);
    else
        place(editor, step_from(editor, editor->caret, step, forward), extend);
}

void editor_move_to(Editor *editor, size_t offset, bool extend)
{
    offset = MIN(offset, editor->text->len);
    while (offset > 0 && (editor->text->str[offset] & 0xC0) == 0x80)
        offset--;
    const PangoLogAttr *attrs = attributes(editor);
    int at = character_at(editor, offset);
    while (at > 0 && !attrs[at].is_cursor_position)
        at--;
    place(editor, offset_of(editor, at), extend);
}

void editor_select_all(Editor *editor)
{
    editor->anchor = 0;
    place(editor, editor->text->len, true);
}

void editor_select_word(Editor *editor, size_t offset)
{
    editor_move_to(editor, offset, false);
    const PangoLogAttr *attrs = attributes(editor);
    int at = character_at(editor, editor->caret);
    int last = editor->attribute_count - 1;
    int start = at;
    while (start > 0 && !attrs[start].is_word_boundary)
        start--;
    int end = MIN(at + 1, last);
    while (end < last && !attrs[end].is_word_boundary)
        end++;
    editor->anchor = offset_of(editor, start);
    place(editor, offset_of(editor, end), true);
}

void editor_select_line(Editor *editor, size_t offset)
{
    offset = MIN(offset, editor->text->len);
    editor->anchor = line_edge(editor, offset, false);
    place(editor, line_edge(editor, offset, true), true);
}

void editor_set_preedit(Editor *editor, const char *text, int caret)
{
    g_clear_pointer(&editor->preedit, g_free);
    editor->preedit_caret = 0;
    if (!text || !*text)
        return;
    editor->preedit = g_utf8_make_valid(text, -1);
    int count = (int)g_utf8_strlen(editor->preedit, -1);
    const char *at = g_utf8_offset_to_pointer(editor->preedit, CLAMP(caret, 0, count));
    editor->preedit_caret = (size_t)(at - editor->preedit);
}

const char *editor_text(const Editor *editor)
{
    return editor->text->str;
}

size_t editor_length(const Editor *editor)
{
    return editor->text->len;
}

bool editor_empty(const Editor *editor)
{
    return editor->text->len == 0 && !editor->preedit;
}

size_t editor_caret(const Editor *editor)
{
    return editor->caret;
}

bool editor_selection(const Editor *editor, size_t *start, size_t *end)
{
    if (editor->caret == editor->anchor)
        return false;
    *start = MIN(editor->caret, editor->anchor);
    *end = MAX(editor->caret, editor->anchor);
    return true;
}

char *editor_selected(const Editor *editor)
{
    size_t start;
    size_t end;
    if (!editor_selection(editor, &start, &end))
        return NULL;
    return g_strndup(editor->text->str + start, end - start);
}

const char *editor_preedit(const Editor *editor)
{
    return editor->preedit ? editor->preedit : "";
}

size_t editor_preedit_caret(const Editor *editor)
{
    return editor->preedit_caret;
}

uint64_t editor_serial(const Editor *editor)
{
    return editor->serial;
}

bool editor_emoji_prefix(const Editor *editor, size_t *start, size_t *length)
{
    if (editor->caret != editor->anchor || editor->preedit)
        return false;
    const char *text = editor->text->str;
    size_t at = editor->caret;
    while (at > 0 && editor->caret - at < EMOJI_PREFIX_MAX &&
           (g_ascii_isalnum(text[at - 1]) || strchr("_+-", text[at - 1])))
        at--;
    if (at == 0 || text[at - 1] != ':')
        return false;
    /* "12:30" and "https://" begin no name. */
    if (at >= 2 && (g_ascii_isalnum(text[at - 2]) || text[at - 2] == ':'))
        return false;
    *start = at - 1;
    *length = editor->caret - at;
    return true;
}
