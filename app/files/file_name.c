#include "app/files/file_name.h"

#include "relay/characters.h"

#include <string.h>

#define EXTENSION_MAX 16 /* bytes behind the dot; what is longer is no extension */
#define CLEAN_ROUNDS 4
#define NAMELESS "unnamed"

/* What is valid of it, in NFC, '\0'-terminated; `instead` stands for each invalid byte. */
static char *valid_nfc(const char *raw, const char *instead)
{
    size_t length = strlen(raw);
    g_autoptr(GString) valid = g_string_sized_new(length);
    while (length > 0) {
        const char *end = NULL;
        bool whole = g_utf8_validate_len(raw, length, &end);
        g_string_append_len(valid, raw, end - raw);
        if (!whole)
            g_string_append(valid, instead);
        length -= (size_t)(end - raw) + (whole ? 0 : 1);
        raw = end + (whole ? 0 : 1);
    }
    return g_utf8_normalize(valid->str, (gssize)valid->len, G_NORMALIZE_NFC);
}

/* Nothing in it needs a closer look: printable ASCII. */
static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < 0x20 || *at >= 0x7F || *at == '\\' || *at == '/')
            return false;
    }
    return true;
}

/* Where the extension begins, dot included, or the end. A sentence is no extension, nor is a
 * version number. */
static const char *find_extension(const char *name)
{
    const char *end = name + strlen(name);
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || dot + 1 == end || end - dot - 1 > EXTENSION_MAX)
        return end;
    bool letters = false;
    for (const char *at = dot + 1; at < end; at++) {
        if (*at == ' ')
            return end;
        letters = letters || g_ascii_isalpha(*at) || (unsigned char)*at >= 0x80;
    }
    if (!letters)
        return end;
    const size_t tar = strlen(".tar");
    if ((size_t)(dot - name) > tar && g_ascii_strncasecmp(dot - tar, ".tar", tar) == 0)
        return dot - tar;
    return dot;
}

/* The bytes of `text` that fit into `max` without cutting a grapheme, or, when it is one without
 * end, a character. */
static size_t fitting(const char *text, size_t length, size_t max)
{
    if (length <= max)
        return length;
    glong count = 0;
    g_autofree gunichar *characters = g_utf8_to_ucs4_fast(text, (glong)length, &count);
    const char *at = text;
    for (glong i = 0; i < count;) {
        glong end = grapheme_end(characters, count, i);
        const char *next = g_utf8_offset_to_pointer(at, end - i);
        if ((size_t)(next - text) > max)
            break;
        at = next;
        i = end;
    }
    if (at == text) {
        for (const char *next = text; (size_t)(next - text) <= max; next = g_utf8_next_char(next))
            at = next;
    }
    return (size_t)(at - text);
}

static void strip_end(GString *name)
{
    while (name->len > 0 && strchr(" .", name->str[name->len - 1]) != NULL)
        g_string_truncate(name, name->len - 1);
}

/* `name` with `infix` before its extension, at most `max` bytes. */
static char *compose(const char *name, const char *infix, size_t max)
{
    const char *extension = find_extension(name);
    if (strlen(extension) + strlen(infix) > max / 2)
        extension = name + strlen(name);
    size_t room = max - strlen(extension) - strlen(infix);
    size_t stem = fitting(name, (size_t)(extension - name), room);
    GString *out = g_string_new_len(name, (gssize)stem);
    if (stem < (size_t)(extension - name))
        strip_end(out);
    g_string_append(out, infix);
    g_string_append(out, extension);
    return g_string_free(out, FALSE);
}

static const char *last_component(const char *path, size_t *length)
{
    const char *end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    const char *start = end;
    while (start > path && start[-1] != '/')
        start--;
    *length = (size_t)(end - start);
    return start;
}

static void append_clean(GString *name, const gunichar *text, glong length, glong i, bool strict)
{
    gunichar c = text[i];
    if (c == '\\')
        c = '_';
    else if (g_unichar_isspace(c))
        c = ' ';
    else if (character_is_control(c) || character_is_noncharacter(c) ||
             (character_is_hidden(c) && (strict || !character_is_proper(text, length, i, true))))
        return;
    if (name->len == 0 && (c == ' ' || c == '.' || g_unichar_ismark(c)))
        return;
    g_string_append_unichar(name, c);
}

/* One round; dropping a character gives its neighbours new neighbours. */
static char *clean(const char *raw, bool strict, size_t max)
{
    glong length = 0;
    g_autofree gunichar *text = g_utf8_to_ucs4_fast(raw, -1, &length);
    g_autoptr(GString) name = g_string_sized_new(strlen(raw));
    for (glong i = 0; i < length; i++)
        append_clean(name, text, length, i, strict);
    strip_end(name);
    g_autofree char *normal = g_utf8_normalize(name->str, -1, G_NORMALIZE_NFC);
    return strlen(normal) <= max ? g_steal_pointer(&normal) : compose(normal, "", max);
}

static bool is_fine_already(const char *label, size_t max)
{
    size_t length = strlen(label);
    return length > 0 && length <= max && is_plain(label) && label[0] != '.' && label[0] != ' ' &&
           label[length - 1] != '.' && label[length - 1] != ' ';
}

char *file_name_from_peer(const char *label, size_t max)
{
    if (is_fine_already(label, max))
        return g_strdup(label);
    size_t length = 0;
    const char *last = last_component(label, &length);
    g_autofree char *component = g_strndup(last, length);
    g_autofree char *name = valid_nfc(component, "_");
    for (unsigned i = 0; i <= CLEAN_ROUNDS; i++) {
        g_autofree char *before = g_steal_pointer(&name);
        name = clean(before, i == CLEAN_ROUNDS, max);
        if (strcmp(before, name) == 0)
            break;
    }
    return *name == '\0' ? g_strdup(NAMELESS) : g_steal_pointer(&name);
}

char *file_name_to_label(const char *name)
{
    g_autofree char *valid = valid_nfc(name, "\xEF\xBF\xBD");
    g_autoptr(GString) label = g_string_sized_new(strlen(valid));
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(label, c == '/' || character_is_control(c) ? '_' : c);
    }
    if (label->len == 0 || strcmp(label->str, ".") == 0 || strcmp(label->str, "..") == 0)
        return g_strdup("_");
    return compose(label->str, "", FILE_NAME_MAX);
}

char *file_name_numbered(const char *name, unsigned number)
{
    g_autofree char *infix = g_strdup_printf(" (%u)", number);
    return compose(name, infix, FILE_NAME_MAX);
}

char *file_name_extension(const char *name)
{
    const char *extension = find_extension(name);
    if (*extension == '\0')
        return g_strdup("");
    return g_utf8_validate(name, -1, NULL) ? g_utf8_strdown(strrchr(name, '.') + 1, -1)
                                           : g_ascii_strdown(strrchr(name, '.') + 1, -1);
}
