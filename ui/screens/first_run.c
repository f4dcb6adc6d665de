#include "ui/layout.h"
#include "ui/screens/screens.h"

int screen_first_run_height(Face *face, View *view, int width)
{
    return px(view, 8 + 132 + 18);
}

void screen_first_run(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    Node *pane = node_push(view->nodes, "first-run", ROLE_PANE, "Your name", rect);
    pane->state |= NODE_BLOCKS;
    draw_rect(view->draw, rect, 0, theme->bg);
    cut_top(&rect, px(view, 8));
    cut_bottom(&rect, px(view, 18));
    Rect card = rect_shrink(rect, px(view, 16), 0);
    draw_rect(view->draw, card, px(view, 12), theme->surface);
    draw_border(view->draw, card, px(view, 12), MAX(px(view, 1), 1), theme->line);
    Rect inner = rect_shrink(card, px(view, 20), px(view, 16));
    view_label(view, "What shall people here call you?",
               (Label){TYPE_TITLE, 600, theme->text, ALIGN_START}, cut_top(&inner, px(view, 22)));
    view_label(view,
               card.w < px(view, 480)
                   ? "Only people on this network see it."
                   : "Only people on this network see it. You can change it at any time.",
               (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START},
               cut_top(&inner, px(view, 22)));
    cut_top(&inner, px(view, 14));
    Rect row = cut_top(&inner, px(view, 40));
    bool ready = !editor_empty(field_editor(face->first_name));
    Rect button = cut_right(&row, view_button_width(view, "Start writing"));
    cut_right(&row, px(view, 8));
    screen_field(face, view, "first-name", face->first_name, "Your name", "Your name", row);
    view_button(view, "first-name-done", BUTTON_FILLED, "Start writing", button,
                ready ? "first-name" : NULL, NULL);
    node_pop(view->nodes);
}
