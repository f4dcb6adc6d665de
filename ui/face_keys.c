#include "ui/actions.h"
#include "ui/attach.h"
#include "ui/chooser_dialog.h"
#include "ui/face_input.h"
#include "ui/keys.h"
#include "ui/screens/screens.h"

#include <math.h>
#include <string.h>

/* A key's own text follows it at once; what comes later, an input method has sent. */
#define SWALLOW_US 20000

static Clipboard clipboard_of(Face *face)
{
    return (Clipboard){face->host->clipboard, face->host->set_clipboard, face->user};
}

static bool enter_key(Face *face, const SDL_Keysym *key)
{
    if (key->sym != SDLK_RETURN && key->sym != SDLK_KP_ENTER)
        return false;
    const char *focus = face->focus ? face->focus : "";
    if (strcmp(focus, "composer") == 0) {
        bool sends =
            face->preferences.enter_breaks ? key->mod & KMOD_CTRL : !(key->mod & KMOD_SHIFT);
        Field *field = face_field(face, focus);
        if (sends)
            face_run(face, "send", NULL);
        else if (field && editor_insert(field_editor(field), "\n"))
            face_edited(face, "composer");
        return true;
    }
    static const struct {
        const char *field, *action;
    } defaults[] = {{"switcher-field", "switch"},
                    {"first-name", "first-name"},
                    {"passphrase", "unlock"},
                    {"chooser-field", "chooser-accept"}};
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
        if (strcmp(focus, defaults[i].field) == 0)
            return face_run(face, defaults[i].action, NULL);
    }
    if (face_field(face, focus))
        return face_run(face, face->overlay == OVERLAY_SETTINGS ? "name-save" : "connect-join",
                        NULL);
    return false;
}

void face_activate(Face *face, Node *node)
{
    if (!node || node->state & NODE_DISABLED)
        return;
    g_autofree char *argument = g_strdup(node->argument);
    if (node->role == ROLE_LINK) {
        g_autofree char *url = g_strdup(node->name);
        face_run(face, "link", url);
    } else if (node->command) {
        g_autofree char *command = g_strdup(node->command);
        face_run(face, command, argument);
    }
}

/* The part of the window that the keyboard moves in: a dialog keeps it. */
static Node *scope(Face *face)
{
    if (face->overlay == OVERLAY_NONE)
        return face->drawer ? node_find(face->nodes, "people") : NULL;
    Node *found = NULL;
    Node *root = node_tree_root(face->nodes);
    for (Node *node = root ? root->first : NULL; node; node = node->next) {
        if (node->role == ROLE_DIALOG)
            found = node;
    }
    return found;
}

static bool focus_key(Face *face, const SDL_Keysym *key)
{
    if (key->sym == SDLK_TAB && !(key->mod & (KMOD_CTRL | KMOD_ALT))) {
        if (!(key->mod & KMOD_SHIFT) && chooser_complete(face))
            return true;
        Node *next =
            node_next_focus(face->nodes, scope(face), face->focus, !(key->mod & KMOD_SHIFT));
        if (next)
            face_set_focus(face, next->id);
        return true;
    }
    Node *node = node_find(face->nodes, face->focus);
    if (!node || node->role == ROLE_FIELD)
        return false;
    bool up = key->sym == SDLK_UP;
    if ((up || key->sym == SDLK_DOWN) && node->role == ROLE_ITEM) {
        Node *parent = node->parent;
        Node *next = node_next_focus(face->nodes, parent, face->focus, !up);
        if (next)
            face_set_focus(face, next->id);
        return true;
    }
    if (key->sym == SDLK_RETURN || key->sym == SDLK_KP_ENTER || key->sym == SDLK_SPACE) {
        face_activate(face, node);
        return node->command || node->role == ROLE_LINK;
    }
    return false;
}

static bool switcher_key(Face *face, SDL_Keycode key)
{
    if (face->overlay != OVERLAY_SWITCHER || (key != SDLK_UP && key != SDLK_DOWN))
        return false;
    SwitcherEntry entries[SWITCHER_MAX];
    size_t count = switcher_entries(face, entries, G_N_ELEMENTS(entries));
    if (count)
        face->switcher_chosen =
            (face->switcher_chosen + (key == SDLK_DOWN ? 1 : count - 1)) % count;
    return true;
}

static bool list_key(Face *face, SDL_Keycode key)
{
    Chat *chat = face_open_chat(face);
    bool on_list = g_strcmp0(face->focus, "messages") == 0;
    bool empty = chat && g_strcmp0(face->focus, "composer") == 0 &&
                 editor_empty(field_editor(chat->composer));
    if (!on_list && !empty)
        return false;
    int step = (int)lround(FACE_WHEEL_STEP * face->scale);
    if (on_list && (key == SDLK_UP || key == SDLK_DOWN))
        face_scroll(face, key == SDLK_UP ? -step : step);
    else if (key == SDLK_HOME)
        face_run(face, "oldest", NULL);
    else if (key == SDLK_END)
        face_run(face, "latest", NULL);
    else
        return false;
    return true;
}

