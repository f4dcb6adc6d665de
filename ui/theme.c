#include "ui/theme.h"

#include <math.h>

#define OPAQUE(rgb) (0xFF000000u | (rgb))

static const Color avatars[THEME_IDENTITIES] = {
    OPAQUE(0x964944), OPAQUE(0x924F26), OPAQUE(0x7D5E04), OPAQUE(0x566D22), OPAQUE(0x247448),
    OPAQUE(0x017272), OPAQUE(0x046B96), OPAQUE(0x45619F), OPAQUE(0x6D5496), OPAQUE(0x8A4976),
};

#define NAMES_ON_DARK                                                                              \
    {                                                                                              \
        OPAQUE(0xFDA199), OPAQUE(0xF9A779), OPAQUE(0xE0B861), OPAQUE(0xADCB77), OPAQUE(0x7ED49D),  \
            OPAQUE(0x4ED5D5), OPAQUE(0x6CC9FD), OPAQUE(0x9FBDFE), OPAQUE(0xC9ADFD),                \
            OPAQUE(0xF0A0D5),                                                                      \
    }
#define NAMES_ON_LIGHT                                                                             \
    {                                                                                              \
        OPAQUE(0x923A37), OPAQUE(0x8E4208), OPAQUE(0x735601), OPAQUE(0x4C6504), OPAQUE(0x016D3C),  \
            OPAQUE(0x016869), OPAQUE(0x0B6289), OPAQUE(0x39579E), OPAQUE(0x664893),                \
            OPAQUE(0x853C70),                                                                      \
    }

