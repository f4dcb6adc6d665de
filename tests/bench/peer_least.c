/* Lines, as peers_bench --serve takes them. */
#include "tests/bench/peer_protocol.h"

static void greet(GByteArray *out, unsigned number)
{
    peer_say(out, "join\n");
}

static void publish(GByteArray *out, const char *text, size_t length)
{
    peer_say(out, "%.*s\n", (int)length, text);
}

static size_t take(const uint8_t *bytes, size_t size, size_t length, PeerEvent *event,
                   const uint8_t **text, GByteArray *answer)
{
    size_t line = peer_line(bytes, size);
    *event = PEER_NOTHING;
    if (peer_line_begins(bytes, line, "joined")) {
        *event = PEER_JOINED;
    } else if (line == length + 1) {
        *event = PEER_MESSAGE;
        *text = bytes;
    }
    return line;
}

const PeerProtocol peer_least = {
    .name = "least", .echoes = true, .greet = greet, .publish = publish, .take = take};
