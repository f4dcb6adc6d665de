#pragma once
/* A relay program in reserve: another one that ranks before it serves the same place, and it is
 * linked there as a member without a person, holds everything that is said, and serves again when
 * the other is gone. Socket-free core; the shell (relay/server/standby.h) dials. One thread.
 *
 * Custody: it takes private events that wait for their readers too (relay/exchange.h). */

#include "relay/exchange.h"

typedef struct Follower Follower;

typedef struct {
    bool (*send)(GBytes *frame, void *user);
    /* The link makes no sense or the other said Goodbye: close it. `successor` (KEY_SIZE, may be
     * NULL): whom it named, `addresses` where. */
    void (*over)(const uint8_t *successor, char *const *addresses, void *user);
} FollowerOutput;

/* `log` must outlive it. `addresses`: where this relay would serve. Says Hello at once. */
Follower *follower_new(Log *log, char *const *addresses, const FollowerOutput *output, void *user,
                       int64_t now_us);
void follower_free(Follower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follower, follower_free)

/* One message without header. */
void follower_frame(Follower *follower, const uint8_t *message, size_t length, int64_t now_us);
/* Commits what came; at the end of each round. */
void follower_flush(Follower *follower, int64_t now_us);
void follower_tick(Follower *follower, int64_t now_us);
int64_t follower_deadline(const Follower *follower);
/* Admitted, and holds everything that the other named. */
bool follower_is_level(const Follower *follower);
/* Room time as the other said; 0: not known. */
int64_t follower_room_time_ms(const Follower *follower, int64_t now_us);
