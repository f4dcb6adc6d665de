#pragma once
/* What the load generator says to servers of other kinds, and what it makes of their words: each
 * protocol just as far as one room needs it. Stateless. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    PEER_NOTHING, /* whatever else the server says */
    PEER_SECURE,  /* TLS begins now, when it is wanted */
    PEER_JOINED,
    PEER_MESSAGE,
} PeerEvent;

typedef struct {
    const char *name;
    bool echoes;   /* authors get what they wrote */
    bool late_tls; /* the server greets in plain text; TLS begins at PEER_SECURE */
    /* Appends what member `number` says first (after TLS). */
    void (*greet)(GByteArray *out, unsigned number);
    /* Appends a message. */
    void (*publish)(GByteArray *out, const char *text, size_t length);
    /* The size of the first whole piece of what a server said; 0: it is not whole yet. When it is a
     * message, `*text` is where its `length` bytes are. Appends what must be answered. */
    size_t (*take)(const uint8_t *bytes, size_t size, size_t length, PeerEvent *event,
                   const uint8_t **text, GByteArray *answer);
} PeerProtocol;

extern const PeerProtocol peer_irc;   /* RFC 2812 */
extern const PeerProtocol peer_mqtt;  /* MQTT 3.1.1, QoS 0 */
extern const PeerProtocol peer_nats;  /* NATS client protocol */
extern const PeerProtocol peer_least; /* lines; least_server.h */

/* NULL: no such one. */
const PeerProtocol *peer_protocol_find(const char *name);

/* For protocols of lines: the first line's length with its end, 0: none is whole. */
size_t peer_line(const uint8_t *bytes, size_t size);
/* Does the line have this at its beginning? */
bool peer_line_begins(const uint8_t *line, size_t length, const char *word);
void peer_say(GByteArray *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