static const Theme themes[THEME_COUNT] = {
    [THEME_DARK] = {.side = OPAQUE(0x0E1214),
                    .bg = OPAQUE(0x151A1C),
                    .surface = OPAQUE(0x1D2326),
                    .hover = OPAQUE(0x242B2F),
                    .active = OPAQUE(0x2D373C),
                    .line = OPAQUE(0x2D3438),
                    .edge = OPAQUE(0x67747A),
                    .text = OPAQUE(0xE6EAEC),
                    .text2 = OPAQUE(0xA9B3B8),
                    .text3 = OPAQUE(0x939EA3),
                    .accent = OPAQUE(0x127F91),
                    .on_accent = OPAQUE(0xFFFFFF),
                    .accent_hover = OPAQUE(0x117686),
                    .accent_press = OPAQUE(0x0F6A79),
                    .link = OPAQUE(0x67CFE3),
                    .soft = OPAQUE(0x0F363E),
                    .ok = OPAQUE(0x62D286),
                    .warn = OPAQUE(0xF6B84D),
                    .err = OPAQUE(0xF87D7C),
                    .err_fill = OPAQUE(0xF87D7C),
                    .on_err = OPAQUE(0x2A0E0E),
                    .mention = OPAQUE(0x382C15),
                    .warn_bg = OPAQUE(0x3E2D15),
                    .err_bg = OPAQUE(0x472020),
                    .selection = OPAQUE(0x1B5663),
                    .shadow = 0x90000000u,
                    .scrim = 0x99000000u,
                    .names = NAMES_ON_DARK,
                    .dark = true,
                    .focus_width = 2},
    [THEME_LIGHT] = {.side = OPAQUE(0xF0F3F5),
                     .bg = OPAQUE(0xFFFFFF),
                     .surface = OPAQUE(0xF5F7F8),
                     .hover = OPAQUE(0xE9EEF0),
                     .active = OPAQUE(0xD0EAEF),
                     .line = OPAQUE(0xDCE0E3),
                     .edge = OPAQUE(0x7C888F),
                     .text = OPAQUE(0x161D20),
                     .text2 = OPAQUE(0x475257),
                     .text3 = OPAQUE(0x5A656B),
                     .accent = OPAQUE(0x016F82),
                     .on_accent = OPAQUE(0xFFFFFF),
                     .accent_hover = OPAQUE(0x016475),
                     .accent_press = OPAQUE(0x015766),
                     .link = OPAQUE(0x0B6677),
                     .soft = OPAQUE(0xD7F3F9),
                     .ok = OPAQUE(0x05773B),
                     .warn = OPAQUE(0x895709),
                     .err = OPAQUE(0xBE222A),
                     .err_fill = OPAQUE(0xC9222B),
                     .on_err = OPAQUE(0xFFFFFF),
                     .mention = OPAQUE(0xFEF3D6),
                     .warn_bg = OPAQUE(0xFEEFCF),
                     .err_bg = OPAQUE(0xFEEBEB),
                     .selection = OPAQUE(0xBFE4EC),
                     .shadow = 0x38101820u,
                     .scrim = 0x66101820u,
                     .names = NAMES_ON_LIGHT,
                     .dark = false,
                     .focus_width = 2},
    [THEME_CONTRAST_DARK] = {.side = OPAQUE(0x000000),
                             .bg = OPAQUE(0x000000),
                             .surface = OPAQUE(0x0A0D0E),
                             .hover = OPAQUE(0x1C2326),
                             .active = OPAQUE(0x0F363E),
                             .line = OPAQUE(0x8B979D),
                             .edge = OPAQUE(0xC5CED2),
                             .text = OPAQUE(0xFFFFFF),
                             .text2 = OPAQUE(0xE2E8EA),
                             .text3 = OPAQUE(0xD2DADD),
                             .accent = OPAQUE(0x7FE3F5),
                             .on_accent = OPAQUE(0x000000),
                             .accent_hover = OPAQUE(0xA5ECF9),
                             .accent_press = OPAQUE(0xC8F4FC),
                             .link = OPAQUE(0x7FE3F5),
                             .soft = OPAQUE(0x0F363E),
                             .ok = OPAQUE(0x7BE89D),
                             .warn = OPAQUE(0xFFCB6B),
                             .err = OPAQUE(0xFF9C9B),
                             .err_fill = OPAQUE(0xFF9C9B),
                             .on_err = OPAQUE(0x000000),
                             .mention = OPAQUE(0x382C15),
                             .warn_bg = OPAQUE(0x3E2D15),
                             .err_bg = OPAQUE(0x471616),
                             .selection = OPAQUE(0x16505D),
                             .shadow = 0xC0000000u,
                             .scrim = 0xB0000000u,
                             .names = NAMES_ON_DARK,
                             .dark = true,
                             .focus_width = 3},
    [THEME_CONTRAST_LIGHT] = {.side = OPAQUE(0xFFFFFF),
                              .bg = OPAQUE(0xFFFFFF),
                              .surface = OPAQUE(0xFFFFFF),
                              .hover = OPAQUE(0xECF1F3),
                              .active = OPAQUE(0xD0EAEF),
                              .line = OPAQUE(0x6B777D),
                              .edge = OPAQUE(0x2A3337),
                              .text = OPAQUE(0x000000),
                              .text2 = OPAQUE(0x1E2629),
                              .text3 = OPAQUE(0x2B3539),
                              .accent = OPAQUE(0x004A57),
                              .on_accent = OPAQUE(0xFFFFFF),
                              .accent_hover = OPAQUE(0x003A45),
                              .accent_press = OPAQUE(0x002B33),
                              .link = OPAQUE(0x004A57),
                              .soft = OPAQUE(0xD7F3F9),
                              .ok = OPAQUE(0x00522A),
                              .warn = OPAQUE(0x5E3A00),
                              .err = OPAQUE(0x8F0E16),
                              .err_fill = OPAQUE(0x8F0E16),
                              .on_err = OPAQUE(0xFFFFFF),
                              .mention = OPAQUE(0xFEF3D6),
                              .warn_bg = OPAQUE(0xFEEFCF),
                              .err_bg = OPAQUE(0xFEEBEB),
                              .selection = OPAQUE(0xB3DDE6),
                              .shadow = 0x60000000u,
                              .scrim = 0x80000000u,
                              .names = NAMES_ON_LIGHT,
                              .dark = false,
                              .focus_width = 3},
};

const Theme *theme_get(ThemeId id)
{
    g_assert((unsigned)id < THEME_COUNT);
    return &themes[id];
}

unsigned theme_identity(const uint8_t *key, size_t size)
{
    /* FNV-1a: keys are random already, but a short label in a test is not. */
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        hash ^= key[i];
        hash *= 16777619u;
    }
    return (hash >> 8) % THEME_IDENTITIES;
}

Color theme_avatar(unsigned identity)
{
    return avatars[identity % THEME_IDENTITIES];
}

static double linear(unsigned channel)
{
    double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(Color c)
{
    return 0.2126 * linear(c >> 16 & 0xFF) + 0.7152 * linear(c >> 8 & 0xFF) +
           0.0722 * linear(c & 0xFF);
}

double theme_contrast(Color a, Color b)
{
    double la = luminance(a);
    double lb = luminance(b);
    return la > lb ? (la + 0.05) / (lb + 0.05) : (lb + 0.05) / (la + 0.05);
}

Color theme_blend(Color under, Color over)
{
    unsigned alpha = over >> 24;
    Color out = 0xFF000000u;
    for (int shift = 0; shift <= 16; shift += 8) {
        unsigned u = under >> shift & 0xFF;
        unsigned o = over >> shift & 0xFF;
        out |= (o * alpha + u * (255 - alpha) + 127) / 255 << shift;
    }
    return out;
}
