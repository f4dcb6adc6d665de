#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

/* Keys that a field or the composer knows by itself. */
static const struct {
    const char *shown, *help;
} others[] = {
    {"Enter", "Send"},
    {"Shift+Enter", "New line"},
    {":name", "Emoji: Tab takes it"},
    {"Ctrl+C", "Copy what is selected"},
    {"Ctrl+Z, Ctrl+Y", "Undo, redo"},
};

static void draw_row(View *view, Rect row, const char *shown, const char *help)
{
    const Theme *theme = view->theme;
    Rect left = cut_left(&row, px(view, 176));
    Label label = {TYPE_META, 500, theme->text, ALIGN_CENTER};
    Rect cap = {left.x, left.y + px(view, 3), view_text_width(view, shown, label) + px(view, 16),
                px(view, 22)};
    draw_rect(view->draw, cap, px(view, 5), theme->hover);
    view_label(view, shown, label, cap);
    view_label(view, help, (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START}, row);
    node_add(view->nodes, NULL, ROLE_TEXT, help, row);
}

void screen_shortcuts(Face *face, View *view, Rect rect)
{
    size_t count;
    const KeyBinding *table = keys_table(&count);
    int rows = G_N_ELEMENTS(others);
    for (size_t i = 0; i < count; i++)
        rows += table[i].shown != NULL;
    Rect rest = screen_dialog(face, view, rect, "shortcuts-dialog", "Keyboard", px(view, 480),
                              px(view, 40 + 44 + 28 * rows));
    face->sheet_rect = rest;
    node_push_clip(view->nodes, rest);
    draw_push_clip(view->draw, rest);
    int least = MAX(px(view, 28 * rows) - rest.h, 0);
    face->sheet_scroll = CLAMP(face->sheet_scroll, 0, least);
    Rect list = {rest.x, rest.y - face->sheet_scroll, rest.w, 1 << 20};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        draw_row(view, cut_top(&list, px(view, 28)), others[i].shown, others[i].help);
    for (size_t i = 0; i < count; i++) {
        if (table[i].shown)
            draw_row(view, cut_top(&list, px(view, 28)), table[i].shown, table[i].help);
    }
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
