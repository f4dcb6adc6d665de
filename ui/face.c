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
#define NO_NETWORK_US (3 * G_USEC_PER_SEC / 2)
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
    face->passphrase = field_new(false, PASSPHRASE_MAX);
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
    field_free(face->passphrase);
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

bool face_no_network(const Face *face, View *view)
{
    int64_t since_us = face->model ? model_no_network_since_us(face->model) : INT64_MAX;
    if (since_us == INT64_MAX)
        return false;
    int64_t from_us = since_us + NO_NETWORK_US;
    if (face->now_us < from_us && view)
        view_wake_at(view, from_us);
    return face->now_us >= from_us;
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

bool face_dirty(const Face *face)
{
    return face->dirty;
}

int64_t face_deadline(const Face *face)
{
    return face->dirty ? 0 : MIN(face->wake_us, face->draft_us);
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
    if (face->overlay == OVERLAY_PASSPHRASE)
        face->passphrase_dismissed = true;
    editor_set_text(field_editor(face->passphrase), "");
    face->overlay = OVERLAY_NONE;
    face_set_focus(face, face->overlay_return ? face->overlay_return : "composer");
}

bool face_has_sheet(const Face *face)
{
    return face->overlay == OVERLAY_SHORTCUTS || face->overlay == OVERLAY_TRANSFERS ||
           face->overlay == OVERLAY_FILES;
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
    if (strcmp(id, "passphrase") == 0)
        return face->passphrase;
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
    /* Commands are nobody's business. */
    const char *text = editor_text(field_editor(chat->composer));
    if (*text != '\0' && *text != '/')
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
