#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

/* The list is laid out from the anchor outwards: rows are measured as they come into view, and only
 * those. */

#define FEW_ROWS 30 /* from the top: older ones are asked for */

typedef struct {
    Face *face;
    View *view;
    Chat *chat;
    RowFrame frame;
    Rect rect;
    int head, tail; /* heights of what stands before the first and after the last row */
} List;

static Row *measure(List *list, size_t index)
{
    Row *row = row_new(list->view, &list->frame, index);
    heights_set(list->chat->heights, index, row->height);
    return row;
}

/* Puts rows that cover [top, bottom) of the list into face->rows, given that row `index` has its
 * top at `y`. Returns the top of the first. */
static int cover(List *list, size_t index, int y, int *end)
{
    GPtrArray *rows = list->face->rows;
    size_t count = chat_count(list->chat);
    g_ptr_array_set_size(rows, 0);
    int first = y;
    for (size_t i = index; i-- > 0 && first > 0;) {
        Row *row = measure(list, i);
        first -= row->height;
        g_ptr_array_insert(rows, 0, row);
    }
    for (; index < count && y < list->rect.h; index++) {
        Row *row = measure(list, index);
        y += row->height;
        g_ptr_array_add(rows, row);
    }
    *end = y;
    return first;
}

static size_t first_index(const List *list)
{
    GPtrArray *rows = list->face->rows;
    return rows->len ? ((Row *)g_ptr_array_index(rows, 0))->index : 0;
}

static bool reaches_end(const List *list)
{
    GPtrArray *rows = list->face->rows;
    size_t count = chat_count(list->chat);
    return !rows->len || ((Row *)g_ptr_array_index(rows, rows->len - 1))->index + 1 == count;
}

static int cover_from_end(List *list)
{
    int end;
    return cover(list, chat_count(list->chat), list->rect.h - list->tail, &end);
}

static int cover_from_anchor(List *list)
{
    Chat *chat = list->chat;
    size_t row;
    if (!chat_find(chat, &chat->anchor, chat->anchor_row, &row)) {
        chat->pinned = true;
        return cover_from_end(list);
    }
    int end;
    int first = cover(list, row, chat->anchor_y, &end);
    if (first_index(list) == 0 && first > list->head) {
        /* Scrolled beyond the top. */
        first = cover(list, 0, list->head, &end);
    }
    if (reaches_end(list) && end < list->rect.h - list->tail) {
        chat->pinned = true;
        return cover_from_end(list);
    }
    return first;
}

/* Remembers the first visible row, for the next frame. */
static void keep_anchor(List *list, int y)
{
    Chat *chat = list->chat;
    GPtrArray *rows = list->face->rows;
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = g_ptr_array_index(rows, i);
        if (y + row->height > 0 || i + 1 == rows->len) {
            chat->anchor = row->ref;
            chat->anchor_row = row->index;
            chat->anchor_y = y;
            return;
        }
        y += row->height;
    }
}

static void draw_rows(List *list, int y)
{
    size_t first = G_MAXSIZE;
    size_t last = 0;
    size_t start = 0;
    size_t end = 0;
    bool selected = chat_selection(list->chat, &first, &start, &last, &end);
    for (guint i = 0; i < list->face->rows->len; i++) {
        Row *row = g_ptr_array_index(list->face->rows, i);
        bool inside = selected && row->index >= first && row->index <= last;
        size_t from = row->index == first ? start : 0;
        size_t to = !inside ? 0 : row->index == last ? end : G_MAXSIZE;
        row_draw(list->view, row, &list->frame, list->rect.x, list->rect.y + y, from, to);
        y += row->height;
    }
}

static int head_height(const List *list)
{
    return px(list->view, list->frame.conversation->more_before ? 40 : 76);
}

/* Before the first row: that more is coming, or where the conversation began. */
static void draw_head(List *list, int first)
{
    View *view = list->view;
    const Theme *theme = view->theme;
    const Conversation *conversation = list->frame.conversation;
    int y = list->rect.y + first - list->head;
    if (first_index(list) != 0 || y + list->head < list->rect.y)
        return;
    int left = px(view, list->frame.narrow ? 12 : 20);
    Rect line = {list->rect.x + left, y, list->rect.w - 2 * left, list->head};
    if (conversation->more_before) {
        Label label = {TYPE_META, 400, theme->text3, ALIGN_CENTER};
        view_label(view, "Loading earlier messages…", label, line);
        return;
    }
    g_autofree char *title = conversation->person
                                 ? g_strdup_printf("You and %s", conversation->name)
                                 : g_strdup_printf("Welcome to #%s", conversation->name);
    const char *text = conversation->person
                           ? "Only the two of you can read what is written here."
                           : "Everyone on this network is here. Nothing leaves it.";
    cut_top(&line, px(view, 20));
    Rect top = cut_top(&line, px(view, 24));
    view_label(view, title, (Label){TYPE_TITLE, 600, theme->text, ALIGN_START}, top);
    view_label(view, text, (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START},
               cut_top(&line, px(view, 20)));
}

static void draw_scrollbar(List *list, int first)
{
    Face *face = list->face;
    View *view = list->view;
    const Heights *heights = list->chat->heights;
    face->thumb = (Rect){0};
    int64_t above = heights_before(heights, first_index(list)) + list->head - first;
    int64_t total = heights_before(heights, heights_count(heights)) + list->head + list->tail;
    if (total <= list->rect.h)
        return;
    int track = list->rect.h - px(view, 8);
    int length = MAX((int)(track * (double)list->rect.h / (double)total), px(view, 32));
    double at = (double)above / (double)(total - list->rect.h);
    int y = list->rect.y + px(view, 4) + (int)((track - length) * CLAMP(at, 0.0, 1.0));
    int width = px(view, 6);
    face->thumb = (Rect){list->rect.x + list->rect.w - width - px(view, 3), y, width, length};
    Rect grip = {list->rect.x + list->rect.w - px(view, 12), y, px(view, 12), length};
    Node *node = node_add(view->nodes, "scrollbar", ROLE_GROUP, "Scrollbar", grip);
    bool hot = face->drag == DRAG_SCROLLBAR || g_strcmp0(view->hover, "scrollbar") == 0;
    node->state |= hot ? NODE_HOVERED : 0;
    draw_rect(view->draw, face->thumb, width / 2, hot ? view->theme->edge : view->theme->line);
}

