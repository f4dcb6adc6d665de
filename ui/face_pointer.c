#include "ui/actions.h"
#include "ui/face_input.h"

#include <math.h>
#include <string.h>

/* What the pointer is on: the nearest node that has a name to be remembered by. */
static Node *under_pointer(Face *face, int x, int y)
{
    Node *node = node_tree_root(face->nodes) ? node_at(face->nodes, x, y) : NULL;
    while (node &&
           !(node->id && (node->state & NODE_FOCUSABLE || node->role == ROLE_ITEM ||
                          node->command || node->state & NODE_BLOCKS)) &&
           !(node->id && strcmp(node->id, "scrollbar") == 0))
        node = node->parent;
    return node;
}

static void set_hover(Face *face, const char *id)
{
    if (g_strcmp0(face->hover, id) == 0)
        return;
    g_free(face->hover);
    face->hover = g_strdup(id);
    face->dirty = true;
}

static Row *row_at(Face *face, int y)
{
    Row *found = NULL;
    for (guint i = 0; i < face->rows->len; i++) {
        Row *row = g_ptr_array_index(face->rows, i);
        if (row->folded)
            continue;
        if (!found || row->rect.y <= y)
            found = row;
    }
    return found;
}

static void drag_text(Face *face, int x, int y)
{
    Chat *chat = face_open_chat(face);
    Row *row = chat ? row_at(face, y) : NULL;
    if (!row)
        return;
    chat->to = (TextPlace){row->ref, row_offset_at(row, x, y)};
    face->dirty = true;
    int step = (int)lround(12 * face->scale);
    if (y < face->list.y)
        face_scroll(face, -step);
    else if (y > face->list.y + face->list.h)
        face_scroll(face, step);
}

static void press_text(Face *face, int x, int y, int clicks)
{
    Chat *chat = face_open_chat(face);
    Row *row = chat ? row_at(face, y) : NULL;
    if (!row)
        return;
    size_t offset = row_offset_at(row, x, y);
    size_t start = offset;
    size_t end = offset;
    if (clicks == 2 && row_over_text(row, x, y))
        row_word(row, offset, &start, &end);
    else if (clicks >= 3)
        start = 0, end = row->markup->length;
    bool extend = (SDL_GetModState() & KMOD_SHIFT) && chat->selected;
    if (!extend)
        chat->from = (TextPlace){row->ref, start};
    chat->to = (TextPlace){row->ref, end};
    chat->selected = true;
    face->drag = clicks > 1 ? DRAG_NONE : DRAG_TEXT;
    face->dirty = true;
}

static void drag_scrollbar(Face *face, int y)
{
    Chat *chat = face_open_chat(face);
    if (!chat)
        return;
    int track = face->list.h - face->thumb.h;
    double at = track > 0 ? (double)(y - face->drag_grip - face->list.y) / track : 0;
    int64_t total = heights_before(chat->heights, chat_count(chat));
    int64_t target = (int64_t)(CLAMP(at, 0.0, 1.0) * (double)MAX(total - face->list.h, 0));
    size_t row = heights_at(chat->heights, target);
    if (at >= 1.0)
        face_to_latest(face);
    else
        face_scroll_to_row(face, row, (int)(heights_before(chat->heights, row) - target));
}

static void press_field(Face *face, Node *node, const SDL_MouseButtonEvent *event)
{
    Field *field = face_field(face, node->id);
    face_set_focus(face, node->id);
    if (!field)
        return;
    bool extend = SDL_GetModState() & KMOD_SHIFT;
    field_press(field, event->x, event->y, event->clicks, extend);
    face->drag = event->clicks > 1 ? DRAG_NONE : DRAG_FIELD;
    face->drag_field = field;
}

void face_press(Face *face, const SDL_MouseButtonEvent *event)
{
    Node *node = under_pointer(face, event->x, event->y);
    face->keyboard = false;
    face->active_us = face->now_us;
    face->dirty = true;
    face->drag = DRAG_NONE;
    g_clear_pointer(&face->pressed, g_free);
    Chat *chat = face_open_chat(face);
    if (chat && face->overlay == OVERLAY_NONE && !(SDL_GetModState() & KMOD_SHIFT))
        chat_deselect(chat);
    if (!node)
        return;
    face->pressed = g_strdup(node->id);
    if (node->role == ROLE_FIELD) {
        press_field(face, node, event);
    } else if (strcmp(node->id, "scrollbar") == 0) {
        face->drag = DRAG_SCROLLBAR;
        face->drag_grip = event->y - face->thumb.y;
    } else if (strcmp(node->id, "messages") == 0 || g_str_has_prefix(node->id, "message/")) {
        if (node->role != ROLE_BUTTON)
            press_text(face, event->x, event->y, event->clicks);
    } else if (node->state & NODE_FOCUSABLE && !(node->state & NODE_TAB_SKIP) &&
               face->overlay != OVERLAY_NONE) {
        face_set_focus(face, node->id);
    }
}

