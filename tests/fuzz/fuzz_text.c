/* Text from a stranger: what is made of it is valid, and what is shown neither hides nor steers
 * anything. */

#include "relay/characters.h"
#include "relay/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void make_name(const char *raw, size_t length)
{
    g_autofree char *name = text_make_name(raw, length);
    if (name == NULL)
        return;
    check(text_is_name(name, strlen(name)) && text_is_message(name, strlen(name)));
    g_autofree char *again = text_make_name(name, strlen(name));
    check(again != NULL && strcmp(name, again) == 0);
    g_autofree char *skeleton = text_skeleton(name);
    check(g_utf8_validate(skeleton, -1, NULL));
    g_autofree char *visible = text_visible(name, strlen(name));
    check(strcmp(visible, name) == 0);
}

static void make_message(const char *raw, size_t length)
{
    g_autofree char *message = text_make_message(raw, length);
    if (message == NULL)
        return;
    check(text_is_message(message, strlen(message)));
    g_autofree char *again = text_make_message(message, strlen(message));
    check(again != NULL && strcmp(message, again) == 0);
}

static void show(const char *raw, size_t length)
{
    g_autofree char *visible = text_visible(raw, length);
    g_autofree char *escaped = text_escape(raw, length);
    check(g_utf8_validate(visible, -1, NULL) && g_utf8_validate(escaped, -1, NULL));
    for (const char *at = visible; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        check(c == '\n' || c == '\t' || !character_is_control(c));
    }
    for (const char *at = escaped; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        check(!character_is_control(c) && c != 0x202E && c != 0x200B);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *raw = (const char *)data;
    make_name(raw, size);
    make_message(raw, size);
    show(raw, size);
    if (text_is_name(raw, size))
        check(text_is_message(raw, size));
    return 0;
}
