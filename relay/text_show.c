/* How text from others is shown: what would be invisible or would steer a terminal is written out.
 */

#include "relay/characters.h"
#include "relay/text.h"

typedef void (*WriteCharacter)(GString *out, const gunichar *text, glong length, glong i);
typedef void (*WriteByte)(GString *out, unsigned char byte);

static bool is_quiet(const gunichar *text, glong length, glong i)
{
    gunichar c = text[i];
    return character_is_control(c) || character_is_noncharacter(c) ||
           (character_is_hidden(c) && !character_is_proper(text, length, i, false));
}

static void write_all(GString *out, const char *text, size_t length, WriteCharacter write,
                      WriteByte write_invalid)
{
    while (length > 0) {
        const char *end = NULL;
        bool whole = g_utf8_validate_len(text, length, &end);
        glong count = 0;
        g_autofree gunichar *characters = g_utf8_to_ucs4_fast(text, end - text, &count);
        for (glong i = 0; i < count; i++)
            write(out, characters, count, i);
        length -= (size_t)(end - text);
        text = end;
        if (!whole) {
            write_invalid(out, (unsigned char)*text);
            length--;
            text++;
        }
    }
}

static bool is_printable_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7F)
            return false;
    }
    return true;
}

static char *written(const char *text, size_t length, WriteCharacter write, WriteByte write_invalid)
{
    if (is_printable_ascii(text, length))
        return g_strndup(text, length);
    GString *out = g_string_sized_new(length + length / 8);
    write_all(out, text, length, write, write_invalid);
    return g_string_free(out, FALSE);
}

static void show_character(GString *out, const gunichar *text, glong length, glong i)
{
    if (text[i] == '\n' || text[i] == '\t' || !is_quiet(text, length, i))
        g_string_append_unichar(out, text[i]);
    else
        g_string_append_printf(out, "⟨U+%04X⟩", text[i]);
}

static void show_byte(GString *out, unsigned char byte)
{
    g_string_append_printf(out, "⟨%02X⟩", byte);
}

char *text_visible(const char *text, size_t length)
{
    return written(text, length, show_character, show_byte);
}

static void escape_byte(GString *out, unsigned char byte)
{
    g_string_append_printf(out, "\\x%02x", byte);
}

static void escape_character(GString *out, const gunichar *text, glong length, glong i)
{
    gunichar c = text[i];
    if (!is_quiet(text, length, i))
        g_string_append_unichar(out, c);
    else if (c == '\n')
        g_string_append(out, "\\n");
    else if (c == '\r')
        g_string_append(out, "\\r");
    else if (c == '\t')
        g_string_append(out, "\\t");
    else if (c < 0x80)
        escape_byte(out, (unsigned char)c);
    else
        g_string_append_printf(out, "\\u{%04x}", c);
}

char *text_escape(const char *text, size_t length)
{
    return written(text, length, escape_character, escape_byte);
}

char *text_cut(const char *text, size_t max)
{
    static const char more[] = "…";
    if (strlen(text) <= max)
        return g_strdup(text);
    const char *end = text + max - strlen(more);
    while (end > text && ((unsigned char)*end & 0xC0) == 0x80)
        end--;
    g_autofree char *beginning = g_strndup(text, (gsize)(end - text));
    return g_strconcat(beginning, more, NULL);
}