static bool copy_key(Face *face, const SDL_Keysym *key)
{
    if (!(key->mod & KMOD_CTRL) || (key->sym != SDLK_c && key->sym != SDLK_INSERT))
        return false;
    g_autofree char *text = face_selected_text(face);
    if (!text)
        return false;
    face->host->set_clipboard(text, face->user);
    return true;
}

static bool paste_key(Face *face, const SDL_Keysym *key)
{
    bool pastes = (key->sym == SDLK_v && key->mod & KMOD_CTRL) ||
                  (key->sym == SDLK_INSERT && key->mod & KMOD_SHIFT);
    return pastes && g_strcmp0(face->focus, "composer") == 0 && attach_paste(face);
}

static bool field_keys(Face *face, const SDL_Keysym *key)
{
    Field *field = face_field(face, face->focus);
    if (!field)
        return false;
    Clipboard clipboard = clipboard_of(face);
    FieldResult result = field_key(field, key, &clipboard);
    if (result == FIELD_EDITED)
        face_edited(face, face->focus);
    else if (result == FIELD_MOVED && strcmp(face->focus, "composer") == 0)
        face_update_completion(face);
    return result != FIELD_IGNORED;
}

/* Scrolls what is longer than its dialog. */
static bool sheet_key(Face *face, const SDL_Keysym *key)
{
    int page = face->sheet_rect.h * 85 / 100;
    int step = (int)lround(FACE_WHEEL_STEP * face->scale);
    const struct {
        SDL_Keycode key;
        int by;
    } steps[] = {{SDLK_UP, -step},      {SDLK_DOWN, step},       {SDLK_PAGEUP, -page},
                 {SDLK_PAGEDOWN, page}, {SDLK_HOME, -(1 << 28)}, {SDLK_END, 1 << 28}};
    if (!face_has_sheet(face) || key->mod & (KMOD_CTRL | KMOD_ALT))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (steps[i].key != key->sym)
            continue;
        face->sheet_scroll = CLAMP(face->sheet_scroll + steps[i].by, 0, 1 << 28);
        return true;
    }
    return false;
}

/* FALSE when the key means nothing here but the text that it types. */
static bool take_key(Face *face, const SDL_Keysym *key)
{
    const KeyBinding *binding = keys_find(key->sym, key->mod);
    if (face_completion_key(face, key->sym) || switcher_key(face, key->sym) ||
        sheet_key(face, key) || enter_key(face, key))
        return true;
    if (binding)
        return face_run(face, binding->action, NULL);
    return list_key(face, key->sym) || focus_key(face, key) || paste_key(face, key) ||
           field_keys(face, key) || copy_key(face, key);
}

/* Systems send the text of Ctrl++ and of a space that pressed a button, too. AltGr comes as Ctrl or
 * Alt of the right side, and types. */
static bool types_nothing(const SDL_Keysym *key)
{
    bool altgr = key->mod & (KMOD_RALT | KMOD_MODE);
    return !altgr && key->mod & (KMOD_CTRL | KMOD_LALT | KMOD_GUI);
}

void face_key(Face *face, const SDL_Keysym *key)
{
    face->active_us = face->now_us;
    face->dirty = true;
    bool modifier = key->sym == SDLK_LCTRL || key->sym == SDLK_RCTRL || key->sym == SDLK_LSHIFT ||
                    key->sym == SDLK_RSHIFT || key->sym == SDLK_LALT || key->sym == SDLK_RALT;
    if (modifier)
        return;
    face->swallow_until_us = 0;
    /* While an input method composes, keys are its own. */
    Field *field = face_field(face, face->focus);
    if (field && *editor_preedit(field_editor(field)))
        return;
    if (key->sym == SDLK_TAB || key->sym == SDLK_F6)
        face->keyboard = true;
    bool taken = take_key(face, key);
    if (taken || types_nothing(key))
        face->swallow_until_us = face->now_us + SWALLOW_US;
}

void face_text(Face *face, const char *text)
{
    if (face->now_us < face->swallow_until_us)
        return;
    Field *field = face_field(face, face->focus);
    if (!field && face->overlay == OVERLAY_NONE) {
        /* Whoever types means to write. */
        const char *target = face_asks_name(face) ? "first-name" : "composer";
        field = face_field(face, target);
        if (!field || strcmp(text, " ") == 0)
            return;
        face_set_focus(face, target);
    }
    if (!field)
        return;
    Editor *editor = field_editor(field);
    editor_set_preedit(editor, NULL, 0);
    Chat *chat = face_open_chat(face);
    if (chat)
        chat_deselect(chat);
    bool composer = strcmp(face->focus, "composer") == 0;
    if ((composer && face_close_emoji(face, editor, text)) || editor_insert(editor, text))
        face_edited(face, face->focus);
}

void face_preedit(Face *face, const char *text, int caret)
{
    Field *field = face_field(face, face->focus);
    if (!field)
        return;
    editor_set_preedit(field_editor(field), text, caret);
    face->active_us = face->now_us;
    face->dirty = true;
}
