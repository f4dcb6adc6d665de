#include "ui/attach.h"

#include "ui/chooser_dialog.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

static void draw_entry(View *view, Rect row, const char *id, const char *icon, const char *name)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, id, ROLE_ITEM, name, row);
    node_set_command(view->nodes, node, id, NULL);
    if (node->state & (NODE_HOVERED | NODE_FOCUSED))
        draw_rect(view->draw, row, px(view, 8), theme->hover);
    view_focus_ring(view, node, row, px(view, 8));
    Rect inner = rect_shrink(row, px(view, 10), 0);
    view_icon(view, icon, 18, theme->text2, cut_left(&inner, px(view, 20)));
    cut_left(&inner, px(view, 10));
    view_label(view, name, (Label){TYPE_UI, 400, theme->text, ALIGN_START}, inner);
}

void screen_attach(Face *face, View *view, Rect rect)
{
    Node *scrim = node_add(view->nodes, "scrim", ROLE_GROUP, "", rect);
    scrim->state |= NODE_BLOCKS;
    node_set_command(view->nodes, scrim, "close", NULL);
    const Node *clip = node_find(view->nodes, "attach");
    Rect from = clip ? clip->rect : (Rect){rect.x, rect.y + rect.h, 0, 0};
    int height = px(view, 2 * 36 + 8);
    Rect card = {from.x, from.y - height - px(view, 10), px(view, 168), height};
    Node *menu = node_push(view->nodes, "attach-menu", ROLE_DIALOG, "Offer", card);
    menu->state |= NODE_BLOCKS;
    view_card(view, card, px(view, 10));
    Rect rest = rect_inset(card, px(view, 4));
    draw_entry(view, cut_top(&rest, px(view, 36)), "attach-files", "file", "Files…");
    draw_entry(view, cut_top(&rest, px(view, 36)), "attach-folder", "folder", "Folder…");
    node_pop(view->nodes);
}

void screen_chooser(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    Chooser *chooser = face->chooser;
    Rect rest = screen_dialog(face, view, rect, "chooser", chooser_title(chooser), px(view, 480),
                              px(view, 40 + 44 + 22 + 40 + 32 + 36));
    const char *what = chooser_kind(chooser) == CHOOSER_FOLDER ? "Folder" : "File or folder";
    view_label(view, what, (Label){TYPE_META, 600, theme->text3, ALIGN_START},
               cut_top(&rest, px(view, 22)));
    screen_field(face, view, "chooser-field", chooser_field(chooser), what, "~/Documents",
                 cut_top(&rest, px(view, 40)));
    const char *error = chooser_error(chooser);
    Rect below = cut_top(&rest, px(view, 26));
    if (*error)
        node_add(view->nodes, "chooser-error", ROLE_STATUS, error, below);
    view_label(view, *error ? error : "Tab completes the path.",
               (Label){TYPE_META, 400, *error ? theme->err : theme->text3, ALIGN_START}, below);
    Rect row = cut_bottom(&rest, px(view, 36));
    const char *accept = chooser_accept_text(chooser);
    bool ready = !editor_empty(field_editor(chooser_field(chooser)));
    view_button(view, "chooser-accept", BUTTON_FILLED, accept,
                cut_right(&row, view_button_width(view, accept)), ready ? "chooser-accept" : NULL,
                NULL);
    cut_right(&row, px(view, 8));
    view_button(view, "chooser-cancel", BUTTON_OUTLINED, "Cancel",
                cut_right(&row, view_button_width(view, "Cancel")), "close", NULL);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}

void screen_drop(Face *face, View *view, Rect rect)
{
    g_autofree char *words = attach_drop_words(face);
    if (!words)
        return;
    const Theme *theme = view->theme;
    Node *node = node_add(view->nodes, "drop", ROLE_STATUS, words, rect);
    node->state |= NODE_BLOCKS;
    Rect area = rect_inset(rect, px(view, 12));
    draw_rect(view->draw, rect, 0, (theme->bg & 0xffffff) | 0xa0000000);
    draw_rect(view->draw, area, px(view, 14), (theme->soft & 0xffffff) | 0xe0000000);
    draw_border(view->draw, area, px(view, 14), MAX(px(view, 2), 2), theme->link);
    Rect middle = rect_center(area, area.w - px(view, 32), px(view, 92));
    view_icon(view, "paperclip", 40, theme->link, cut_top(&middle, px(view, 52)));
    cut_top(&middle, px(view, 12));
    view_label(view, words, (Label){TYPE_DIALOG, 600, theme->text, ALIGN_CENTER}, middle);
}
