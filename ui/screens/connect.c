#include "ui/layout.h"
#include "ui/screens/screens.h"

#define CHOICES_SHOWN 4

static void draw_choice(Face *face, View *view, const Choice *choice, Rect rect)
{
    const Theme *theme = view->theme;
    g_autofree char *id = g_strconcat("choice/", choice->id, NULL);
    g_autofree char *words = screen_choice_words(face->model, choice);
    const char *name = screen_choice_name(choice);
    const char *what = screen_choice_state(face->model, choice);
    g_autofree char *spoken = g_strdup_printf("%s, %s%s%s", name, words, *what ? ", " : "", what);
    bool chosen = g_strcmp0(face->choice, choice->id) == 0;
    Node *node = view_control(view, id, ROLE_CHECK, spoken, rect);
    node_set_command(view->nodes, node, "choose", choice->id);
    node->state |= chosen ? NODE_CHECKED : 0;
    if (chosen || node->state & NODE_HOVERED)
        draw_rect(view->draw, rect, px(view, 8), chosen ? theme->active : theme->hover);
    view_focus_ring(view, node, rect, px(view, 8));
    Rect inner = rect_shrink(rect, px(view, 12), 0);
    Rect radio = rect_center(cut_left(&inner, px(view, 18)), px(view, 18), px(view, 18));
    draw_border(view->draw, radio, radio.w / 2, px(view, chosen ? 5 : 1.5),
                chosen ? theme->link : theme->edge);
    cut_left(&inner, px(view, 12));
    Label side = {TYPE_META, 400, chosen ? theme->text2 : theme->text3, ALIGN_END};
    view_label(view, what, side, cut_right(&inner, view_text_width(view, what, side) + 2));
    cut_right(&inner, px(view, 8));
    if (choice->locked)
        view_icon(view, "lock", 16, theme->text2, cut_right(&inner, px(view, 24)));
    Rect top = {inner.x, rect.y + px(view, 4), inner.w, px(view, 20)};
    Rect below = {inner.x, rect.y + px(view, 24), inner.w, px(view, 16)};
    view_label(view, name, (Label){TYPE_UI, 500, theme->text, ALIGN_START}, top);
    view_label(view, words,
               (Label){TYPE_META, 400, chosen ? theme->text2 : theme->text3, ALIGN_START}, below);
}

static void draw_choices(Face *face, View *view, Rect *rest, guint shown)
{
    const Theme *theme = view->theme;
    const GPtrArray *choices = model_choices(face->model);
    view_label(view, "Found on this network", (Label){TYPE_META, 600, theme->text3, ALIGN_START},
               cut_top(rest, px(view, 24)));
    for (guint i = 0; i < shown; i++) {
        draw_choice(face, view, g_ptr_array_index(choices, i), cut_top(rest, px(view, 44)));
        cut_top(rest, px(view, 4));
    }
    if (shown)
        return;
    Rect row = cut_top(rest, px(view, 44));
    draw_rect(view->draw, row, px(view, 8), theme->bg);
    Rect inner = rect_shrink(row, px(view, 12), 0);
    view_icon(view, "wifi", 20, theme->text3, cut_left(&inner, px(view, 20)));
    cut_left(&inner, px(view, 10));
    view_label(view, "Nothing yet. It appears here by itself.",
               (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START}, inner);
    cut_top(rest, px(view, 4));
}

static void draw_labelled(Face *face, View *view, Rect *rest, const char *title, const char *id,
                          Field *field, const char *placeholder)
{
    cut_top(rest, px(view, 8));
    view_label(view, title, (Label){TYPE_META, 600, view->theme->text3, ALIGN_START},
               cut_top(rest, px(view, 22)));
    screen_field(face, view, id, field, title, placeholder, cut_top(rest, px(view, 40)));
}

static const char *status(const Model *model)
{
    const char *why = model_link_why(model);
    if (*why)
        return why;
    switch (model_link(model)) {
    case LINK_JOINED:
        return "Connected.";
    case LINK_JOINING:
        return "Joining…";
    case LINK_LOST:
        return "Reconnecting…";
    default:
        return "Looking…";
    }
}

static void draw_buttons(Face *face, View *view, Rect row)
{
    bool ready = face->choice || !editor_empty(field_editor(face->address));
    int join = view_button_width(view, "Join");
    int cancel = view_button_width(view, "Cancel");
    view_button(view, "connect-join", BUTTON_FILLED, "Join", cut_right(&row, join),
                ready ? "connect-join" : NULL, NULL);
    cut_right(&row, px(view, 8));
    view_button(view, "connect-cancel", BUTTON_OUTLINED, "Cancel", cut_right(&row, cancel), "close",
                NULL);
    cut_right(&row, px(view, 12));
    const char *words = status(face->model);
    node_add(view->nodes, "connect-status", ROLE_STATUS, words, row);
    view_label(view, words, (Label){TYPE_SECONDARY, 400, view->theme->text2, ALIGN_START}, row);
}

void screen_connect(Face *face, View *view, Rect rect)
{
    guint shown = MIN(model_choices(face->model)->len, CHOICES_SHOWN);
    const char *finding = model_finding_line(face->model);
    int inside = px(view, 440 - 48);
    Label quiet = {TYPE_META, 400, view->theme->text2, ALIGN_START};
    int notice = 0;
    if (*finding) {
        g_autoptr(Paragraph) line = view_layout(view, finding, quiet, inside, 0);
        notice = paragraph_height(line) + px(view, 10);
    }
    int height = px(view, 40 + 44 + 24 + 48 * (double)MAX(shown, 1) + 2 * 70 + 20 + 36) + notice;
    Rect rest = screen_dialog(face, view, rect, "connect", "Connect", px(view, 440), height);
    draw_choices(face, view, &rest, shown);
    if (*finding)
        view_text(view, finding, quiet, cut_top(&rest, notice));
    draw_labelled(face, view, &rest, "Address", "address", face->address, "host or host:port");
    draw_labelled(face, view, &rest, "Your name", "name", face->name, "What people here call you");
    draw_buttons(face, view, cut_bottom(&rest, px(view, 36)));
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
