#pragma once
/* Every colour that a screen uses, by what it is for. Themes are constant; any thread. */

#include "ui/draw.h"

#include <stddef.h>

typedef enum {
    THEME_DARK,
    THEME_LIGHT,
    THEME_CONTRAST_DARK, /* high contrast: white on black, thick lines */
    THEME_CONTRAST_LIGHT,
    THEME_COUNT
} ThemeId;

#define THEME_IDENTITIES 10 /* identity colours a theme has */

typedef struct {
    Color side, bg, surface, hover, active; /* fills, from the back to the front */
    Color line, edge;                       /* dividers; outlines of controls */
    Color text, text2, text3;               /* strong, usual, quiet; text3 is not for `active` */
    Color accent, on_accent;                /* filled buttons and what stands on them */
    Color accent_hover, accent_press;
    Color link;                     /* accent as text, and the focus ring */
    Color soft;                     /* accent as a background */
    Color ok, warn, err;            /* as text and shapes */
    Color err_fill, on_err;         /* the unread line's badge */
    Color mention, warn_bg, err_bg; /* backgrounds */
    Color selection;                /* behind selected text */
    Color shadow, scrim;            /* translucent */
    Color names[THEME_IDENTITIES];  /* people's names as text */
    bool dark;
    int focus_width; /* pixels at scale 1 */
} Theme;

/* Lives as long as the program. */
const Theme *theme_get(ThemeId id);

/* Which identity colour a member has: by key, so that it is the same for everyone. */
unsigned theme_identity(const uint8_t *key, size_t size);
/* The avatar's fill, made for white text. */
Color theme_avatar(unsigned identity);
/* WCAG 2 contrast of two opaque colours, 1 to 21. */
double theme_contrast(Color a, Color b);
/* `over` with its alpha laid on the opaque `under`. */
Color theme_blend(Color under, Color over);
