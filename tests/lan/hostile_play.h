#pragma once
/* What the hostile member does, one attack a call, from its own thread. Each says what became of it
 * as a line of JSON: {"event": "over", "attack": …, "ended": …}. */

#include "tests/lan/hostile_peer.h"

/* Says how it ended. */
void play_over(const char *attack, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Reads until the other ends the channel: what it said last, transfer full. */
char *play_last_words(Channel *channel);
bool play_send(Channel *channel, const Wire__DataFrame *frame);
Wire__Note *play_accept_note(Peer *peer);

/* Offers something to the victim, who is expected to accept it, and then misbehaves. False: no
 * attack of that name. */
bool play_sender(Peer *peer, const uint8_t *victim, const char *attack);
/* Takes, or tries to take, what was offered under this token. */
bool play_receiver(Peer *peer, const uint8_t *victim, const char *attack, const uint8_t *token);
/* The names of all of a kind, a line each. */
void play_list(void);
