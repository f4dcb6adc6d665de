#pragma once
/* Several sessions with hubs of their own in one process, on a virtual clock: each node can serve,
 * dial the others and be cut off. Frames take 1.5 ms. Nodes are called a, b, c …, in the
 * order of their keys. */

#include "app/session.h"

#define PARTY_NODES 8

typedef struct Party Party;

Party *party_new(void);
void party_free(Party *party);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Party, party_free)

/* An app begins, on the network 1 at first; with what it had on its disk. */
void party_start(Party *party, char who);
/* A relay program begins to serve. */
void party_start_relay(Party *party, char who);
/* Without a word: the connections are closed by the system. */
void party_kill(Party *party, char who);
/* As by a person: the place is handed over first. */
void party_quit(Party *party, char who);
/* From now on nothing reaches it or leaves it, until `pulled` is false again. */
void party_pull(Party *party, char who, bool pulled);
/* The machine sleeps, or wakes. */
void party_sleep(Party *party, char who, bool asleep);
/* It takes connections for itself, and lets nobody in. Not started. */
void party_start_liar(Party *party, char who);
/* Those in different halves do not reach each other; all begin in the half 0. */
void party_split(Party *party, const char *all, unsigned half);
/* Its interfaces go to another network; 0: to none. */
void party_carry_to(Party *party, char who, unsigned network);
/* It cannot serve from now on, or can again. */
void party_set_unable(Party *party, char who, bool unable);
/* Nodes are not seen on the network any more, or again. */
void party_set_deaf(Party *party, bool deaf);
/* `who` knows `whom` from earlier; before it starts. */
void party_remember(Party *party, char who, char whom);
/* `who` types the address of `to`. */
void party_type(Party *party, char who, char to);

void party_pass(Party *party, int64_t ms);
/* `text` to the room. */
void party_say(Party *party, char who, const char *text);
void party_whisper(Party *party, char who, char to, const char *text);
/* How often `who` was told of this message by somebody else. */
unsigned party_heard(Party *party, char who, const char *text);
/* How often `who` was told that its own message is sent. */
unsigned party_sent(Party *party, char who, const char *text);
/* How often a line was told, such as "moved: …", "state lost", "b left". */
unsigned party_told(Party *party, char who, const char *line);
/* The relay program (or whoever serves) acts in its own name; `lasting_ms` as session_moderate().
 */
void party_act(Party *party, char relay, ModerationAct act, char member, Role role,
               int64_t lasting_ms, const char *text);
/* `who` does, on `member` ('-': nobody); whether that was queued. Else `party_why()` says why not.
 */
bool party_moderate(Party *party, char who, ModerationAct act, char member, int64_t lasting_ms,
                    const char *text);
/* `who` types the code of the relay: any code is right, and makes an admin. */
void party_claim(Party *party, char who);
/* As party_say(); whether it was queued. */
bool party_may_say(Party *party, char who, const char *text);
/* The sentence of the last refusal. */
const char *party_why(const Party *party);
/* Also gets every event of this one, before its line is made. */
void party_listen(Party *party, char who, void (*listener)(const SessionEvent *event, void *user),
                  void *user);
Store *party_store(Party *party, char who);
const uint8_t *party_key(Party *party, char who);
int64_t party_now_us(const Party *party);
/* How often `who` was asked to serve. */
unsigned party_served(Party *party, char who);

/* A relay program keeps only so many days, and has taken what was said so far; how many bodies. */
unsigned party_retain(Party *party, char relay, unsigned days);
/* Events that it has with their bodies. */
unsigned party_bodies(Party *party, char relay);
/* Sent by anybody so far. */
unsigned party_frames(const Party *party);

/* How often this text is in what `who` has of the room's history; of that with `other`. */
unsigned party_kept(Party *party, char who, const char *text);
unsigned party_kept_with(Party *party, char who, char other, const char *text);
Session *party_session(Party *party, char who);
bool party_serves(Party *party, char who);
/* Of the one that `who` is joined to; '-': not joined. */
char party_relay_of(Party *party, char who);
/* All of these are joined to `relay`. */
bool party_follow(Party *party, const char *all, char relay);
