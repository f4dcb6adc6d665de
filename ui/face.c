#include "ui/face.h"

#include "ui/actions.h"
#include "ui/attach.h"
#include "ui/chooser_dialog.h"
#include "ui/face_input.h"
#include "ui/layout.h"
#include "ui/prompt.h"
#include "ui/screens/screens.h"

#include <string.h>

#define BLINK_US 530000
#define BLINK_FOR_US (10 * G_USEC_PER_SEC)
#define DRAFT_US (2 * G_USEC_PER_SEC)

Face *face_new(const FaceHost *host, void *user, Typesetter *typesetter,
               const Preferences *preferences)
{
    Face *face = g_new0(Face, 1);
    face->host = host;
    face->user = user;
    face->typesetter = typesetter;
    face->draw = draw_list_new();
    face->nodes = node_tree_new();
    face->preferences = *preferences;
    face->desktop_dark = true;
    face->scale = 1.0;
    face->chats = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)chat_free);
    face->name = field_new(false, NAME_MAX_BYTES);
    face->first_name = field_new(false, NAME_MAX_BYTES);
    face->address = field_new(false, 255);
    face->search = field_new(false, 255);
    face->chooser = chooser_new();
    face->rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
    face->focus = g_strdup("composer");
    face->dirty = true;
    face->wake_us = face->draft_us = G_MAXINT64;
    return face;
}

