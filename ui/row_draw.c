#include "ui/format.h"
#include "ui/layout.h"
#include "ui/row.h"

#include <string.h>

#define SENDING_OPACITY 153 /* 60 % */

static void draw_day(View *view, const Row *row, const RowFrame *frame, Rect rect)
{
    Label label = {TYPE_META, 600, view->theme->text3, ALIGN_CENTER};
    Rect line = {rect.x, rect.y + row->day_y, rect.w, px(view, 16)};
    int text = view_text_width(view, row->day, label);
    int gutter = px(view, 20);
    int side = (rect.w - text) / 2 - px(view, 22) - gutter;
    int thick = MAX(px(view, 1), 1);
    int y = line.y + line.h / 2;
    if (side > 0) {
        view_line(view, (Rect){rect.x + gutter, y, side, thick});
        view_line(view, (Rect){rect.x + rect.w - gutter - side, y, side, thick});
    }
    view_label(view, row->day, label, line);
    node_add(view->nodes, NULL, ROLE_TEXT, row->day, line);
}

static void draw_unread(View *view, const Row *row, const RowFrame *frame, Rect rect)
{
    const Theme *theme = view->theme;
    int gutter = px(view, 20);
    Rect badge = {rect.x + rect.w - gutter - px(view, 44), rect.y + row->unread_y, px(view, 44),
                  px(view, 18)};
    int thick = MAX(px(view, 1), 1);
    Rect line = {rect.x + gutter, badge.y + badge.h / 2, badge.x - px(view, 8) - rect.x - gutter,
                 thick};
    draw_rect(view->draw, line, 0, theme->err_fill);
    draw_rect(view->draw, badge, badge.h / 2, theme->err_fill);
    view_label(view, "New", (Label){TYPE_BADGE, 600, theme->on_err, ALIGN_CENTER}, badge);
    node_add(view->nodes, "unread-line", ROLE_TEXT, "New messages", badge);
}

static void draw_author(View *view, const Row *row, const RowFrame *frame, Rect rect)
{
    const Person *author = row->message->author;
    int left = rect.x + px(view, frame->narrow ? 12 : 20);
    int top = rect.y + row->head_y;
    view_avatar(view, author, (Rect){left, top + px(view, 2), px(view, 36), px(view, 36)});
    g_autofree char *clock = format_clock(row->message->time_ms);
    Label time = {TYPE_META, 400, view->theme->text3, ALIGN_START};
    int time_width = view_text_width(view, clock, time);
    Rect line = {rect.x + row->text_x, top, rect.w - row->text_x - px(view, 20), px(view, 21)};
    Rect name = {line.x, line.y, line.w - time_width - px(view, 8), line.h};
    Label label = {TYPE_MESSAGE, 600, view_name_color(view, author), ALIGN_START};
    int used = view_label(view, author->shown, label, name);
    view_label(view, clock, time,
               (Rect){name.x + used + px(view, 8), line.y + px(view, 1), time_width + 2, line.h});
}

/* What is left of a row that has no avatar: the time, while the pointer is over it. */
static void draw_gutter(View *view, const Row *row, const RowFrame *frame, Rect rect)
{
    Rect gutter = {rect.x, rect.y + row->body_y, row->text_x - px(view, 16), px(view, 21)};
    bool warning = row->message->kind == MESSAGE_WARNING;
    if (row->message->kind == MESSAGE_NOTICE || row->message->kind == MESSAGE_MODERATION ||
        warning) {
        Rect icon = {gutter.x + gutter.w - px(view, 18), gutter.y, px(view, 18), px(view, 18)};
        view_icon(view, warning ? "warning" : "info", 16,
                  warning ? view->theme->warn : view->theme->text3, icon);
        return;
    }
    if (row->message->kind == MESSAGE_ACTION && row->message->author) {
        int size = px(view, 20);
        Rect avatar = {gutter.x + gutter.w - size, gutter.y, size, size};
        view_avatar(view, row->message->author, avatar);
        return;
    }
    g_autofree char *clock = format_clock(row->message->time_ms);
    Label label = {TYPE_BADGE, 400, view->theme->text3, ALIGN_END};
    view_label(view, clock, label, gutter);
}

static void draw_selection(View *view, const RowPart *part, int x, int y, size_t start, size_t end)
{
    size_t from = MAX(start, part->start);
    size_t to = MIN(end, part->start + part->length);
    if (from >= to)
        return;
    g_autoptr(GArray) ranges =
        paragraph_ranges(part->paragraph, from - part->start, to - part->start);
    for (guint i = 0; i < ranges->len; i++) {
        Rect r = g_array_index(ranges, Rect, i);
        draw_rect(view->draw, (Rect){x + r.x, y + r.y, r.w, r.h}, 0, view->theme->selection);
    }
}

