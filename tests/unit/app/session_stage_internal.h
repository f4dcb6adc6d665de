#pragma once
/* What the files of the stage share. */

#include "relay/content.h"
#include "relay/entries.h"
#include "tests/unit/app/session_stage.h"

#include <string.h>

#define FIRST_MS INT64_C(1700000000000)
#define PEOPLE 26

/* Somebody who signs: its feed goes on from here. */
typedef struct {
    Identity *identity;
    Keyring *keyring;
    uint64_t seq[2];
    uint8_t hash[2][HASH_SIZE];
} Actor;

struct SessionStage {
    Session *session;
    Store *store;
    void (*listener)(const SessionEvent *event, void *user); /* may be NULL */
    void *listener_user;
    Actor actors[PEOPLE];
    GArray *candidates; /* SessionCandidate */
    bool settled;
    uint64_t dialled;
    int64_t now_us;
    uint64_t random;
    uint64_t position;
    GPtrArray *made;      /* Event: for the next page or delivery */
    GArray *made_at;      /* uint64_t: their positions */
    Event *taken[2];      /* the session's newest that is stored, by lane; owned */
    GPtrArray *submitted; /* Event: not answered */
    uint32_t request;     /* newest Fetch */
    uint32_t wanted;      /* newest Want */
    uint64_t wanted_first;
    int64_t age_ms; /* events are made so much older */
    uint64_t nonce; /* newest Ping */
    Arena *arena;
    GQueue lines;
    char *line;
};

extern const uint8_t session_stage_places[2][PLACE_SIZE];

Actor *session_stage_actor(SessionStage *stage, char who);
/* The wall clock of session and relay. */
int64_t session_stage_wall_ms(void *stage);
/* A word is among the traits. */
bool session_stage_has(const char *traits, const char *word);
void session_stage_tell(SessionStage *stage, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The room when `to` is '\0'. */
ConversationId session_stage_with(SessionStage *stage, char to);
void session_stage_tell_signal(SessionStage *stage, const Wire__Signal *signal);
void session_stage_give(SessionStage *stage, Wire__Frame__BodyCase body, void *message);
/* An event of `who` to the room, or to `to`, for the next page or delivery. */
void session_stage_keep(SessionStage *stage, char who, char to, uint32_t kind, GBytes *content);
/* Heads, Want, Give, Settled. */
void session_stage_tell_exchange(SessionStage *stage, const Wire__Frame *frame);
