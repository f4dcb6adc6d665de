#include "ui/actions.h"

#include "ui/attach.h"
#include "ui/chooser_dialog.h"
#include "ui/file_actions.h"
#include "ui/prompt.h"
#include "ui/screens/screens.h"

#include <stdlib.h>
#include <string.h>

#define ZOOM_LEAST 0.8
#define ZOOM_MOST 2.0
#define ZOOM_STEP 0.1

static void act_open(Face *face, const char *id)
{
    if (id)
        face_open(face, id);
    face_set_focus(face, "composer");
}

bool face_read_hex(const char *hex, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(hex[2 * i + 1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return hex[2 * size] == '\0';
}

static void act_direct(Face *face, const char *id)
{
    uint8_t key[MODEL_KEY_SIZE];
    if (!id || *id != '@' || !face_read_hex(id + 1, key, sizeof key))
        return;
    if (!model_find_conversation(face->model, id))
        face->host->open_direct(key, face->user);
    face->drawer = false;
    act_open(face, id);
}

static void act_send(Face *face, const char *argument)
{
    Chat *chat = face_open_chat(face);
    if (!chat)
        return;
    Editor *editor = field_editor(chat->composer);
    g_autofree char *text = g_strstrip(g_strdup(editor_text(editor)));
    if (!*text)
        return;
    face->host->say(chat->id, text, face->user);
    editor_set_text(editor, "");
    chat->has_unread = false;
    face_edited(face, "composer");
    face_flush(face);
    face_to_latest(face);
    face_set_focus(face, "composer");
}

static void act_retry(Face *face, const char *id)
{
    uint8_t message[MODEL_ID_SIZE];
    for (int i = 0; id && i < MODEL_ID_SIZE; i++) {
        int high = g_ascii_xdigit_value(id[2 * i]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(id[2 * i + 1]);
        if (low < 0)
            return;
        message[i] = (uint8_t)(high << 4 | low);
    }
    if (id && face->open)
        face->host->retry(face->open, message, face->user);
}

static void act_emoji(Face *face, const char *argument)
{
    face_set_focus(face, "composer");
    bool shown = face->completion.count > 0;
    face->completion = (Completion){.asked = !shown, .dismissed = shown};
    face_update_completion(face);
}

static void act_complete(Face *face, const char *index)
{
    face_complete(face, index ? (size_t)strtoul(index, NULL, 10) : face->completion.chosen);
    face_set_focus(face, "composer");
}

static void act_people(Face *face, const char *argument)
{
    if (face_shape(face) != SHAPE_WIDE) {
        face->drawer = !face->drawer;
        face_set_focus(face, face->drawer ? "people-close" : "composer");
        return;
    }
    face->preferences.people_hidden = !face->preferences.people_hidden;
    face->host->preferences_changed(&face->preferences, face->user);
}

static void act_back(Face *face, const char *argument)
{
    face->list_shown = true;
    g_autofree char *id = g_strconcat("sidebar/", face->open ? face->open : "", NULL);
    face_set_focus(face, id);
}

static void act_latest(Face *face, const char *argument)
{
    face_to_latest(face);
}

static void act_oldest(Face *face, const char *argument)
{
    face_scroll_to_row(face, 0, px(&(View){.scale = face->scale}, 76));
}

static void act_page_up(Face *face, const char *argument)
{
    face_scroll(face, -face->list.h * 85 / 100);
}

static void act_page_down(Face *face, const char *argument)
{
    face_scroll(face, face->list.h * 85 / 100);
}

static void act_close(Face *face, const char *argument)
{
    if (face->overlay != OVERLAY_NONE)
        face_hide_overlay(face);
    else
        face->drawer = false;
}

static void act_escape(Face *face, const char *argument)
{
    Chat *chat = face_open_chat(face);
    if (face->completion.count) {
        face->completion = (Completion){.dismissed = true};
    } else if (face->overlay != OVERLAY_NONE || face->drawer) {
        act_close(face, NULL);
    } else if (chat && chat->selected) {
        chat_deselect(chat);
    } else {
        face_to_latest(face);
        face_set_focus(face, "composer");
    }
}

static void act_switcher(Face *face, const char *argument)
{
    if (!face->model)
        return;
    editor_set_text(field_editor(face->search), "");
    face->switcher_chosen = 0;
    face_show_overlay(face, OVERLAY_SWITCHER);
    face_set_focus(face, "switcher-field");
}

static void act_switch(Face *face, const char *index)
{
    SwitcherEntry entries[SWITCHER_MAX];
    size_t count = switcher_entries(face, entries, G_N_ELEMENTS(entries));
    size_t at = index ? (size_t)strtoul(index, NULL, 10) : face->switcher_chosen;
    if (at >= count)
        return;
    face_hide_overlay(face);
    if (entries[at].conversation) {
        act_open(face, entries[at].conversation->id);
        return;
    }
    GString *id = g_string_new("@");
    for (int i = 0; i < MODEL_KEY_SIZE; i++)
        g_string_append_printf(id, "%02x", entries[at].person->key[i]);
    g_autofree char *direct = g_string_free(id, FALSE);
    act_direct(face, direct);
}

/* The name field of a dialog begins with the name as it is. */
static void prefill_name(Face *face)
{
    editor_set_text(field_editor(face->name), model_self(face->model)->name);
}

static void act_settings(Face *face, const char *argument)
{
    if (!face->model)
        return;
    prefill_name(face);
    face_show_overlay(face, OVERLAY_SETTINGS);
    face_set_focus(face, "name");
}

static void act_shortcuts(Face *face, const char *argument)
{
    face->sheet_scroll = 0;
    face_show_overlay(face, OVERLAY_SHORTCUTS);
    face_set_focus(face, "dialog-close");
}

static void act_connect_dialog(Face *face, const char *argument)
{
    if (!face->model)
        return;
    prefill_name(face);
    face_show_overlay(face, OVERLAY_CONNECT);
    face->connect_automatic = false;
    face_set_focus(face, "address");
}

/* Begins at the place that one is in. */
static void act_place_menu(Face *face, const char *argument)
{
    if (!face->model)
        return;
    const GPtrArray *choices = model_choices(face->model);
    const Choice *first = choices->len ? choices->pdata[0] : NULL;
    for (guint i = choices->len; i-- > 0;) {
        const Choice *choice = choices->pdata[i];
        first = choice->joined ? choice : first;
    }
    g_autofree char *id = g_strconcat("place/", first ? first->id : "", NULL);
    face_show_overlay(face, OVERLAY_PLACE);
    face_set_focus(face, first ? id : "place-other");
}

static void act_place_join(Face *face, const char *id)
{
    const GPtrArray *choices = model_choices(face->model);
    for (guint i = 0; i < choices->len; i++) {
        const Choice *choice = choices->pdata[i];
        if (g_strcmp0(choice->id, id) == 0 && !choice->joined)
            face->host->join(id, face->user);
    }
    face_hide_overlay(face);
}

static void act_choose(Face *face, const char *id)
{
    g_free(face->choice);
    face->choice = g_strdup(id);
    editor_set_text(field_editor(face->address), "");
}

static void save_name(Face *face, Field *field)
{
    const char *name = editor_text(field_editor(field));
    /* A name that was only proposed is chosen by leaving it there. */
    bool changed = g_strcmp0(name, model_self(face->model)->name) != 0 || face_asks_name(face);
    if (!*name || !changed)
        return;
    face->host->set_name(name, face->user);
    face->first_name_done = true;
}

static void act_connect_join(Face *face, const char *argument)
{
    save_name(face, face->name);
    const char *address = editor_text(field_editor(face->address));
    if (*address)
        face->host->connect(address, face->user);
    else if (face->choice)
        face->host->join(face->choice, face->user);
    else
        return;
    /* Stays until joined, so that what goes wrong is said here. */
    face->connect_automatic = true;
}

static void act_unlock(Face *face, const char *argument)
{
    Editor *editor = field_editor(face->passphrase);
    if (!model_wants_passphrase(face->model) || editor_empty(editor))
        return;
    face->host->unlock(editor_text(editor), face->user);
    editor_select_all(editor);
}

static void act_first_name(Face *face, const char *argument)
{
    const char *name = editor_text(field_editor(face->first_name));
    if (!*name)
        return;
    face->host->set_name(name, face->user);
    face->first_name_done = true;
    face_set_focus(face, "composer");
}

static void act_name_save(Face *face, const char *argument)
{
    save_name(face, face->name);
    face_hide_overlay(face);
}

static void act_try_now(Face *face, const char *argument)
{
    face->host->try_now(face->user);
}

static void act_looks(Face *face, const char *which)
{
    long looks = which ? strtol(which, NULL, 10) : 0;
    if (looks < 0 || looks >= LOOKS_COUNT)
        return;
    face->preferences.looks = (Looks)looks;
    face->host->preferences_changed(&face->preferences, face->user);
}

static void act_high_contrast(Face *face, const char *argument)
{
    face->preferences.high_contrast = !face->preferences.high_contrast;
    face->host->preferences_changed(&face->preferences, face->user);
}

static void act_enter_breaks(Face *face, const char *argument)
{
    face->preferences.enter_breaks = !face->preferences.enter_breaks;
    face->host->preferences_changed(&face->preferences, face->user);
}

static void set_zoom(Face *face, double zoom)
{
    face->preferences.zoom = CLAMP(zoom, ZOOM_LEAST, ZOOM_MOST);
    face->host->preferences_changed(&face->preferences, face->user);
}

static void act_zoom_in(Face *face, const char *argument)
{
    set_zoom(face, face->preferences.zoom + ZOOM_STEP);
}

static void act_zoom_out(Face *face, const char *argument)
{
    set_zoom(face, face->preferences.zoom - ZOOM_STEP);
}

static void act_zoom_reset(Face *face, const char *argument)
{
    set_zoom(face, 1.0);
}

static void act_link(Face *face, const char *url)
{
    if (url)
        face->host->open_link(url, face->user);
}

static void go(Face *face, int way, bool unread)
{
    if (!face->model)
        return;
    const GPtrArray *all = model_conversations(face->model);
    int at = -1;
    for (guint i = 0; i < all->len; i++) {
        if (g_strcmp0(((const Conversation *)g_ptr_array_index(all, i))->id, face->open) == 0)
            at = (int)i;
    }
    for (at += way; at >= 0 && at < (int)all->len; at += way) {
        const Conversation *conversation = g_ptr_array_index(all, at);
        if (unread && !conversation->unread)
            continue;
        act_open(face, conversation->id);
        return;
    }
}

static void act_previous(Face *face, const char *argument)
{
    go(face, -1, false);
}

static void act_next(Face *face, const char *argument)
{
    go(face, 1, false);
}

static void act_previous_unread(Face *face, const char *argument)
{
    go(face, -1, true);
}

static void act_next_unread(Face *face, const char *argument)
{
    go(face, 1, true);
}

static void go_pane(Face *face, bool forward)
{
    Node *pane = node_next_pane(face->nodes, face->focus, forward);
    if (!pane)
        return;
    face->keyboard = true;
    if (pane->state & NODE_FOCUSABLE) {
        face_set_focus(face, pane->id);
        return;
    }
    g_autofree char *open = g_strconcat("sidebar/", face->open ? face->open : "", NULL);
    if (strcmp(pane->id, "sidebar") == 0 && node_find(face->nodes, open)) {
        face_set_focus(face, open);
        return;
    }
    Node *first = node_next_focus(face->nodes, pane, NULL, true);
    face_set_focus(face, first ? first->id : NULL);
}

static void act_next_pane(Face *face, const char *argument)
{
    go_pane(face, true);
}

static void act_previous_pane(Face *face, const char *argument)
{
    go_pane(face, false);
}

static const Action table[] = {
    {"back", act_back},
    {"choose", act_choose},
    {"close", act_close},
    {"complete", act_complete},
    {"connect-dialog", act_connect_dialog},
    {"connect-join", act_connect_join},
    {"unlock", act_unlock},
    {"direct", act_direct},
    {"emoji", act_emoji},
    {"enter-breaks", act_enter_breaks},
    {"escape", act_escape},
    {"first-name", act_first_name},
    {"high-contrast", act_high_contrast},
    {"latest", act_latest},
    {"link", act_link},
    {"looks", act_looks},
    {"name-save", act_name_save},
    {"next", act_next},
    {"next-pane", act_next_pane},
    {"next-unread", act_next_unread},
    {"oldest", act_oldest},
    {"open", act_open},
    {"page-down", act_page_down},
    {"page-up", act_page_up},
    {"people", act_people},
    {"place-join", act_place_join},
    {"place-menu", act_place_menu},
    {"previous", act_previous},
    {"previous-pane", act_previous_pane},
    {"previous-unread", act_previous_unread},
    {"retry", act_retry},
    {"send", act_send},
    {"settings", act_settings},
    {"shortcuts", act_shortcuts},
    {"switch", act_switch},
    {"switcher", act_switcher},
    {"try-now", act_try_now},
    {"zoom-in", act_zoom_in},
    {"zoom-out", act_zoom_out},
    {"zoom-reset", act_zoom_reset},
};

const Action *actions_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    static const Action *(*const others[])(const char *name) = {attach_find, chooser_find,
                                                                prompt_find, file_actions_find};
    const Action *action = NULL;
    for (size_t i = 0; !action && i < G_N_ELEMENTS(others); i++)
        action = others[i](name);
    return action;
}