/* A press that became a selection is no click on a link. */
static bool selected_something(Face *face)
{
    g_autofree char *text = face_selected_text(face);
    return text != NULL;
}

static void keep_primary(Face *face)
{
    g_autofree char *text = face_selected_text(face);
    if (text && *text)
        face->host->set_primary(text, face->user);
}

void face_release(Face *face, const SDL_MouseButtonEvent *event)
{
    Node *node = under_pointer(face, event->x, event->y);
    g_autofree char *pressed = g_steal_pointer(&face->pressed);
    Drag drag = face->drag;
    face->drag = DRAG_NONE;
    face->dirty = true;
    if (drag == DRAG_TEXT)
        keep_primary(face);
    if (drag == DRAG_TEXT && selected_something(face))
        return;
    Row *row = row_at(face, event->y);
    if (node && row && drag == DRAG_TEXT) {
        const char *url = row_url_at(row, event->x, event->y);
        if (url) {
            g_autofree char *copy = g_strdup(url);
            face_run(face, "link", copy);
            return;
        }
    }
    if (node && node->id && g_strcmp0(node->id, pressed) == 0 && node->role != ROLE_FIELD)
        face_activate(face, node);
}

void face_motion(Face *face, int x, int y)
{
    face->mouse_x = x;
    face->mouse_y = y;
    if (face->drag == DRAG_FIELD) {
        field_drag(face->drag_field, x, y);
        face->dirty = true;
        return;
    }
    if (face->drag == DRAG_TEXT) {
        drag_text(face, x, y);
        return;
    }
    if (face->drag == DRAG_SCROLLBAR) {
        drag_scrollbar(face, y);
        return;
    }
    Node *node = under_pointer(face, x, y);
    set_hover(face, node ? node->id : NULL);
}

void face_middle(Face *face, int x, int y)
{
    Node *node = under_pointer(face, x, y);
    Field *field = node ? face_field(face, node->id) : NULL;
    if (!field)
        return;
    g_autofree char *text = face->host->primary(face->user);
    face_set_focus(face, node->id);
    field_press(field, x, y, 1, false);
    if (text && editor_insert(field_editor(field), text))
        face_edited(face, face->focus);
}

void face_wheel(Face *face, const SDL_MouseWheelEvent *event)
{
    double turns = event->preciseY != 0 ? event->preciseY : event->y;
    if (event->direction == SDL_MOUSEWHEEL_FLIPPED)
        turns = -turns;
    int by = (int)lround(-turns * FACE_WHEEL_STEP * face->scale);
    int x = face->mouse_x;
    int y = face->mouse_y;
    face->dirty = true;
    Node *composer = node_find(face->nodes, "composer");
    if (face_has_sheet(face)) {
        face->sheet_scroll += by;
    } else if (face->overlay != OVERLAY_NONE) {
        return;
    } else if (rect_contains(face->prompt.list, x, y)) {
        face->prompt.scroll += by;
    } else if (node_find(face->nodes, "sidebar") && rect_contains(face->sidebar_rect, x, y)) {
        face->sidebar_scroll += by;
    } else if (node_find(face->nodes, "people") && rect_contains(face->people_rect, x, y)) {
        face->people_scroll += by;
    } else if (composer && rect_contains(composer->rect, x, y)) {
        Field *field = face_field(face, "composer");
        if (field)
            field_scroll(field, by);
    } else {
        face_scroll(face, by);
    }
}

FaceCursor face_cursor(const Face *face)
{
    Face *self = (Face *)face;
    Node *node = under_pointer(self, face->mouse_x, face->mouse_y);
    if (!node || node->state & NODE_DISABLED)
        return FACE_CURSOR_ARROW;
    if (node->role == ROLE_FIELD)
        return FACE_CURSOR_TEXT;
    if (node->role == ROLE_LINK || (node->command && node->state & NODE_FOCUSABLE))
        return FACE_CURSOR_HAND;
    if (!g_str_has_prefix(node->id, "message/"))
        return FACE_CURSOR_ARROW;
    Row *row = row_at(self, face->mouse_y);
    if (row && row_url_at(row, face->mouse_x, face->mouse_y))
        return FACE_CURSOR_HAND;
    return row && row_over_text(row, face->mouse_x, face->mouse_y) ? FACE_CURSOR_TEXT
                                                                   : FACE_CURSOR_ARROW;
}