/* Links are controls of their own, so that the keyboard reaches them. */
static void add_links(View *view, const Row *row, guint part_index, int x, int y)
{
    const RowPart *part = &g_array_index(row->parts, RowPart, part_index);
    const MarkBlock *block = &g_array_index(row->markup->blocks, MarkBlock, part_index);
    for (guint i = 0; i < block->spans->len; i++) {
        const MarkSpan *span = &g_array_index(block->spans, MarkSpan, i);
        if (!span->url)
            continue;
        g_autoptr(GArray) ranges = paragraph_ranges(part->paragraph, span->start, span->end);
        g_autofree char *id = g_strdup_printf("%s/link%zu", row->id, part->start + span->start);
        for (guint r = 0; r < ranges->len; r++) {
            Rect range = g_array_index(ranges, Rect, r);
            Rect rect = {x + range.x, y + range.y, range.w, range.h};
            /* A link that goes over several lines is one stop for the keyboard. */
            Node *node = view_control(view, id, ROLE_LINK, span->url, rect);
            if (r)
                node->state |= NODE_TAB_SKIP;
            view_focus_ring(view, node, rect_inset(rect, -px(view, 2)), px(view, 4));
        }
    }
}

static void draw_parts(View *view, const Row *row, Rect rect, size_t start, size_t end)
{
    for (guint i = 0; i < row->parts->len; i++) {
        const RowPart *part = &g_array_index(row->parts, RowPart, i);
        int x = rect.x + part->text.x;
        int y = rect.y + part->text.y;
        if (part->code) {
            Rect box = {rect.x + part->box.x, rect.y + part->box.y, part->box.w, part->box.h};
            draw_rect(view->draw, box, px(view, 8), view->theme->side);
            draw_border(view->draw, box, px(view, 8), MAX(px(view, 1), 1), view->theme->line);
        }
        draw_selection(view, part, x, y, start, end);
        draw_paragraph(view->draw, part->paragraph, x, y);
        add_links(view, row, i, x, y);
    }
}

static void draw_failure(View *view, const Row *row, Rect rect)
{
    const Theme *theme = view->theme;
    const char *why = row->message->why ? row->message->why : "This could not be sent.";
    Rect line = {rect.x + row->text_x, rect.y + row->foot_y, rect.w - row->text_x - px(view, 20),
                 px(view, 28)};
    view_icon(view, "warning", 16, theme->err, cut_left(&line, px(view, 16)));
    cut_left(&line, px(view, 6));
    Rect text = line;
    text.w = MAX(text.w - px(view, 68), 0);
    int used = view_label(view, why, (Label){TYPE_META, 400, theme->err, ALIGN_START}, text);
    Rect button = {text.x + used + px(view, 8), line.y + px(view, 2), px(view, 60), px(view, 24)};
    g_autofree char *id = g_strdup_printf("%s/retry", row->id);
    view_button(view, id, BUTTON_PLAIN, "Retry", button, "retry", row->id + strlen("message/"));
}

static void draw_ground(View *view, const Row *row, Rect body, bool hovered)
{
    const Theme *theme = view->theme;
    bool warning = row->message->kind == MESSAGE_WARNING;
    bool announcement = row->message->kind == MESSAGE_ANNOUNCEMENT;
    if (row->message->mention || warning || announcement) {
        draw_rect(view->draw, body, 0, warning ? theme->warn_bg : theme->mention);
        draw_rect(view->draw, (Rect){body.x, body.y, px(view, 3), body.h}, 0, theme->warn);
    } else if (hovered) {
        draw_rect(view->draw, body, 0, theme->surface);
    }
}

static char *spoken_name(const Row *row)
{
    const Message *message = row->message;
    if (message->kind == MESSAGE_WARNING)
        return g_strdup_printf("Warning: %s", row->markup->text);
    if (row->card)
        return g_strdup_printf("%s: %s", message->author->shown, row->card->spoken);
    if (!row_is_signed(message) || !message->author)
        return g_strdup(row->markup->text);
    return g_strdup_printf("%s: %s", message->author->shown, row->markup->text);
}

void row_draw(View *view, Row *row, const RowFrame *frame, int x, int y, size_t start, size_t end)
{
    row->rect = (Rect){x, y, frame->width, row->height};
    if (row->folded)
        return;
    if (row->day)
        draw_day(view, row, frame, row->rect);
    if (row->unread)
        draw_unread(view, row, frame, row->rect);
    int top = y + row->head_y - px(view, row->group ? 4 : 1);
    Rect body = {x, top, frame->width, y + row->height + px(view, 1) - top};
    g_autofree char *name = spoken_name(row);
    Node *node = node_push(view->nodes, row->id, ROLE_ITEM, name, body);
    bool hovered = view->hover && g_str_has_prefix(view->hover, row->id);
    if (hovered)
        node->state |= NODE_HOVERED;
    draw_ground(view, row, body, hovered);
    bool text = row_is_signed(row->message);
    if (text && row->group && row->message->author)
        draw_author(view, row, frame, row->rect);
    else if (!text || hovered)
        draw_gutter(view, row, frame, row->rect);
    bool sending = row->message->delivery == DELIVERY_SENDING;
    if (sending)
        draw_push_opacity(view->draw, SENDING_OPACITY);
    draw_parts(view, row, row->rect, start, end);
    if (row->card)
        card_draw(view, row->card, x + row->text_x, y + row->body_y);
    if (sending)
        draw_pop_opacity(view->draw);
    if (row->message->delivery == DELIVERY_FAILED)
        draw_failure(view, row, row->rect);
    node_pop(view->nodes);
}
