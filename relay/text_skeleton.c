/* The idea of UTS #39's skeletons with a small table: the Cyrillic, Greek, Armenian and Latin
 * letters that pass for others in common fonts, after case folding and NFKD. It errs towards taking
 * different names for alike, which costs them a suffix, nothing more. */

#include "relay/characters.h"
#include "relay/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    gunichar from;
    char to;
} Lookalike;

/* Rising by `from`. */
static const Lookalike lookalikes[] = {
    {'0', 'o'},    {'1', 'l'},    {'i', 'l'},    {'|', 'l'},    {0xF8, 'o'},   {0x111, 'd'},
    {0x127, 'h'},  {0x131, 'l'},  {0x142, 'l'},  {0x167, 't'},  {0x251, 'a'},  {0x261, 'g'},
    {0x269, 'l'},  {0x26A, 'l'},  {0x280, 'r'},  {0x299, 'b'},  {0x3B1, 'a'},  {0x3B2, 'b'},
    {0x3B3, 'y'},  {0x3B5, 'e'},  {0x3B6, 'z'},  {0x3B7, 'n'},  {0x3B9, 'l'},  {0x3BA, 'k'},
    {0x3BC, 'm'},  {0x3BD, 'v'},  {0x3BF, 'o'},  {0x3C0, 'n'},  {0x3C1, 'p'},  {0x3C3, 'o'},
    {0x3C4, 't'},  {0x3C5, 'u'},  {0x3C7, 'x'},  {0x3C9, 'w'},  {0x430, 'a'},  {0x432, 'b'},
    {0x433, 'r'},  {0x435, 'e'},  {0x437, '3'},  {0x438, 'u'},  {0x43A, 'k'},  {0x43C, 'm'},
    {0x43D, 'h'},  {0x43E, 'o'},  {0x43F, 'n'},  {0x440, 'p'},  {0x441, 'c'},  {0x442, 't'},
    {0x443, 'y'},  {0x445, 'x'},  {0x448, 'w'},  {0x44C, 'b'},  {0x454, 'e'},  {0x455, 's'},
    {0x456, 'l'},  {0x458, 'j'},  {0x461, 'w'},  {0x475, 'v'},  {0x491, 'r'},  {0x4AF, 'y'},
    {0x4BB, 'h'},  {0x4CF, 'l'},  {0x501, 'd'},  {0x51B, 'q'},  {0x51D, 'w'},  {0x563, 'q'},
    {0x566, 'q'},  {0x570, 'h'},  {0x578, 'n'},  {0x57D, 'u'},  {0x581, 'g'},  {0x585, 'o'},
    {0x1D00, 'a'}, {0x1D04, 'c'}, {0x1D05, 'd'}, {0x1D07, 'e'}, {0x1D0F, 'o'}, {0x1D1C, 'u'},
};

static int compare(const void *key, const void *element)
{
    gunichar c = *(const gunichar *)key, from = ((const Lookalike *)element)->from;
    return c < from ? -1 : c > from;
}

/* Accents, points and strokes; not the vowel signs, viramas and voicing marks that make another
 * letter. */
static bool is_ornament(gunichar c)
{
    int class = g_unichar_combining_class(c);
    return g_unichar_ismark(c) && class != 0 && (class < 7 || class > 9);
}

static void append_folded(GString *skeleton, gunichar c)
{
    if (is_ornament(c) || character_is_hidden(c) || g_unichar_isspace(c))
        return;
    const Lookalike *found =
        bsearch(&c, lookalikes, G_N_ELEMENTS(lookalikes), sizeof lookalikes[0], compare);
    if (found == NULL)
        g_string_append_unichar(skeleton, c);
    else
        g_string_append_c(skeleton, found->to);
}

char *text_skeleton(const char *name)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);
    g_autofree char *plain = g_utf8_normalize(folded, -1, G_NORMALIZE_NFKD);
    /* Compatibility forms such as fullwidth letters have a case of their own. */
    g_autofree char *again = g_utf8_casefold(plain, -1);
    GString *skeleton = g_string_new(NULL);
    for (const char *at = again; *at != '\0'; at = g_utf8_next_char(at))
        append_folded(skeleton, g_utf8_get_char(at));
    g_string_replace(skeleton, "rn", "m", 0);
    g_string_replace(skeleton, "vv", "w", 0);
    return g_string_free(skeleton, FALSE);
}
