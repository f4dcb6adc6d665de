#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <math.h>

static void draw_heading(View *view, Rect *rest, const char *title)
{
    cut_top(rest, px(view, 10));
    view_label(view, title, (Label){TYPE_META, 600, view->theme->text3, ALIGN_START},
               cut_top(rest, px(view, 22)));
}

/* One of several, side by side. */
static void draw_segment(View *view, const char *id, const char *text, Rect rect, bool chosen,
                         const char *argument)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, id, ROLE_CHECK, text, rect);
    node_set_command(view->nodes, node, "looks", argument);
    node->state |= chosen ? NODE_CHECKED : 0;
    Color fill = chosen ? theme->active : node->state & NODE_HOVERED ? theme->hover : theme->bg;
    draw_rect(view->draw, rect, px(view, 8), fill);
    draw_border(view->draw, rect, px(view, 8), MAX(px(view, 1), 1),
                chosen ? theme->link : theme->edge);
    view_label(
        view, text,
        (Label){TYPE_UI, chosen ? 600 : 400, chosen ? theme->text : theme->text2, ALIGN_CENTER},
        rect);
    view_focus_ring(view, node, rect_inset(rect, -px(view, 3)), px(view, 11));
}

static void draw_looks(Face *face, View *view, Rect *rest)
{
    static const char *const words[LOOKS_COUNT] = {"As the system", "Dark", "Light"};
    draw_heading(view, rest, "Looks");
    Rect row = cut_top(rest, px(view, 36));
    int width = (row.w - px(view, 16)) / LOOKS_COUNT;
    for (int i = 0; i < LOOKS_COUNT; i++) {
        char id[24];
        char argument[4];
        g_snprintf(id, sizeof id, "looks/%d", i);
        g_snprintf(argument, sizeof argument, "%d", i);
        draw_segment(view, id, words[i], cut_left(&row, width), (int)face->preferences.looks == i,
                     argument);
        cut_left(&row, px(view, 8));
    }
}

static void draw_zoom(Face *face, View *view, Rect *rest)
{
    draw_heading(view, rest, "Size");
    Rect row = cut_top(rest, px(view, 36));
    g_autofree char *percent = g_strdup_printf("%d %%", (int)lround(face->preferences.zoom * 100));
    view_button(view, "zoom-out", BUTTON_OUTLINED, "−", cut_left(&row, px(view, 44)), "zoom-out",
                NULL);
    view_label(view, percent, (Label){TYPE_UI, 600, view->theme->text, ALIGN_CENTER},
               cut_left(&row, px(view, 84)));
    view_button(view, "zoom-in", BUTTON_OUTLINED, "+", cut_left(&row, px(view, 44)), "zoom-in",
                NULL);
    cut_left(&row, px(view, 12));
    view_button(view, "zoom-reset", BUTTON_PLAIN, "Reset", cut_left(&row, px(view, 76)),
                "zoom-reset", NULL);
}

void screen_settings(Face *face, View *view, Rect rect)
{
    Rect rest = screen_dialog(face, view, rect, "settings-dialog", "Settings", px(view, 440),
                              px(view, 446));
    draw_heading(view, &rest, "Your name");
    Rect row = cut_top(&rest, px(view, 40));
    Rect save = cut_right(&row, view_button_width(view, "Save"));
    cut_right(&row, px(view, 8));
    const char *name = editor_text(field_editor(face->name));
    bool changed = *name && g_strcmp0(name, model_self(face->model)->name) != 0;
    screen_field(face, view, "name", face->name, "Your name", "What people here call you", row);
    view_button(view, "name-save", BUTTON_FILLED, "Save", save, changed ? "name-save" : NULL, NULL);
    draw_looks(face, view, &rest);
    cut_top(&rest, px(view, 8));
    screen_check(view, cut_top(&rest, px(view, 32)), "high-contrast", "High contrast",
                 "High contrast", TYPE_UI, face->preferences.high_contrast, "high-contrast");
    draw_zoom(face, view, &rest);
    draw_heading(view, &rest, "Writing");
    const char *breaks = "Enter begins a new line, Ctrl+Enter sends";
    screen_check(view, cut_top(&rest, px(view, 32)), "enter-breaks", breaks, breaks, TYPE_UI,
                 face->preferences.enter_breaks, "enter-breaks");
    cut_top(&rest, px(view, 14));
    Rect last = cut_top(&rest, px(view, 32));
    view_button(view, "settings-shortcuts", BUTTON_OUTLINED, "Keyboard shortcuts",
                cut_left(&last, view_button_width(view, "Keyboard shortcuts")), "shortcuts", NULL);
    cut_left(&last, px(view, 8));
    view_button(view, "settings-files", BUTTON_OUTLINED, "Files…",
                cut_left(&last, view_button_width(view, "Files…")), "files", NULL);
    cut_left(&last, px(view, 8));
    g_autofree char *version = g_strdup_printf("Backfence %s", BACKFENCE_VERSION);
    view_label(view, version, (Label){TYPE_META, 400, view->theme->text3, ALIGN_END}, last);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
