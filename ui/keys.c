#include "ui/keys.h"

#include <glib.h>

static const KeyBinding table[] = {
    {SDLK_k, KMOD_CTRL, "switcher", "Ctrl+K", "Jump to a room or a person"},
    {SDLK_UP, KMOD_ALT, "previous", "Alt+↑ ↓", "Previous, next conversation"},
    {SDLK_DOWN, KMOD_ALT, "next", NULL, NULL},
    {SDLK_UP, KMOD_ALT | KMOD_SHIFT, "previous-unread", "Alt+Shift+↑ ↓", "Previous, next unread"},
    {SDLK_DOWN, KMOD_ALT | KMOD_SHIFT, "next-unread", NULL, NULL},
    {SDLK_F6, 0, "next-pane", "F6", "Next part of the window"},
    {SDLK_F6, KMOD_SHIFT, "previous-pane", NULL, NULL},
    {SDLK_ESCAPE, 0, "escape", "Esc", "Close, then jump to the latest"},
    {SDLK_PAGEUP, 0, "page-up", "Page ↑ ↓", "Scroll the messages"},
    {SDLK_PAGEDOWN, 0, "page-down", NULL, NULL},
    {SDLK_HOME, KMOD_CTRL | KMOD_ALT, "oldest", "Ctrl+Alt+Home, End", "Oldest, latest message"},
    {SDLK_END, KMOD_CTRL | KMOD_ALT, "latest", NULL, NULL},
    {SDLK_m, KMOD_CTRL | KMOD_SHIFT, "people", "Ctrl+Shift+M", "People"},
    {SDLK_j, KMOD_CTRL, "transfers", "Ctrl+J", "Transfers"},
    {SDLK_a, KMOD_ALT, "prompt-accept", "Alt+A, Alt+R", "Accept, decline offered files"},
    {SDLK_r, KMOD_ALT, "prompt-decline", NULL, NULL},
    {SDLK_u, KMOD_CTRL, "attach", "Ctrl+U", "Offer files or a folder"},
    {SDLK_COMMA, KMOD_CTRL, "settings", "Ctrl+,", "Settings"},
    {SDLK_SLASH, KMOD_CTRL, "shortcuts", "Ctrl+/", "This page"},
    {SDLK_EQUALS, KMOD_CTRL, "zoom-in", "Ctrl + − 0", "Larger, smaller, usual size"},
    {SDLK_PLUS, KMOD_CTRL, "zoom-in", NULL, NULL},
    {SDLK_PLUS, KMOD_CTRL | KMOD_SHIFT, "zoom-in", NULL, NULL},
    {SDLK_EQUALS, KMOD_CTRL | KMOD_SHIFT, "zoom-in", NULL, NULL},
    {SDLK_KP_PLUS, KMOD_CTRL, "zoom-in", NULL, NULL},
    {SDLK_MINUS, KMOD_CTRL, "zoom-out", NULL, NULL},
    {SDLK_KP_MINUS, KMOD_CTRL, "zoom-out", NULL, NULL},
    {SDLK_0, KMOD_CTRL, "zoom-reset", NULL, NULL},
    {SDLK_KP_0, KMOD_CTRL, "zoom-reset", NULL, NULL},
};

static unsigned plain(unsigned mods)
{
    unsigned out = 0;
    if (mods & KMOD_CTRL)
        out |= KMOD_CTRL;
    if (mods & KMOD_SHIFT)
        out |= KMOD_SHIFT;
    if (mods & KMOD_ALT)
        out |= KMOD_ALT;
    if (mods & KMOD_GUI)
        out |= KMOD_GUI;
    return out;
}

const KeyBinding *keys_find(SDL_Keycode key, unsigned mods)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].key == key && table[i].mods == plain(mods))
            return &table[i];
    }
    return NULL;
}

const KeyBinding *keys_table(size_t *count)
{
    *count = G_N_ELEMENTS(table);
    return table;
}
