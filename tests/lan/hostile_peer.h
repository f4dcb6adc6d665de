#pragma once
/* A member that keeps no rule but those of joining: its session runs on the main thread, what it
 * does to others on a thread of its own, which calls these functions. All of them end the program
 * when what they wait for does not come. */

#include "app/files/channel.h"
#include "app/session.h"

typedef struct Peer Peer;

typedef struct {
    const char *relay; /* host:port, numeric */
    const char *own;   /* an address of this machine */
    const char *name;
    const char *data_dir;
} PeerOptions;

Peer *peer_new(const PeerOptions *options);
void peer_free(Peer *peer);

/* Of a member who is here, by name. */
void peer_await_member(Peer *peer, const char *name, uint8_t *key);
/* Posts it to this member (NULL: to the room) and gives its token. */
void peer_offer(Peer *peer, const uint8_t *to, const Offer *offer, uint8_t *token);
/* Until that many of the offers are with the relay. */
void peer_await_sent(Peer *peer, unsigned count);
void peer_note(Peer *peer, const uint8_t *to, const Wire__Note *note);
/* The next note of this kind; NULL when none came in that time. Free by wire__note__free_unpacked.
 */
Wire__Note *peer_await_note(Peer *peer, Wire__Note__BodyCase kind, unsigned seconds);
/* Notes that came and were not asked for are forgotten. */
void peer_forget_notes(Peer *peer);

/* A port for one channel; `address` (host:port, transfer full) is what Ready or Accept names. */
int peer_listen(Peer *peer, char **address);
/* Who dials is let to the TLS handshake, and its Present is read; NULL when nobody came, or not by
 * this key. `wrong_key`: shows another identity. */
Channel *peer_admit(Peer *peer, int listener, const uint8_t *key, bool wrong_key, unsigned seconds);
/* TCP and TLS to that address; NULL: refused. `key` NULL: whoever it is. */
Channel *peer_dial(Peer *peer, const char *address, const uint8_t *key, bool wrong_key);
/* Only TCP; -1: refused. */
int peer_connect(const char *address);
