#include "tests/bench/peer_protocol.h"

#include <string.h>

static void greet(GByteArray *out, unsigned number)
{
    peer_say(out,
             "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\",\"version\":\"1\","
             "\"protocol\":1,\"echo\":true,\"name\":\"m%u\"}\r\nSUB bench 1\r\nPING\r\n",
             number);
}

static void publish(GByteArray *out, const char *text, size_t length)
{
    peer_say(out, "PUB bench %zu\r\n%.*s\r\n", length, (int)length, text);
}

static size_t take(const uint8_t *bytes, size_t size, size_t length, PeerEvent *event,
                   const uint8_t **text, GByteArray *answer)
{
    size_t line = peer_line(bytes, size);
    *event = PEER_NOTHING;
    if (line == 0)
        return 0;
    if (peer_line_begins(bytes, line, "MSG bench ")) {
        if (size < line + length + 2)
            return 0;
        *event = PEER_MESSAGE;
        *text = bytes + line;
        return line + length + 2;
    }
    if (peer_line_begins(bytes, line, "INFO "))
        *event = PEER_SECURE;
    else if (peer_line_begins(bytes, line, "PONG"))
        *event = PEER_JOINED;
    else if (peer_line_begins(bytes, line, "PING"))
        peer_say(answer, "PONG\r\n");
    else if (peer_line_begins(bytes, line, "-ERR"))
        g_printerr("%.*s", (int)line, (const char *)bytes);
    return line;
}

const PeerProtocol peer_nats = {.name = "nats",
                                .echoes = true,
                                .late_tls = true,

                                .greet = greet,
                                .publish = publish,
                                .take = take};
