#include "ui/field.h"

#include <string.h>

struct Field {
    Editor *editor;
    Paragraph *layout; /* owned; NULL before the first field_layout() */
    uint64_t layout_serial;
    size_t shown_at, shown_length; /* where the preedit stands in the laid out text */
    Rect rect;                     /* as drawn last */
    int scroll_x, scroll_y;
    int goal_x; /* kept over Up and Down; -1: none */
    bool multi_line;
    Rect caret;
    size_t followed; /* the caret that was scrolled to last */
    uint64_t followed_serial;
};

Field *field_new(bool multi_line, size_t max_bytes)
{
    Field *field = g_new0(Field, 1);
    field->editor = editor_new(multi_line, max_bytes);
    field->multi_line = multi_line;
    field->goal_x = -1;
    return field;
}

void field_free(Field *field)
{
    if (!field)
        return;
    editor_free(field->editor);
    g_clear_pointer(&field->layout, paragraph_unref);
    g_free(field);
}

Editor *field_editor(Field *field)
{
    return field->editor;
}

/* From an offset of the text to one of what is shown, preedit included. */
static size_t to_shown(const Field *field, size_t offset)
{
    return offset > field->shown_at ? offset + field->shown_length : offset;
}

static size_t from_shown(const Field *field, size_t offset)
{
    if (offset <= field->shown_at)
        return offset;
    return offset <= field->shown_at + field->shown_length ? field->shown_at
                                                           : offset - field->shown_length;
}

static size_t shown_caret(const Field *field)
{
    return editor_caret(field->editor) + editor_preedit_caret(field->editor);
}

int field_layout(Field *field, View *view, TypeSize size, int width)
{
    const char *preedit = editor_preedit(field->editor);
    g_autoptr(GString) shown = g_string_new(editor_text(field->editor));
    field->shown_at = editor_caret(field->editor);
    field->shown_length = strlen(preedit);
    g_string_insert(shown, (gssize)field->shown_at, preedit);
    TextSpan underline = {
        .start = field->shown_at, .end = field->shown_at + field->shown_length, .underline = true};
    ParagraphSpec spec = {.style = view_style(size, 400, view->theme->text),
                          .spans = &underline,
                          .span_count = field->shown_length ? 1 : 0,
                          .width = field->multi_line ? width : -1,
                          .align = field->multi_line ? ALIGN_NATURAL : ALIGN_START};
    g_clear_pointer(&field->layout, paragraph_unref);
    field->layout = paragraph_new(view->typesetter, shown->str, shown->len, &spec);
    field->layout_serial = editor_serial(field->editor);
    return paragraph_height(field->layout);
}

/* Scrolls only after the caret went somewhere, so that the wheel can look elsewhere. */
static void follow_caret(Field *field, Rect rect, Rect caret)
{
    int margin = field->multi_line ? 0 : MIN(24, rect.w / 8);
    if (field->followed != shown_caret(field) ||
        field->followed_serial != editor_serial(field->editor)) {
        field->followed = shown_caret(field);
        field->followed_serial = editor_serial(field->editor);
        if (caret.x - field->scroll_x < 0)
            field->scroll_x = MAX(caret.x - margin, 0);
        else if (caret.x + 2 - field->scroll_x > rect.w)
            field->scroll_x = caret.x + 2 + margin - rect.w;
        if (caret.y - field->scroll_y < 0)
            field->scroll_y = caret.y;
        else if (caret.y + caret.h - field->scroll_y > rect.h)
            field->scroll_y = caret.y + caret.h - rect.h;
    }
    int most_x = MAX(paragraph_width(field->layout) + 2 - rect.w, 0);
    int most_y = MAX(paragraph_height(field->layout) - rect.h, 0);
    field->scroll_x = field->multi_line ? 0 : CLAMP(field->scroll_x, 0, most_x);
    field->scroll_y = CLAMP(field->scroll_y, 0, most_y);
}

static void draw_selection(Field *field, View *view, int x, int y, bool focused)
{
    size_t start;
    size_t end;
    if (!editor_selection(field->editor, &start, &end))
        return;
    g_autoptr(GArray) ranges =
        paragraph_ranges(field->layout, to_shown(field, start), to_shown(field, end));
    Color color = focused ? view->theme->selection : view->theme->active;
    for (guint i = 0; i < ranges->len; i++) {
        Rect r = g_array_index(ranges, Rect, i);
        draw_rect(view->draw, (Rect){x + r.x, y + r.y, r.w, r.h}, 0, color);
    }
}

void field_draw(Field *field, View *view, Rect rect, const char *placeholder, bool focused,
                bool caret_on)
{
    field->rect = rect;
    Rect caret = paragraph_caret(field->layout, shown_caret(field));
    follow_caret(field, rect, caret);
    int x = rect.x - field->scroll_x;
    int y = rect.y - field->scroll_y;
    draw_push_clip(view->draw, (Rect){rect.x - 1, rect.y, rect.w + 2, rect.h});
    if (editor_empty(field->editor)) {
        Label label = {TYPE_MESSAGE, 400, view->theme->text3, ALIGN_START};
        int gap = px(view, 2); /* from the caret */
        Rect line = {rect.x + gap, rect.y, rect.w - gap,
                     MIN(rect.h, view_line_height(view, TYPE_MESSAGE))};
        view_label(view, placeholder, label, line);
    }
    draw_selection(field, view, x, y, focused);
    draw_paragraph(view->draw, field->layout, x, y);
    int thick = MAX(px(view, 1.5), 1);
    field->caret = (Rect){x + caret.x, y + caret.y, thick, caret.h};
    if (focused && caret_on)
        draw_rect(view->draw, field->caret, 0, view->theme->link);
    draw_pop_clip(view->draw);
}

