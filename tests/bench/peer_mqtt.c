#include "tests/bench/peer_protocol.h"

#include <string.h>

#define CONNACK 0x20
#define PUBLISH 0x30
#define SUBACK 0x90
#define LENGTH_MAX 4 /* bytes */

static void append(GByteArray *out, const void *bytes, size_t size)
{
    g_byte_array_append(out, bytes, (unsigned)size);
}

/* MQTT 3.1.1, 2.2.3. */
static void append_length(GByteArray *out, size_t length)
{
    do {
        uint8_t byte = length & 0x7f;
        length >>= 7;
        byte |= length > 0 ? 0x80 : 0;
        append(out, &byte, 1);
    } while (length > 0);
}

static void append_string(GByteArray *out, const char *text)
{
    uint16_t length = GUINT16_TO_BE((uint16_t)strlen(text));
    append(out, &length, sizeof length);
    append(out, text, strlen(text));
}

static void greet(GByteArray *out, unsigned number)
{
    static const uint8_t variable[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2 /* clean session */, 0, 0};
    g_autofree char *name = g_strdup_printf("m%u", number);
    append(out, "\x10", 1);
    append_length(out, sizeof variable + 2 + strlen(name));
    append(out, variable, sizeof variable);
    append_string(out, name);
}

static void subscribe(GByteArray *out)
{
    append(out, "\x82\x0a\x00\x01", 4);
    append_string(out, "bench");
    append(out, "\x00", 1); /* QoS 0 */
}

static void publish(GByteArray *out, const char *text, size_t length)
{
    append(out, "\x30", 1);
    append_length(out, 2 + strlen("bench") + length);
    append_string(out, "bench");
    append(out, text, length);
}

/* Of a packet, with its header; 0: it is not whole. */
static size_t packet_size(const uint8_t *bytes, size_t size, size_t *header)
{
    size_t length = 0;
    for (size_t i = 0; i < LENGTH_MAX && i + 1 < size; i++) {
        length |= (size_t)(bytes[1 + i] & 0x7f) << (7 * i);
        if ((bytes[1 + i] & 0x80) == 0) {
            *header = 2 + i;
            return *header + length <= size ? *header + length : 0;
        }
    }
    return 0;
}

static size_t take(const uint8_t *bytes, size_t size, size_t length, PeerEvent *event,
                   const uint8_t **text, GByteArray *answer)
{
    size_t header = 0, packet = packet_size(bytes, size, &header);
    *event = PEER_NOTHING;
    if (packet == 0)
        return 0;
    if ((bytes[0] & 0xf0) == PUBLISH && packet >= header + 2 + strlen("bench") + length) {
        *event = PEER_MESSAGE;
        *text = bytes + packet - length;
    } else if (bytes[0] == CONNACK) {
        subscribe(answer);
    } else if (bytes[0] == SUBACK) {
        *event = PEER_JOINED;
    }
    return packet;
}

const PeerProtocol peer_mqtt = {.name = "mqtt",
                                .echoes = true,

                                .greet = greet,
                                .publish = publish,
                                .take = take};
