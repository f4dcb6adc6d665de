#include "relay/text.h"

#include "relay/characters.h"
#include "relay/limits.h"

#include <string.h>

#define RAW_NAME_MAX 4096 /* bytes of a raw name that are looked at */
#define BRAILLE_BLANK 0x2800

/* Every character below U+0300 stands alone in NFC, and none of them begins with a byte from 0xCC
 * up. */
static bool is_plainly_nfc(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0xCC)
            return false;
    }
    return true;
}

static bool is_nfc(const char *text, size_t length)
{
    if (is_plainly_nfc(text, length))
        return true;
    g_autofree char *normal = g_utf8_normalize(text, (gssize)length, G_NORMALIZE_NFC);
    return normal != NULL && strlen(normal) == length && memcmp(normal, text, length) == 0;
}

static bool is_text(const char *text, size_t length, size_t max)
{
    return length > 0 && length <= max && g_utf8_validate_len(text, length, NULL) &&
           is_nfc(text, length);
}

bool text_is_message(const char *text, size_t length)
{
    return is_text(text, length, TEXT_MAX);
}

/* Spaces are judged elsewhere. */
static bool may_be_in_name(const gunichar *text, glong length, glong i)
{
    gunichar c = text[i];
    if (character_is_control(c) || character_is_noncharacter(c) || c == BRAILLE_BLANK)
        return false;
    return !character_is_hidden(c) || character_is_proper(text, length, i, true);
}

bool text_is_name(const char *name, size_t length)
{
    if (!is_text(name, length, NAME_MAX_BYTES))
        return false;
    glong count = 0;
    g_autofree gunichar *text = g_utf8_to_ucs4_fast(name, (glong)length, &count);
    if (g_unichar_ismark(text[0]) || text[0] == ' ' || text[count - 1] == ' ')
        return false;
    for (glong i = 0; i < count; i++) {
        if (!may_be_in_name(text, count, i))
            return false;
        if (g_unichar_isspace(text[i]) && (text[i] != ' ' || text[i + 1] == ' '))
            return false;
    }
    return grapheme_count(text, count) <= NAME_MAX_GRAPHEMES;
}

static bool has_no_control(const char *text, size_t length)
{
    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        if (character_is_control(g_utf8_get_char(at)))
            return false;
    }
    return true;
}

bool text_is_label(const char *label, size_t length)
{
    if (length == 0 || (length <= 2 && memcmp(label, "..", length) == 0))
        return false;
    return is_text(label, length, FILE_NAME_MAX) && memchr(label, '/', length) == NULL &&
           has_no_control(label, length);
}

bool text_is_path(const char *path, size_t length)
{
    if (length > FILE_PATH_MAX)
        return false;
    const char *end = path + length;
    for (unsigned depth = 0; depth < FILE_DEPTH_MAX; depth++) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        const char *behind = slash != NULL ? slash : end;
        if (!text_is_label(path, (size_t)(behind - path)))
            return false;
        if (slash == NULL)
            return true;
        path = slash + 1;
    }
    return false;
}

/* What is valid of `raw`, in NFC; transfer full. */
static char *valid_nfc(const char *raw, size_t length)
{
    g_autoptr(GString) valid = g_string_sized_new(length);
    while (length > 0) {
        const char *end = NULL;
        bool whole = g_utf8_validate_len(raw, length, &end);
        g_string_append_len(valid, raw, end - raw);
        length -= (size_t)(end - raw) + (whole ? 0 : 1);
        raw = end + (whole ? 0 : 1);
    }
    return g_utf8_normalize(valid->str, (gssize)valid->len, G_NORMALIZE_NFC);
}

static void append_name_character(GString *name, const gunichar *text, glong length, glong i)
{
    if (g_unichar_isspace(text[i])) {
        if (name->len > 0 && name->str[name->len - 1] != ' ')
            g_string_append_c(name, ' ');
    } else if (may_be_in_name(text, length, i) && (name->len > 0 || !g_unichar_ismark(text[i]))) {
        g_string_append_unichar(name, text[i]);
    }
}

/* One round: drops what may not be there and cuts behind the last grapheme that fits. */
static char *clean_name(const char *raw)
{
    glong length = 0;
    g_autofree gunichar *text = g_utf8_to_ucs4_fast(raw, -1, &length);
    g_autoptr(GString) name = g_string_new(NULL);
    unsigned graphemes = 0;
    for (glong i = 0; i < length && graphemes < NAME_MAX_GRAPHEMES;) {
        gsize before = name->len;
        glong end = grapheme_end(text, length, i);
        for (; i < end; i++)
            append_name_character(name, text, length, i);
        if (name->len > NAME_MAX_BYTES) {
            g_string_truncate(name, before);
            break;
        }
        graphemes += name->len > before;
    }
    if (name->len > 0 && name->str[name->len - 1] == ' ')
        g_string_truncate(name, name->len - 1);
    return g_string_free(g_steal_pointer(&name), FALSE);
}

char *text_make_name(const char *raw, size_t length)
{
    /* Dropping a character gives its neighbours new neighbours, so it may take a second round. */
    const unsigned rounds = 4;
    g_autofree char *name = valid_nfc(raw, MIN(length, RAW_NAME_MAX));
    for (unsigned i = 0; i < rounds && name != NULL; i++) {
        g_autofree char *clean = clean_name(name);
        if (text_is_name(clean, strlen(clean)))
            return g_steal_pointer(&clean);
        g_free(name);
        name = valid_nfc(clean, strlen(clean));
    }
    return NULL;
}

static bool is_blank(const char *text)
{
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_isspace(c) && !character_is_hidden(c))
            return false;
    }
    return true;
}

char *text_make_message(const char *raw, size_t length)
{
    /* Four times as much cannot become short enough. */
    g_autofree char *valid = length > 4 * TEXT_MAX ? NULL : valid_nfc(raw, length);
    if (valid == NULL)
        return NULL;
    g_autoptr(GString) text = g_string_sized_new(length);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool dropped = c < 0x20 || (c >= 0x7F && c < 0xA0);
        if (c == '\r' ? at[1] != '\n' : c == '\n')
            g_string_append_c(text, '\n');
        else if (c == '\t' || !dropped)
            g_string_append_unichar(text, c);
    }
    g_autofree char *message = valid_nfc(text->str, text->len);
    if (message == NULL || is_blank(message) || strlen(message) > TEXT_MAX)
        return NULL;
    return g_steal_pointer(&message);
}
