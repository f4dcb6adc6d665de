#pragma once
/* What the files of the party share. */

#include "relay/frame.h"
#include "relay/hub.h"
#include "tests/unit/app/party.h"

#include <string.h>

#define DELAY_US 1500
#define NOBODY '-'

typedef struct PartyNode PartyNode;

/* One connection. */
typedef struct {
    PartyNode *member, *relay;
    HubLink *hub_link;
} Pipe;

struct PartyNode {
    Party *party;
    char who;
    Identity *identity;
    Keyring *keyring;
    Store *store;
    Session *session;
    Log *relay_log; /* of a relay program */
    Hub *hub;
    char *address;
    char *list[2]; /* the same, NULL-terminated */
    bool relay_program, liar, pulled, asleep, unable;
    unsigned network, half;
    bool remembers[PARTY_NODES];
    char typed;    /* whom it typed, or 0 */
    Pipe *pipe;    /* its link */
    Pipe *fresh;   /* dialled beside it */
    unsigned dial; /* counts */
    uint64_t random;
    unsigned served;
    GPtrArray *lines; /* char* */
    void (*listener)(const SessionEvent *event, void *user);
    void *listens;
};

typedef enum {
    STEP_DIAL,
    STEP_TO_RELAY,
    STEP_TO_MEMBER,
    STEP_CLOSE_RELAY,
    STEP_CLOSE_MEMBER,
    STEP_SEEN,
} StepKind;

typedef struct {
    StepKind kind;
    int64_t due_us;
    PartyNode *node;
    Pipe *pipe;
    uint64_t candidate;
    unsigned dial;
    GBytes *frame;
} PartyStep;

struct Party {
    int64_t now_us;
    PartyNode nodes[PARTY_NODES];
    GQueue steps; /* PartyStep, rising, for all take the same time */
    GPtrArray *pipes;
    bool deaf;
    char *directory; /* of the logs */
    char *why;       /* of the last refusal */
    uint64_t signed_events;
    unsigned frames; /* sent by anybody */
};

/* Nothing passes between them now. */
bool party_is_cut(const PartyNode *a, const PartyNode *b);
PartyNode *party_node(Party *party, char who);
void party_step(Party *party, PartyStep step);
void party_tell_seen(PartyNode *node);
/* The session's outputs; its candidates are numbered from 1, typed ones from 101. */
extern const SessionOutput party_output;
void party_hub_start(PartyNode *node, Log *log, int64_t room_time_ms);
void party_hub_end(PartyNode *node);
int64_t party_wall_ms(void *node);
/* HubOutput.claim */
char *party_take_claim(const uint8_t *key, const char *code, void *node);
