#include "tests/bench/peer_protocol.h"

#include <string.h>

static void greet(GByteArray *out, unsigned number)
{
    peer_say(out, "NICK m%u\r\nUSER m%u 0 * :m\r\n", number, number);
}

static void publish(GByteArray *out, const char *text, size_t length)
{
    peer_say(out, "PRIVMSG #bench :%.*s\r\n", (int)length, text);
}

/* The word after the sender's name. */
static const uint8_t *command_of(const uint8_t *line, size_t size, size_t *left)
{
    const uint8_t *blank = size > 0 && line[0] == ':' ? memchr(line, ' ', size) : NULL;
    const uint8_t *command = blank != NULL ? blank + 1 : line;
    *left = size - (size_t)(command - line);
    return command;
}

static size_t take(const uint8_t *bytes, size_t size, size_t length, PeerEvent *event,
                   const uint8_t **text, GByteArray *answer)
{
    size_t line = peer_line(bytes, size), left = 0;
    *event = PEER_NOTHING;
    if (line == 0)
        return 0;
    const uint8_t *command = command_of(bytes, line, &left);
    if (peer_line_begins(command, left, "PRIVMSG #bench :")) {
        size_t before = strlen("PRIVMSG #bench :");
        if (left == before + length + 2) {
            *event = PEER_MESSAGE;
            *text = command + before;
        }
    } else if (peer_line_begins(command, left, "PING ")) {
        peer_say(answer, "PONG %.*s", (int)(left - 5), (const char *)command + 5);
    } else if (peer_line_begins(command, left, "376 ") || peer_line_begins(command, left, "422 ")) {
        peer_say(answer, "JOIN #bench\r\n"); /* after the message of the day, or without one */
    } else if (peer_line_begins(command, left, "366 ")) {
        *event = PEER_JOINED; /* the end of the names */
    } else if (peer_line_begins(command, left, "ERROR")) {
        g_printerr("%.*s", (int)left, (const char *)command);
    }
    return line;
}

const PeerProtocol peer_irc = {.name = "irc", .greet = greet, .publish = publish, .take = take};
