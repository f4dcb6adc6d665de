/* The next frame: panes, what lies over them, and what seeing it means. */
#include "ui/face.h"
#include "ui/face_state.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

static const Theme *theme_of(const Face *face)
{
    bool dark = face->preferences.looks == LOOKS_SYSTEM ? face->desktop_dark
                                                        : face->preferences.looks == LOOKS_DARK;
    bool contrast = face->desktop_contrast || face->preferences.high_contrast;
    if (contrast)
        return theme_get(dark ? THEME_CONTRAST_DARK : THEME_CONTRAST_LIGHT);
    return theme_get(dark ? THEME_DARK : THEME_LIGHT);
}

static void draw_chat(Face *face, View *view, Rect rect)
{
    Rect all = rect;
    bool asks = face_asks_name(face);
    int below = asks         ? screen_first_run_height(face, view, rect.w)
                : face->open ? screen_composer_height(face, view, rect.w)
                             : 0;
    Rect bottom = cut_bottom(&rect, below);
    cut_top(&rect, screen_finding(face, view, rect));
    screen_messages(face, view, rect);
    screen_pill(face, view, rect);
    if (asks)
        screen_first_run(face, view, bottom);
    else if (below)
        screen_composer(face, view, bottom);
    screen_drop(face, view, all);
}

static void draw_drawer(Face *face, View *view, Rect rect)
{
    Node *scrim = node_add(view->nodes, "drawer-scrim", ROLE_GROUP, "", rect);
    scrim->state |= NODE_BLOCKS;
    node_set_command(view->nodes, scrim, "close", NULL);
    draw_rect(view->draw, rect, 0, view->theme->scrim);
    Rect drawer = cut_right(&rect, px(view, 280));
    draw_shadow(view->draw, drawer, 0, px(view, 24), view->theme->shadow);
    screen_people(face, view, drawer);
}

static void draw_panes(Face *face, View *view, Rect rect)
{
    Shape shape = face_shape(face);
    int thick = MAX(px(view, 1), 1);
    if (shape == SHAPE_NARROW && face->list_shown) {
        screen_sidebar(face, view, rect);
        return;
    }
    if (shape != SHAPE_NARROW) {
        screen_sidebar(face, view, cut_left(&rect, px(view, 248)));
        view_line(view, cut_left(&rect, thick));
    }
    Rect all = rect;
    screen_header(face, view, cut_top(&rect, px(view, 56)));
    Rect people = {0};
    if (face_people_beside(face)) {
        people = cut_right(&rect, px(view, 215));
        view_line(view, cut_right(&rect, thick));
    }
    draw_chat(face, view, rect);
    if (people.w)
        screen_people(face, view, people);
    if (face->drawer && shape != SHAPE_WIDE)
        draw_drawer(face, view, all);
}

static void draw_overlay(Face *face, View *view, Rect rect)
{
    switch (face->overlay) {
    case OVERLAY_CONNECT:
        screen_connect(face, view, rect);
        break;
    case OVERLAY_SWITCHER:
        screen_switcher(face, view, rect);
        break;
    case OVERLAY_SETTINGS:
        screen_settings(face, view, rect);
        break;
    case OVERLAY_SHORTCUTS:
        screen_shortcuts(face, view, rect);
        break;
    case OVERLAY_ATTACH:
        screen_attach(face, view, rect);
        break;
    case OVERLAY_CHOOSER:
        screen_chooser(face, view, rect);
        break;
    case OVERLAY_TRANSFERS:
        screen_transfers(face, view, rect);
        break;
    case OVERLAY_FILES:
        screen_files(face, view, rect);
        break;
    case OVERLAY_PLACE:
        screen_place(face, view, rect);
        break;
    case OVERLAY_PASSPHRASE:
        screen_passphrase(face, view, rect);
        break;
    case OVERLAY_NONE:
        break;
    }
}

/* What is looked at is read. */
static void mark_read(Face *face)
{
    Chat *chat = face_open_chat(face);
    bool hidden = face_shape(face) == SHAPE_NARROW && face->list_shown;
    if (!chat || !chat->pinned || !face->focused || hidden || !face->model ||
        face->overlay != OVERLAY_NONE || !face->rows->len)
        return;
    const Row *last = g_ptr_array_index(face->rows, face->rows->len - 1);
    if (last->index + 1 != chat_count(chat) || chat_same(&last->ref, &chat->marked))
        return;
    chat->marked = last->ref;
    face->host->mark_read(chat->id, last->ref.id, face->user);
}

const DrawList *face_draw(Face *face)
{
    View view = {.typesetter = face->typesetter,
                 .draw = face->draw,
                 .nodes = face->nodes,
                 .theme = theme_of(face),
                 .scale = face->scale,
                 .focus = face->focus,
                 .hover = face->hover,
                 .pressed = face->pressed,
                 .show_focus = face->keyboard && face->focused,
                 .now_us = face->now_us,
                 .wall_ms = face->wall_ms,
                 .wake_us = G_MAXINT64};
    Rect window = {0, 0, face->width, face->height};
    draw_list_clear(face->draw);
    node_tree_clear(face->nodes);
    node_push(face->nodes, "window", ROLE_GROUP, "Backfence", window);
    draw_rect(face->draw, window, 0, view.theme->bg);
    draw_panes(face, &view, window);
    screen_prompt(face, &view, window);
    draw_overlay(face, &view, window);
    node_pop(face->nodes);
    face->dirty = false;
    face->wake_us = view.wake_us;
    mark_read(face);
    if (face->focus && !node_find(face->nodes, face->focus))
        face_set_focus(face, face_asks_name(face) ? "first-name" : "composer");
    return face->draw;
}
