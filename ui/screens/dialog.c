#include "ui/layout.h"
#include "ui/screens/screens.h"

#define FADE_US 120000

/* Overlays come in 120 ms; nothing else moves. */
static uint8_t opacity(Face *face, View *view)
{
    int64_t age = view->now_us - face->overlay_us;
    if (age >= FADE_US || face->reduced_motion)
        return 255;
    view_wake_at(view, view->now_us + 16000);
    return (uint8_t)(age <= 0 ? 0 : age * 255 / FADE_US);
}

Rect screen_dialog(Face *face, View *view, Rect rect, const char *id, const char *title, int width,
                   int height)
{
    const Theme *theme = view->theme;
    Node *scrim = node_add(view->nodes, "scrim", ROLE_GROUP, "", rect);
    scrim->state |= NODE_BLOCKS;
    node_set_command(view->nodes, scrim, "close", NULL);
    draw_push_opacity(view->draw, opacity(face, view));
    draw_rect(view->draw, rect, 0, theme->scrim);
    int margin = px(view, 12);
    width = MIN(width, rect.w - 2 * margin);
    height = MIN(height, rect.h - 2 * margin);
    Rect card = rect_center(rect, width, height);
    view_card(view, card, px(view, 14));
    Node *dialog = node_push(view->nodes, id, ROLE_DIALOG, title, card);
    dialog->state |= NODE_BLOCKS;
    Rect inner = rect_shrink(card, px(view, 24), px(view, 20));
    if (*title) {
        Rect top = cut_top(&inner, px(view, 32));
        Rect close = cut_right(&top, px(view, 32));
        close.x += px(view, 8);
        view_icon_button(view, "dialog-close", "close", "Close", close, "close", NULL);
        view_label(view, title, (Label){TYPE_DIALOG, 600, theme->text, ALIGN_START}, top);
        cut_top(&inner, px(view, 12));
    }
    return inner;
}

void screen_field(Face *face, View *view, const char *id, Field *field, const char *name,
                  const char *placeholder, Rect rect)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, id, ROLE_FIELD, name, rect);
    bool focused = node->state & NODE_FOCUSED;
    draw_rect(view->draw, rect, px(view, 8), theme->bg);
    draw_border(view->draw, rect, px(view, 8),
                focused ? px(view, theme->focus_width) : MAX(px(view, 1), 1),
                focused ? theme->link : theme->edge);
    Rect inner = rect_shrink(rect, px(view, 12), 0);
    int height = field_layout(field, view, TYPE_MESSAGE, inner.w);
    inner.y += (inner.h - height) / 2;
    inner.h = height;
    field_draw(field, view, inner, placeholder, focused && face->focused,
               face_caret_on(face, view));
}

Node *screen_check(View *view, Rect row, const char *id, const char *name, const char *text,
                   TypeSize size, bool on, const char *command)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, id, ROLE_CHECK, name, row);
    node_set_command(view->nodes, node, command, NULL);
    node->state |= on ? NODE_CHECKED : 0;
    if (node->state & NODE_HOVERED)
        draw_rect(view->draw, rect_inset(row, -px(view, 2)), px(view, 8), theme->hover);
    view_focus_ring(view, node, rect_inset(row, -px(view, 2)), px(view, 8));
    cut_left(&row, px(view, 4));
    Rect box = rect_center(cut_left(&row, px(view, 20)), px(view, 20), px(view, 20));
    draw_rect(view->draw, box, px(view, 5), on ? theme->accent : theme->bg);
    if (on)
        view_icon(view, "check", 16, theme->on_accent, box);
    else
        draw_border(view->draw, box, px(view, 5), MAX(px(view, 1.5), 1), theme->edge);
    cut_left(&row, px(view, 10));
    view_label(view, text, (Label){size, 400, theme->text, ALIGN_START}, row);
    return node;
}