Rect field_caret(const Field *field)
{
    return field->caret;
}

static size_t offset_at(const Field *field, int x, int y)
{
    size_t shown = paragraph_offset_at(field->layout, x - field->rect.x + field->scroll_x,
                                       y - field->rect.y + field->scroll_y);
    return from_shown(field, shown);
}

void field_press(Field *field, int x, int y, int clicks, bool extend)
{
    if (!field->layout)
        return;
    size_t offset = offset_at(field, x, y);
    field->goal_x = -1;
    if (clicks == 2)
        editor_select_word(field->editor, offset);
    else if (clicks >= 3)
        editor_select_line(field->editor, offset);
    else
        editor_move_to(field->editor, offset, extend);
}

void field_drag(Field *field, int x, int y)
{
    if (field->layout)
        editor_move_to(field->editor, offset_at(field, x, y), true);
}

void field_scroll(Field *field, int by)
{
    field->scroll_y += by;
}

/* The layout is of the text as it is now, not of a frame ago. */
static bool laid_out(const Field *field)
{
    return field->layout && field->layout_serial == editor_serial(field->editor) &&
           !field->shown_length;
}

bool field_move_line(Field *field, bool down, bool extend)
{
    size_t caret = editor_caret(field->editor);
    if (!laid_out(field) || !field->multi_line)
        return false;
    if (field->goal_x < 0)
        field->goal_x = paragraph_caret(field->layout, caret).x;
    size_t to = paragraph_step_line(field->layout, caret, field->goal_x, down);
    if (to == caret)
        return false;
    editor_move_to(field->editor, to, extend);
    return true;
}

static void move_edge(Field *field, bool forward, bool extend)
{
    size_t caret = editor_caret(field->editor);
    if (laid_out(field))
        editor_move_to(field->editor, paragraph_step(field->layout, caret, MOVE_LINE_EDGE, forward),
                       extend);
    else
        editor_move(field->editor, EDIT_LINE, forward, extend);
}

static FieldResult copy(Field *field, const Clipboard *clipboard, bool cut)
{
    g_autofree char *text = editor_selected(field->editor);
    if (!text)
        return FIELD_IGNORED;
    clipboard->set(text, clipboard->user);
    if (!cut)
        return FIELD_MOVED;
    editor_delete(field->editor, EDIT_GRAPHEME, true);
    return FIELD_EDITED;
}

static FieldResult paste(Field *field, const Clipboard *clipboard)
{
    g_autofree char *text = clipboard->get(clipboard->user);
    return text && editor_insert(field->editor, text) ? FIELD_EDITED : FIELD_MOVED;
}

static FieldResult control_key(Field *field, SDL_Keycode key, bool shift,
                               const Clipboard *clipboard)
{
    switch (key) {
    case SDLK_a:
        editor_select_all(field->editor);
        return FIELD_MOVED;
    case SDLK_c:
    case SDLK_INSERT:
        return copy(field, clipboard, false);
    case SDLK_x:
        return copy(field, clipboard, true);
    case SDLK_v:
        return paste(field, clipboard);
    case SDLK_z:
        return (shift ? editor_redo(field->editor) : editor_undo(field->editor)) ? FIELD_EDITED
                                                                                 : FIELD_MOVED;
    case SDLK_y:
        return editor_redo(field->editor) ? FIELD_EDITED : FIELD_MOVED;
    default:
        return FIELD_IGNORED;
    }
}

static FieldResult motion_key(Field *field, SDL_Keycode key, bool control, bool shift)
{
    Editor *editor = field->editor;
    switch (key) {
    case SDLK_LEFT:
    case SDLK_RIGHT:
        editor_move(editor, control ? EDIT_WORD : EDIT_GRAPHEME, key == SDLK_RIGHT, shift);
        return FIELD_MOVED;
    case SDLK_HOME:
    case SDLK_END:
        if (control)
            editor_move(editor, EDIT_ALL, key == SDLK_END, shift);
        else
            move_edge(field, key == SDLK_END, shift);
        return FIELD_MOVED;
    case SDLK_BACKSPACE:
    case SDLK_DELETE:
        editor_delete(editor, control ? EDIT_WORD : EDIT_GRAPHEME, key == SDLK_DELETE);
        return FIELD_EDITED;
    default:
        return FIELD_IGNORED;
    }
}

FieldResult field_key(Field *field, const SDL_Keysym *key, const Clipboard *clipboard)
{
    bool control = key->mod & KMOD_CTRL;
    bool shift = key->mod & KMOD_SHIFT;
    if (key->mod & (KMOD_ALT | KMOD_GUI))
        return FIELD_IGNORED;
    if ((key->sym == SDLK_UP || key->sym == SDLK_DOWN) && !control)
        return field_move_line(field, key->sym == SDLK_DOWN, shift) ? FIELD_MOVED : FIELD_IGNORED;
    FieldResult result = FIELD_IGNORED;
    if (shift && !control && key->sym == SDLK_INSERT)
        result = paste(field, clipboard);
    else if (control)
        result = control_key(field, key->sym, shift, clipboard);
    if (result == FIELD_IGNORED)
        result = motion_key(field, key->sym, control, shift);
    if (result != FIELD_IGNORED)
        field->goal_x = -1;
    return result;
}
