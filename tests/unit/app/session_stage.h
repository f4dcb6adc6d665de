#pragma once
/* A session and the relay that it talks to, played by hand: all that comes out of the session is
 * told as lines of text. Members b, c … speak through that relay. For tables of conversations. */

#include "app/session.h"
#include "relay/frame.h"

typedef struct SessionStage SessionStage;

/* An empty log and store in memory, name "Me". */
SessionStage *session_stage_new(void);
void session_stage_free(SessionStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SessionStage, session_stage_free)

/* The session, for questions. */
Session *session_stage_session(SessionStage *stage);
Store *session_stage_store(SessionStage *stage);
/* Also gets every event, before its line is made. */
void session_stage_listen(SessionStage *stage,
                          void (*listener)(const SessionEvent *event, void *user), void *user);
/* Keys of members by letter; 'a' is the session's own, 'r' the relay's. */
const uint8_t *session_stage_key(SessionStage *stage, char who);

/* Lets so many milliseconds pass, serving deadlines, then flushes. */
void session_stage_pass(SessionStage *stage, int64_t ms);
/* A candidate from now on; `traits` are words of: typed relay remembered here chosen place2 key
 * nokey. */
void session_stage_find(SessionStage *stage, uint64_t id, const char *traits);
void session_stage_gone(SessionStage *stage, uint64_t id);
void session_stage_settle(SessionStage *stage);
/* The dial under way succeeds with the key of `who`. */
void session_stage_up(SessionStage *stage, char who);
void session_stage_fail(SessionStage *stage);
void session_stage_cut(SessionStage *stage);

/* Welcome: `traits` are words of: place2 log2 ahead forgot late early restored. */
void session_stage_welcome(SessionStage *stage, const char *traits);
/* The roster: "b", "b away", "b gone" …; `more` follows. */
void session_stage_roster(SessionStage *stage, const char *entry, bool more);
/* An event of `who` at the next position, to be delivered; `to` is '\0' for the room. */
void session_stage_event(SessionStage *stage, char who, char to, const char *text);
/* As above, at position `position`. */
void session_stage_at(SessionStage *stage, uint64_t position);
/* A profile of `who`. */
void session_stage_profile(SessionStage *stage, char who, const char *name);
/* A bit of the newest event is flipped. */
void session_stage_damage(SessionStage *stage);
/* What was made since the last time, as Page (request 0: the first; else the one asked for) or
 * Deliver that covers (after, through]. */
void session_stage_page(SessionStage *stage, bool asked, uint64_t after, uint64_t through);
void session_stage_deliver(SessionStage *stage, uint64_t after, uint64_t through);
/* The answer to the oldest event submitted and not answered. `seq` is that of Receipt.head. */
void session_stage_receipt(SessionStage *stage, Wire__Refusal refusal, uint64_t seq);
/* The oldest event submitted and not answered comes back in a Deliver instead. */
void session_stage_echo(SessionStage *stage);
void session_stage_typing(SessionStage *stage, char who);
void session_stage_part(SessionStage *stage, Wire__Parting why);
void session_stage_pong(SessionStage *stage);
void session_stage_junk(SessionStage *stage);

/* Events made from now on are so much older. */
void session_stage_age(SessionStage *stage, int64_t ms);

/* Names the public feed of `who`: what the session holds of it, and `more` events beyond; up to
 * `position`. */
void session_stage_heads(SessionStage *stage, char who, unsigned more, uint64_t position);
void session_stage_want(SessionStage *stage, char who, uint64_t first, uint64_t last);
/* What was made since the last time, as the answer to the newest Want. */
void session_stage_given(SessionStage *stage);
void session_stage_settled(SessionStage *stage, uint64_t position);

/* `to` '\0': the room. Returns whether it was queued; else the reason is a line "cannot: …". */
bool session_stage_say(SessionStage *stage, char to, const char *text);

/* One of a file called `name`, by the session; and by `who`, to be delivered, or `bad`: without
 * sense. */
void session_stage_offer(SessionStage *stage, char to, const char *name);
void session_stage_offered(SessionStage *stage, char who, char to, const char *name, bool bad);
/* A note by the session; and one to it by `who`: `traits` are words of: forged place2 other (for
 * another) newer bad. */
void session_stage_note(SessionStage *stage, char to);
void session_stage_noted(SessionStage *stage, char who, const char *traits);
void session_stage_returned(SessionStage *stage, char to, uint32_t retry_ms);

/* The next line; "" when there is none. Valid until the next call. */
const char *session_stage_next(SessionStage *stage);
