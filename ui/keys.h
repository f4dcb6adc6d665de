#pragma once
/* Which key does what: one table, from which keys are looked up and the sheet of shortcuts is
 * drawn. Constant; any thread. */

#include <SDL2/SDL.h>
#include <stddef.h>

typedef struct {
    SDL_Keycode key;
    unsigned
        mods; /* KMOD_CTRL, KMOD_SHIFT, KMOD_ALT: left and right alike; all others must be up */
    const char *action; /* of ui/actions.h */
    const char *shown;  /* "Ctrl+K"; NULL: another key for the same action, not listed */
    const char *help;   /* what it does, for the sheet */
} KeyBinding;

/* NULL when the key is bound to nothing. */
const KeyBinding *keys_find(SDL_Keycode key, unsigned mods);
const KeyBinding *keys_table(size_t *count);
