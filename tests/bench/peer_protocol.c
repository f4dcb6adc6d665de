#include "tests/bench/peer_protocol.h"

#include <string.h>

const PeerProtocol *peer_protocol_find(const char *name)
{
    static const PeerProtocol *const known[] = {&peer_irc, &peer_mqtt, &peer_nats, &peer_least};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(known[i]->name, name) == 0)
            return known[i];
    }
    return NULL;
}

size_t peer_line(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memchr(bytes, '\n', size);
    return end != NULL ? (size_t)(end - bytes) + 1 : 0;
}

bool peer_line_begins(const uint8_t *line, size_t length, const char *word)
{
    size_t size = strlen(word);
    return length >= size && memcmp(line, word, size) == 0;
}

void peer_say(GByteArray *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_byte_array_append(out, (const uint8_t *)text, (unsigned)strlen(text));
}
