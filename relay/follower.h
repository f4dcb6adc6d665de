#pragma once
/* A relay program in reserve: another one that ranks before it serves the same place, and it is
 * linked there as a member without a person, holds everything that is said, and serves again when
 * the other is gone. Socket-free core; the shell (relay/server/standby.h) dials. One thread.
 *
 * It reads by comparing feeds (relay/exchange.h) and never by positions, so nothing need be
 * remembered of the other's log: once after Welcome, whole, both ways, and again when what is
 * delivered leaves something out. Custody: private events that wait for their readers are taken
 * too. */

#include "relay/exchange.h"

typedef struct Follower Follower;

typedef enum {
    FOLLOWER_MOVED,   /* the other gave the place over */
    FOLLOWER_LEFT,    /* it shuts down */
    FOLLOWER_SILENT,  /* it does not answer any more */
    FOLLOWER_REFUSED, /* it did not admit this one, serves something else, or makes no sense */
} FollowerEnd;

/* Who serves when the other does not. */
typedef struct {
    uint8_t key[KEY_SIZE];
    bool relay_program;
    char **addresses; /* as they came; owned */
} FollowerSuccessor;

typedef struct {
    bool (*send)(GBytes *frame, void *user);
    /* ExchangeOutput.has_room; may be NULL. */
    bool (*has_room)(void *user);
    /* A relay program serves this place there and has admitted this one: whoever serves here gives
     * the place over before this returns. Nothing was written to the log until now. */
    void (*admitted)(void *user);
    /* cpace_answer() for this link, when the place is locked here: the other has to ask for it, and
     * to prove that it knows it, too. NULL: it is open, and whoever asks is not followed. */
    bool (*unlock)(const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected,
                   void *user);
    /* Close the link; nothing else is called any more. `successor` (KEY_SIZE, may be NULL): whom
     * it named, `addresses` (NULL-terminated, may be empty) where. Not to be freed from inside. */
    void (*over)(FollowerEnd why, const uint8_t *successor, char *const *addresses, void *user);
} FollowerOutput;

#define FOLLOWER_PING_US (2 * INT64_C(1000000))
#define FOLLOWER_SILENT_US (6 * INT64_C(1000000))

/* `log` must outlive it. `other` (KEY_SIZE): to whom the link is. `addresses` (NULL-terminated):
 * where this relay would serve. Says Hello at once. */
Follower *follower_new(Log *log, const uint8_t *other, char *const *addresses,
                       const FollowerOutput *output, void *user, int64_t now_us);
void follower_free(Follower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follower, follower_free)

/* One message without header. */
void follower_frame(Follower *follower, const uint8_t *message, size_t length, int64_t now_us);
/* Commits what came; at the end of each round. */
void follower_flush(Follower *follower, int64_t now_us);
void follower_tick(Follower *follower, int64_t now_us);
int64_t follower_deadline(const Follower *follower);
/* Says Goodbye; the link ends. */
void follower_leave(Follower *follower);

bool follower_is_admitted(const Follower *follower);
/* Admitted, and holds everything that the other named. */
bool follower_is_level(const Follower *follower);
/* The list told last, in its order; FollowerSuccessor*, owned by the follower. */
const GPtrArray *follower_successors(const Follower *follower);
/* Room time as the other said; 0: not known. */
int64_t follower_room_time_ms(const Follower *follower, int64_t now_us);