static void draw_jump(List *list)
{
    View *view = list->view;
    const Theme *theme = view->theme;
    if (list->chat->pinned)
        return;
    int size = px(view, 40);
    Rect rect = {list->rect.x + list->rect.w - px(view, 20) - size,
                 list->rect.y + list->rect.h - px(view, 10) - size, size, size};
    unsigned unread = list->frame.conversation->unread;
    g_autofree char *name =
        unread ? g_strdup_printf("Jump to latest, %u new", unread) : g_strdup("Jump to latest");
    Node *node = view_control(view, "jump", ROLE_BUTTON, name, rect);
    node_set_command(view->nodes, node, "latest", NULL);
    bool hovered = node->state & NODE_HOVERED;
    draw_shadow(view->draw, rect, size / 2, px(view, 12), theme->shadow);
    draw_rect(view->draw, rect, size / 2, hovered ? theme->active : theme->surface);
    draw_border(view->draw, rect, size / 2, MAX(px(view, 1), 1), theme->edge);
    view_icon(view, "arrow-down", 20, theme->text, rect);
    view_badge(view, unread, rect.x + size + px(view, 6), rect.y + px(view, 3));
    view_focus_ring(view, node, rect_inset(rect, -px(view, 3)), size / 2 + px(view, 3));
}

static void draw_empty(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    bool joined = face->model && model_link(face->model) == LINK_JOINED;
    const char *title = joined ? "Nothing has been said yet" : "Looking for people on this network";
    const char *text =
        joined ? "Say hello." : "You are in the room as soon as one is found. Nothing to set up.";
    if (face_no_network(face, view)) {
        title = "This computer is on no network";
        text = "People appear by themselves when it is on one.";
    }
    bool alone = joined && model_people(face->model)->len <= 1;
    if (alone) {
        title = "No one else is here yet";
        text = "People on this network appear by themselves.";
    }
    Rect middle = rect_center(rect, MIN(rect.w - px(view, 40), px(view, 420)), px(view, 132));
    Rect icon = rect_center(cut_top(&middle, px(view, 56)), px(view, 56), px(view, 56));
    draw_rect(view->draw, icon, icon.w / 2, theme->soft);
    view_icon(view, joined ? "people" : "wifi", 28, theme->link, icon);
    cut_top(&middle, px(view, 14));
    view_label(view, title, (Label){TYPE_TITLE, 600, theme->text, ALIGN_CENTER},
               cut_top(&middle, px(view, 24)));
    cut_top(&middle, px(view, 2));
    view_text(view, text, (Label){TYPE_UI, 400, theme->text2, ALIGN_CENTER}, middle);
    node_add(view->nodes, "empty", ROLE_STATUS, title, middle);
}

/* The width or the scale changed: every height is unknown again. */
static void fit(Chat *chat, View *view, int width)
{
    if (chat->width == width && chat->scale == view->scale)
        return;
    chat->width = width;
    chat->scale = view->scale;
    heights_forget(chat->heights, px(view, 44));
}

static void draw_list(Face *face, View *view, const Conversation *conversation, Rect rect)
{
    Chat *chat = face_open_chat(face);
    CardPictures pictures = {face->host->picture, face->host->picture_size, face->host->thumbnail,
                             face->user};
    List list = {.face = face,
                 .view = view,
                 .chat = chat,
                 .rect = rect,
                 .frame = {.model = face->model,
                           .conversation = conversation,
                           .chat = chat,
                           .width = rect.w,
                           .narrow = face_shape(face) == SHAPE_NARROW,
                           .now_ms = face_room_ms(face),
                           .pictures = &pictures}};
    list.head = head_height(&list);
    list.tail = px(view, 8);
    fit(chat, view, rect.w);
    int first = chat->pinned ? cover_from_end(&list) : cover_from_anchor(&list);
    keep_anchor(&list, first);
    draw_head(&list, first);
    draw_rows(&list, first);
    draw_scrollbar(&list, first);
    draw_jump(&list);
    if (conversation->more_before && !conversation->loading_before &&
        chat->asked_count != conversation->message_count && first_index(&list) < FEW_ROWS) {
        chat->asked_count = conversation->message_count;
        face->host->load_older(conversation->id, face->user);
    }
}

void screen_messages(Face *face, View *view, Rect rect)
{
    const Conversation *conversation = face_open_conversation(face);
    face->list = rect;
    face->thumb = (Rect){0};
    g_ptr_array_set_size(face->rows, 0);
    Node *pane = node_push(view->nodes, "messages", ROLE_PANE, "Messages", rect);
    pane->state |= NODE_BLOCKS | NODE_FOCUSABLE;
    if (g_strcmp0(view->focus, "messages") == 0)
        pane->state |= NODE_FOCUSED;
    node_push_clip(view->nodes, rect);
    draw_push_clip(view->draw, rect);
    if (!conversation || !conversation->message_count)
        draw_empty(face, view, rect);
    else
        draw_list(face, view, conversation, rect);
    view_focus_ring(view, pane, rect, 0);
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
    node_pop(view->nodes);
}
