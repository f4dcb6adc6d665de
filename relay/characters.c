#include "relay/characters.h"

#define ZWNJ 0x200C
#define ZWJ 0x200D
#define BLACK_FLAG 0x1F3F4
#define TAG_END 0xE007F
#define VIRAMA_CLASS 9

typedef struct {
    gunichar first, last;
} Range;

static bool in_ranges(gunichar c, const Range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].first <= c; i++) {
        if (c <= ranges[i].last)
            return true;
    }
    return false;
}

bool character_is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

bool character_is_noncharacter(gunichar c)
{
    return (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

bool character_is_hidden(gunichar c)
{
    /* Default_Ignorable_Code_Point, and the annotation characters that GLib does not file under Cf.
     */
    static const Range ignorable[] = {
        {0xAD, 0xAD},       {0x34F, 0x34F},   {0x61C, 0x61C},     {0x115F, 0x1160},
        {0x17B4, 0x17B5},   {0x180B, 0x180F}, {0x200B, 0x200F},   {0x202A, 0x202E},
        {0x2060, 0x206F},   {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF},
    };
    return c >= 0xAD && in_ranges(c, ignorable, G_N_ELEMENTS(ignorable));
}

bool character_is_pictograph(gunichar c)
{
    static const Range pictographs[] = {
        {0xA9, 0xA9},     {0xAE, 0xAE},       {0x203C, 0x203C},   {0x2049, 0x2049},
        {0x2122, 0x2122}, {0x2139, 0x2139},   {0x2194, 0x21AA},   {0x231A, 0x23FF},
        {0x24C2, 0x24C2}, {0x25AA, 0x25FE},   {0x2600, 0x27BF},   {0x2934, 0x2935},
        {0x2B05, 0x2B55}, {0x3030, 0x3030},   {0x303D, 0x303D},   {0x3297, 0x3297},
        {0x3299, 0x3299}, {0x1F000, 0x1F1E5}, {0x1F200, 0x1F3FA}, {0x1F400, 0x1FAFF},
    };
    return c >= 0xA9 && in_ranges(c, pictographs, G_N_ELEMENTS(pictographs));
}

static bool is_modifier(gunichar c)
{
    return c >= 0x1F3FB && c <= 0x1F3FF;
}

static bool is_tag(gunichar c)
{
    return c >= 0xE0020 && c <= TAG_END;
}

static bool is_mark(gunichar c)
{
    return g_unichar_ismark(c);
}

static bool is_cursive_letter(gunichar c)
{
    if (!g_unichar_isalpha(c))
        return false;
    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_ARABIC:
    case G_UNICODE_SCRIPT_SYRIAC:
    case G_UNICODE_SCRIPT_MANDAIC:
    case G_UNICODE_SCRIPT_MONGOLIAN:
    case G_UNICODE_SCRIPT_NKO:
    case G_UNICODE_SCRIPT_ADLAM:
    case G_UNICODE_SCRIPT_HANIFI_ROHINGYA:
        return true;
    default:
        return false;
    }
}

static bool is_joiner_proper(const gunichar *text, glong length, glong i, bool strict)
{
    bool letter_follows = !strict || (i + 1 < length && g_unichar_isalpha(text[i + 1]));
    if (i > 0 && g_unichar_combining_class(text[i - 1]) == VIRAMA_CLASS)
        return letter_follows;
    glong before = i - 1;
    while (before >= 0 && is_mark(text[before]))
        before--;
    if (before < 0 || !is_cursive_letter(text[before]))
        return false;
    return !strict || (i + 1 < length && is_cursive_letter(text[i + 1]));
}

static bool is_emoji_joiner(const gunichar *text, glong length, glong i)
{
    glong before = i - 1;
    while (before >= 0 && (text[before] == 0xFE0F || is_modifier(text[before])))
        before--;
    return before >= 0 && i + 1 < length && character_is_pictograph(text[before]) &&
           character_is_pictograph(text[i + 1]);
}

/* A flag of a region: black flag, tags, the ending tag. */
static bool is_tag_proper(const gunichar *text, glong length, glong i)
{
    glong first = i, last = i;
    while (first > 0 && is_tag(text[first - 1]) && text[first - 1] != TAG_END)
        first--;
    while (last < length && is_tag(text[last]) && text[last] != TAG_END)
        last++;
    return first > 0 && text[first - 1] == BLACK_FLAG && last < length && text[last] == TAG_END &&
           last > first && last - first <= 16;
}

static bool is_selector_proper(gunichar before, gunichar selector)
{
    if (selector == 0xFE0F || selector == 0xFE0E)
        return character_is_pictograph(before) || before == '#' || before == '*' ||
               (before >= '0' && before <= '9');
    if (selector >= 0xE0100 && selector <= 0xE01EF)
        return g_unichar_get_script(before) == G_UNICODE_SCRIPT_HAN;
    if (selector >= 0x180B && selector <= 0x180F && selector != 0x180E)
        return g_unichar_get_script(before) == G_UNICODE_SCRIPT_MONGOLIAN;
    return false;
}

bool character_is_proper(const gunichar *text, glong length, glong i, bool strict)
{
    gunichar c = text[i];
    if (c == ZWJ && is_emoji_joiner(text, length, i))
        return true;
    if (c == ZWJ || c == ZWNJ)
        return is_joiner_proper(text, length, i, strict);
    if (is_tag(c))
        return is_tag_proper(text, length, i);
    return i > 0 && is_selector_proper(text[i - 1], c);
}

typedef enum {
    HANGUL_NONE,
    HANGUL_L,
    HANGUL_V,
    HANGUL_T,
    HANGUL_LV,
    HANGUL_LVT
} Hangul;

static Hangul hangul_kind(gunichar c)
{
    if ((c >= 0x1100 && c <= 0x115F) || (c >= 0xA960 && c <= 0xA97C))
        return HANGUL_L;
    if ((c >= 0x1160 && c <= 0x11A7) || (c >= 0xD7B0 && c <= 0xD7C6))
        return HANGUL_V;
    if ((c >= 0x11A8 && c <= 0x11FF) || (c >= 0xD7CB && c <= 0xD7FB))
        return HANGUL_T;
    if (c >= 0xAC00 && c <= 0xD7A3)
        return (c - 0xAC00) % 28 == 0 ? HANGUL_LV : HANGUL_LVT;
    return HANGUL_NONE;
}

static bool joins_hangul(gunichar before, gunichar after)
{
    Hangul a = hangul_kind(before), b = hangul_kind(after);
    if (a == HANGUL_L)
        return b == HANGUL_L || b == HANGUL_V || b == HANGUL_LV || b == HANGUL_LVT;
    if (a == HANGUL_LV || a == HANGUL_V)
        return b == HANGUL_V || b == HANGUL_T;
    return (a == HANGUL_LVT || a == HANGUL_T) && b == HANGUL_T;
}

static bool extends(gunichar c)
{
    return is_mark(c) || c == ZWJ || c == ZWNJ || is_tag(c) || is_modifier(c) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

static bool is_regional(gunichar c)
{
    return c >= 0x1F1E6 && c <= 0x1F1FF;
}

glong grapheme_end(const gunichar *text, glong length, glong start)
{
    glong i = start + 1;
    if (text[start] == '\r' && i < length && text[i] == '\n')
        return i + 1;
    if (character_is_control(text[start]))
        return i;
    bool pictograph = character_is_pictograph(text[start]);
    if (is_regional(text[start]) && i < length && is_regional(text[i]))
        i++;
    for (; i < length; i++) {
        bool after_joiner = text[i - 1] == ZWJ && pictograph;
        if (!extends(text[i]) && !joins_hangul(text[i - 1], text[i]) &&
            !(after_joiner && character_is_pictograph(text[i])))
            break;
    }
    return i;
}

glong grapheme_count(const gunichar *text, glong length)
{
    glong count = 0;
    for (glong i = 0; i < length; i = grapheme_end(text, length, i))
        count++;
    return count;
}