void face_free(Face *face)
{
    if (!face)
        return;
    g_ptr_array_unref(face->rows);
    g_hash_table_unref(face->chats);
    g_clear_pointer(&face->model, model_unref);
    field_free(face->name);
    field_free(face->first_name);
    field_free(face->address);
    field_free(face->search);
    chooser_free(face->chooser);
    attach_clear(face);
    prompt_clear(face);
    draw_list_free(face->draw);
    node_tree_free(face->nodes);
    typesetter_free(face->typesetter);
    char *owned[] = {face->open,  face->overlay_return, face->choice, face->focus,
                     face->hover, face->pressed,        face->told};
    for (size_t i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
    g_free(face);
}

void face_set_time(Face *face, int64_t now_us, int64_t wall_ms)
{
    face->now_us = now_us;
    face->wall_ms = wall_ms;
    if (now_us >= face->wake_us)
        face->dirty = true;
    if (now_us >= face->draft_us)
        face_flush(face);
}

void face_set_size(Face *face, int width, int height, double scale)
{
    if (scale != face->scale)
        typesetter_set_scale(face->typesetter, scale);
    face->width = width;
    face->height = height;
    face->scale = scale;
    face->dirty = true;
    if (face_shape(face) == SHAPE_WIDE)
        face->drawer = false;
}

void face_set_looks(Face *face, bool dark, bool high_contrast, bool reduced_motion)
{
    face->desktop_dark = dark;
    face->desktop_contrast = high_contrast;
    face->reduced_motion = reduced_motion;
    face->dirty = true;
}

void face_set_focused(Face *face, bool focused)
{
    if (face->focused == focused)
        return;
    face->focused = focused;
    face->active_us = face->now_us;
    face->dirty = true;
    if (!focused) {
        g_clear_pointer(&face->hover, g_free);
        face_flush(face);
    }
}

Shape face_shape(const Face *face)
{
    double width = face->width / face->scale;
    return width >= 1000 ? SHAPE_WIDE : width >= 720 ? SHAPE_MIDDLE : SHAPE_NARROW;
}

const Conversation *face_open_conversation(const Face *face)
{
    return face->model && face->open ? model_find_conversation(face->model, face->open) : NULL;
}

bool face_has_place(const Face *face)
{
    return face->model && face->open && *model_place_name(face->model);
}

bool face_people_beside(const Face *face)
{
    return face_shape(face) == SHAPE_WIDE && !face->preferences.people_hidden &&
           face_has_place(face);
}

Chat *face_chat(Face *face, const char *id)
{
    Chat *chat = g_hash_table_lookup(face->chats, id);
    if (!chat) {
        chat = chat_new(id);
        g_hash_table_insert(face->chats, chat->id, chat);
    }
    return chat;
}

Chat *face_open_chat(Face *face)
{
    return face->open ? face_chat(face, face->open) : NULL;
}

bool face_asks_name(const Face *face)
{
    return face->model && model_first_run(face->model) && !face->first_name_done;
}

int64_t face_room_ms(const Face *face)
{
    return face->model ? model_room_time(face->model, face->wall_ms) : face->wall_ms;
}

bool face_caret_on(Face *face, View *view)
{
    int64_t age = view->now_us - face->active_us;
    if (!face->focused || age < 0 || age >= BLINK_FOR_US)
        return true;
    view_wake_at(view, face->active_us + (age / BLINK_US + 1) * BLINK_US);
    return age / BLINK_US % 2 == 0;
}

static const Theme *theme_of(const Face *face)
{
    bool dark = face->preferences.looks == LOOKS_SYSTEM ? face->desktop_dark
                                                        : face->preferences.looks == LOOKS_DARK;
    bool contrast = face->desktop_contrast || face->preferences.high_contrast;
    if (contrast)
        return theme_get(dark ? THEME_CONTRAST_DARK : THEME_CONTRAST_LIGHT);
    return theme_get(dark ? THEME_DARK : THEME_LIGHT);
}

bool face_dirty(const Face *face)
{
    return face->dirty;
}

int64_t face_deadline(const Face *face)
{
    return face->dirty ? 0 : MIN(face->wake_us, face->draft_us);
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

const NodeTree *face_nodes(const Face *face)
{
    return face->nodes;
}

const char *face_focus(const Face *face)
{
    return face->focus;
}

const char *face_conversation(const Face *face)
{
    return face->open;
}

bool face_run(Face *face, const char *name, const char *argument)
{
    const Action *action = actions_find(name);
    if (!action)
        return false;
    action->run(face, argument);
    face->dirty = true;
    return true;
}

void face_set_focus(Face *face, const char *id)
{
    if (g_strcmp0(face->focus, id) != 0) {
        g_free(face->focus);
        face->focus = g_strdup(id);
        face->completion = (Completion){0};
    }
    face->active_us = face->now_us;
    face->dirty = true;
}

void face_show_overlay(Face *face, Overlay overlay)
{
    if (face->overlay == OVERLAY_NONE) {
        g_free(face->overlay_return);
        face->overlay_return = g_strdup(face->focus);
        face->overlay_us = face->now_us;
    }
    face->overlay = overlay;
    face->drawer = false;
    face->dirty = true;
}

void face_hide_overlay(Face *face)
{
    if (face->overlay == OVERLAY_CONNECT)
        face->connect_dismissed = true;
    face->overlay = OVERLAY_NONE;
    face_set_focus(face, face->overlay_return ? face->overlay_return : "composer");
}

Field *face_field(Face *face, const char *id)
{
    if (!id)
        return NULL;
    if (strcmp(id, "composer") == 0)
        return face->open && !face_asks_name(face) ? face_open_chat(face)->composer : NULL;
    if (strcmp(id, "name") == 0)
        return face->name;
    if (strcmp(id, "first-name") == 0)
        return face->first_name;
    if (strcmp(id, "address") == 0)
        return face->address;
    if (strcmp(id, "chooser-field") == 0)
        return chooser_field(face->chooser);
    return strcmp(id, "switcher-field") == 0 ? face->search : NULL;
}

bool face_text_input(const Face *face, Rect *caret)
{
    Field *field = face_field((Face *)face, face->focus);
    if (field && caret)
        *caret = field_caret(field);
    return field != NULL;
}

char *face_title(const Face *face)
{
    const Conversation *conversation = face_open_conversation(face);
    const char *place = face->model ? model_place_name(face->model) : "";
    if (!conversation || !*place)
        return g_strdup(*place ? place : "Backfence");
    unsigned unread = 0;
    const GPtrArray *all = model_conversations(face->model);
    for (guint i = 0; i < all->len; i++)
        unread += ((const Conversation *)g_ptr_array_index(all, i))->unread;
    const char *hash = conversation->person ? "" : "#";
    if (unread)
        return g_strdup_printf("(%u) %s%s — %s", unread, hash, conversation->name, place);
    return g_strdup_printf("%s%s — %s", hash, conversation->name, place);
}

static void keep_draft(Face *face, Chat *chat)
{
    Editor *editor = field_editor(chat->composer);
    if (chat->draft_serial == editor_serial(editor))
        return;
    chat->draft_serial = editor_serial(editor);
    face->host->set_draft(chat->id, editor_text(editor), face->user);
}

void face_flush(Face *face)
{
    GHashTableIter iter;
    gpointer chat;
    g_hash_table_iter_init(&iter, face->chats);
    while (g_hash_table_iter_next(&iter, NULL, &chat))
        keep_draft(face, chat);
    face->draft_us = G_MAXINT64;
}

void face_edited(Face *face, const char *field_id)
{
    face->active_us = face->now_us;
    face->dirty = true;
    if (strcmp(field_id, "address") == 0 && !editor_empty(field_editor(face->address)))
        g_clear_pointer(&face->choice, g_free);
    if (strcmp(field_id, "switcher-field") == 0)
        face->switcher_chosen = 0;
    if (strcmp(field_id, "chooser-field") == 0)
        chooser_edited(face->chooser);
    if (strcmp(field_id, "composer") != 0)
        return;
    Chat *chat = face_open_chat(face);
    if (face->draft_us == G_MAXINT64)
        face->draft_us = face->now_us + DRAFT_US;
    if (!editor_empty(field_editor(chat->composer)))
        face->host->typing(chat->id, face->user);
    face_update_completion(face);
}

void face_event(Face *face, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
        face_key(face, &event->key.keysym);
        break;
    case SDL_TEXTINPUT:
        face_text(face, event->text.text);
        break;
    case SDL_TEXTEDITING:
        face_preedit(face, event->edit.text, event->edit.start);
        break;
    case SDL_TEXTEDITING_EXT:
        face_preedit(face, event->editExt.text, event->editExt.start);
        break;
    case SDL_MOUSEMOTION:
        face_motion(face, event->motion.x, event->motion.y);
        break;
    case SDL_MOUSEBUTTONDOWN:
        if (event->button.button == SDL_BUTTON_LEFT)
            face_press(face, &event->button);
        else if (event->button.button == SDL_BUTTON_MIDDLE)
            face_middle(face, event->button.x, event->button.y);
        break;
    case SDL_MOUSEBUTTONUP:
        if (event->button.button == SDL_BUTTON_LEFT)
            face_release(face, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        face_wheel(face, &event->wheel);
        break;
    default:
        attach_event(face, event);
        break;
    }
}
