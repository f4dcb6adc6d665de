#include "discovery/txt.h"

#include <string.h>

/* Seven keys, and some room for those of later versions. */
#define STRINGS_MAX 32
#define BYTES_MAX 1300

typedef struct {
    const char *text; /* NULL: the key is not there */
    size_t size;
} Value;

char *txt_hex(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

bool txt_unhex(const char *text, size_t length, uint8_t *bytes, size_t size)
{
    if (length != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isxdigit(text[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                             g_ascii_xdigit_value(text[2 * i + 1]));
    }
    return true;
}

static bool never_in_a_name(gunichar c)
{
    bool bidi_control = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                        (c >= 0x2066 && c <= 0x2069);
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || bidi_control;
}

void txt_copy_name(const char *name, size_t size, char *copy)
{
    size_t used = 0;
    bool valid = g_utf8_validate_len(name, size, NULL);
    for (const char *p = name; valid && p < name + size; p = g_utf8_next_char(p)) {
        size_t length = (size_t)(g_utf8_next_char(p) - p);
        if (used + length > CANDIDATE_NAME_MAX) {
            break;
        }
        if (!never_in_a_name(g_utf8_get_char(p))) {
            memcpy(copy + used, p, length);
            used += length;
        }
    }
    copy[used] = '\0';
}

/* Keys are ASCII without regard to case; avahi keeps the strings last first. */
static Value find(AvahiStringList *strings, const char *key)
{
    Value found = {NULL, 0};
    size_t length = strlen(key);
    for (AvahiStringList *s = strings; s; s = s->next) {
        const char *text = (const char *)s->text;
        if (s->size > length && text[length] == '=' && !g_ascii_strncasecmp(text, key, length)) {
            found = (Value){text + length + 1, s->size - length - 1};
        }
    }
    return found;
}

static bool is(Value value, const char *text)
{
    return value.text && value.size == strlen(text) && memcmp(value.text, text, value.size) == 0;
}

static bool parse_number(Value value, uint64_t *number)
{
    g_autofree char *text = value.text ? g_strndup(value.text, value.size) : NULL;
    guint64 parsed;
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &parsed, NULL)) {
        return false;
    }
    *number = parsed;
    return true;
}

static bool too_large(AvahiStringList *strings)
{
    size_t count = 0;
    size_t bytes = 0;
    for (AvahiStringList *s = strings; s; s = s->next) {
        count++;
        bytes += s->size + 1;
    }
    return count > STRINGS_MAX || bytes > BYTES_MAX;
}

TxtResult txt_parse(AvahiStringList *strings, Txt *txt)
{
    if (too_large(strings)) {
        return TXT_TOO_LARGE;
    }
    if (!is(find(strings, "v"), G_STRINGIFY(TXT_VERSION))) {
        return TXT_VERSION_UNKNOWN;
    }
    Txt parsed = {.role = CANDIDATE_ROLE_UNKNOWN};
    Value place = find(strings, "place");
    Value key = find(strings, "key");
    Value role = find(strings, "role");
    Value name = find(strings, "name");
    if (!place.text || !key.text || !role.text) {
        return TXT_MISSING;
    }
    if (is(role, "relay")) {
        parsed.role = CANDIDATE_ROLE_RELAY;
    } else if (is(role, "app")) {
        parsed.role = CANDIDATE_ROLE_APP;
    }
    if (parsed.role == CANDIDATE_ROLE_UNKNOWN ||
        !txt_unhex(place.text, place.size, parsed.place, sizeof parsed.place) ||
        !txt_unhex(key.text, key.size, parsed.key, sizeof parsed.key)) {
        return TXT_MALFORMED;
    }
    if (name.text) {
        txt_copy_name(name.text, name.size, parsed.name);
    }
    parsed.locked = is(find(strings, "locked"), "1");
    parse_number(find(strings, "epoch"), &parsed.epoch);
    *txt = parsed;
    return TXT_OK;
}

AvahiStringList *txt_build(const Txt *txt)
{
    g_autofree char *place = txt_hex(txt->place, sizeof txt->place);
    g_autofree char *key = txt_hex(txt->key, sizeof txt->key);
    const char *role = txt->role == CANDIDATE_ROLE_RELAY ? "relay" : "app";
    char name[CANDIDATE_NAME_MAX + 1];
    txt_copy_name(txt->name, strlen(txt->name), name);

    AvahiStringList *strings = NULL;
    strings = avahi_string_list_add_printf(strings, "v=%d", TXT_VERSION);
    strings = avahi_string_list_add_printf(strings, "place=%s", place);
    strings = avahi_string_list_add_printf(strings, "name=%s", name);
    strings = avahi_string_list_add_printf(strings, "role=%s", role);
    strings = avahi_string_list_add_printf(strings, "key=%s", key);
    strings = avahi_string_list_add_printf(strings, "locked=%d", txt->locked ? 1 : 0);
    return avahi_string_list_add_printf(strings, "epoch=%" G_GUINT64_FORMAT, txt->epoch);
}
