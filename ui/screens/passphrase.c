#include "ui/layout.h"
#include "ui/screens/screens.h"

void screen_passphrase(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    const char *place = model_wants_passphrase(face->model);
    const char *why = model_passphrase_why(face->model);
    if (!place)
        return;
    g_autofree char *title = g_strdup_printf("%s is locked", *place ? place : "This place");
    const char *words = "Whoever is in there can tell you the passphrase.";
    int inside = px(view, 400 - 48);
    Label quiet = {TYPE_SECONDARY, 400, *why ? theme->err : theme->text2, ALIGN_START};
    g_autoptr(Paragraph) line = view_layout(view, *why ? why : words, quiet, inside, 0);
    int text = paragraph_height(line);
    Rect rest = screen_dialog(face, view, rect, "unlock", title, px(view, 400),
                              px(view, 40 + 44 + 14 + 40 + 20 + 36) + text);
    Rect told = cut_top(&rest, text);
    node_add(view->nodes, "unlock-words", ROLE_STATUS, *why ? why : words, told);
    view_text(view, *why ? why : words, quiet, told);
    cut_top(&rest, px(view, 14));
    screen_field(face, view, "passphrase", face->passphrase, "Passphrase", "Passphrase",
                 cut_top(&rest, px(view, 40)));
    Rect row = cut_bottom(&rest, px(view, 36));
    bool ready = !editor_empty(field_editor(face->passphrase));
    view_button(view, "unlock-join", BUTTON_FILLED, "Join",
                cut_right(&row, view_button_width(view, "Join")), ready ? "unlock" : NULL, NULL);
    cut_right(&row, px(view, 8));
    view_button(view, "unlock-other", BUTTON_OUTLINED, "Another place",
                cut_right(&row, view_button_width(view, "Another place")), "connect-dialog", NULL);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
