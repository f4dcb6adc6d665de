#include "ui/window.h"

#include <string.h>

enum {
    LARGEST_PASTE = 1 << 20
};

/* Takes over what SDL gave. */
static char *cleaned(char *given)
{
    if (!given || !*given) {
        SDL_free(given);
        return NULL;
    }
    size_t length = strnlen(given, LARGEST_PASTE);
    g_autofree char *valid = g_utf8_make_valid(given, (gssize)length);
    SDL_free(given);
    GString *text = g_string_sized_new(strlen(valid));
    for (const char *at = valid; *at; at++) {
        if (*at == '\r' && at[1] == '\n')
            continue;
        g_string_append_c(text, *at == '\r' ? '\n' : *at);
    }
    return g_string_free(text, FALSE);
}

char *window_clipboard(void)
{
    return cleaned(SDL_HasClipboardText() ? SDL_GetClipboardText() : NULL);
}

bool window_has_text(void)
{
    return SDL_HasClipboardText();
}

void window_set_clipboard(const char *text)
{
    if (SDL_SetClipboardText(text) != 0)
        g_debug("clipboard: %s", SDL_GetError());
}

char *window_primary(void)
{
    return cleaned(SDL_HasPrimarySelectionText() ? SDL_GetPrimarySelectionText() : NULL);
}

void window_set_primary(const char *text)
{
    if (SDL_SetPrimarySelectionText(text) != 0)
        g_debug("primary selection: %s", SDL_GetError());
}
