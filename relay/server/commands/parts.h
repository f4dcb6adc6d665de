#pragma once
/* What commands share. */

#include "relay/server/command.h"
#include "relay/server/people.h"
#include "relay/server/service.h"

/* The core; NULL when another relay program serves, and then the reply is over. */
Hub *parts_hub(Service *service, CommandReply *reply);
/* The whole key in hex. */
void parts_set_key(JsonObject *object, const char *name, const uint8_t *key);
/* Everybody whom the hub knows of, and whom anything is in force against. Transfer full. */
People *parts_people(const Hub *hub);
/* As typed, made valid: in one line, "" when nothing is left. Transfer full. */
char *parts_one_line(const char *typed);

/* The one whom a command concerns. */
typedef struct {
    Hub *hub;
    People *people; /* owned */
    uint8_t key[KEY_SIZE];
    char *called; /* owned; as people_call() */
} Target;

/* False: the reply is over. `target` is to be cleared in any case. */
bool target_find(Target *target, Service *service, const char *words, CommandReply *reply);
void target_clear(Target *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

/* Reads `[DURATION] [WHY…]` into `what`. False: the reply is over. */
bool parts_read_end(Hub *hub, char *const *words, ModerationContent *what, CommandReply *reply);
/* Acts in the relay's name, on `target` when it is not NULL. False: the reply is over. */
bool parts_act(Service *service, const Target *target, ModerationContent *what,
               CommandReply *reply);
/* The answer about what was done; transfer full. `target` may be NULL. */
JsonObject *parts_tell(Service *service, const Target *target, const ModerationContent *what);
/* show() of answers whose "text" says it all. */
void parts_show(JsonObject *answer);
