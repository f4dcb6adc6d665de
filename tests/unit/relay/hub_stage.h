#pragma once
/* A hub and members a, b, c … whose links are lists of lines: each frame that a member gets is told
 * as one line of text. For tables of conversations. */

#include "relay/frame.h"
#include "relay/hub.h"

#define STAGE_MEMBERS 8

typedef struct Stage Stage;

/* Begins with an empty log in memory. */
Stage *stage_new(void);
/* The same where an app serves from the beginning. */
Stage *stage_new_carried(char who);
void stage_free(Stage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stage, stage_free)

/* What the stage is made of; the stage's. */
Log *stage_log(Stage *stage);
Hub *stage_hub(Stage *stage);
const uint8_t *stage_key(Stage *stage, char who);
/* Lets so many milliseconds of the virtual clock pass, then ticks. */
void stage_pass(Stage *stage, int64_t ms);
void stage_flush(Stage *stage);
/* The hub is thrown away without a word and begins anew on the same log; all links are gone. */
void stage_restart(Stage *stage);

/* The same, but an app serves: that of member `who`, whose session knew this room time. */
void stage_serve(Stage *stage, char who, int64_t room_time_ms);

/* TLS is up, nothing said. */
void stage_open(Stage *stage, char who);
/* Opens and says Hello: holds everything up to `position`, wants 100 events. */
void stage_hello(Stage *stage, char who, uint64_t position);
/* Opens and says this; the version is filled in. */
void stage_hello_as(Stage *stage, char who, Wire__Hello *hello);
void stage_cut(Stage *stage, char who);
/* Submits a message; `to` is '\0' for the room. `skip` places of the feed are left out first. */
void stage_say(Stage *stage, char who, char to, const char *text, unsigned skip);
/* The same message comes into the log past the hub, as from another log; not committed. False when
 * that failed, and with it the whole transaction. */
bool stage_gather(Stage *stage, char who, char to, const char *text);
/* From now on what is said or gathered is dated so much after room time. */
void stage_set_ahead(Stage *stage, int64_t ms);
bool stage_gather_profile(Stage *stage, char who, const char *name);
void stage_profile(Stage *stage, char who, const char *name);
/* Submits the last event of `who` once more. */
void stage_again(Stage *stage, char who);
/* Roles and moderation; whoever 'R' names is the relay program itself. `whom` is not looked at when
 * nobody is concerned; `text` NULL: none. */
void stage_act(Stage *stage, char who, ModerationAct act, char whom, Role role, int64_t until_ms,
               const char *text);
bool stage_gather_act(Stage *stage, char who, ModerationAct act, char whom, Role role,
                      const char *text);
void stage_topic(Stage *stage, char who, const char *text);
/* Submits this to the room. */
void stage_say_raw(Stage *stage, char who, uint32_t kind, const void *content, size_t length);
/* As stage_act() by 'R', with hub_post(): "", or what was wrong. Valid until the next call. */
const char *stage_post(Stage *stage, ModerationAct act, char whom, Role role, const char *text);
/* The last event of `who` was refused: what follows stands in its place. */
void stage_unsay(Stage *stage, char who);
/* In the room, or to `to`. */
void stage_typing(Stage *stage, char who, char to);
void stage_claim(Stage *stage, char who, const char *code);
/* hub_post() of a member's last event. */
const char *stage_post_last(Stage *stage, char who);
/* Lines of goodbyes, refusals, advice and welcomes tell more: texts, until when, when again. */
void stage_tell_more(Stage *stage);
/* What HubOutput.renamed was called with, so far. */
unsigned stage_renamed(Stage *stage);
/* Links come from here; NULL: nobody knows. */
void stage_set_address(Stage *stage, char who, const char *address);
/* Submits another event at the place of the last one in the public lane. */
void stage_fork(Stage *stage, char who, const char *text);
/* `who` submits the last event of `author`. */
void stage_steal(Stage *stage, char who, char author);
void stage_frame(Stage *stage, char who, const Wire__Frame *frame);
void stage_bytes(Stage *stage, char who, const uint8_t *bytes, size_t length);
/* The queue of this link takes so many more frames; negative: any number. */
void stage_set_room(Stage *stage, char who, int frames);
/* So much waits in it. */
void stage_set_queued(Stage *stage, char who, size_t bytes);
/* The next line that `who` got; "" when there is none. Valid until the next call. */
const char *stage_next(Stage *stage, char who);
