#pragma once
/* Whole places in one process on a virtual clock: real sessions, hubs and followers on real SQLite
 * files, three to twenty of them, joined by a network that delays, cuts and forgets, and by
 * announcements that come late, stay too long or never come. Everything follows from the seed. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct World World;

/* `directory` is empty and the caller's; nodes keep their files below it. One world at a time:
 * libsodium's random numbers are the world's while it lives. */
World *world_new(uint64_t seed, const char *directory);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* People talk while things go wrong, for a random number of steps. */
void world_live(World *world);
/* From now on frames are altered on the way. Nothing is promised then but that nobody breaks. */
void world_set_hostile(World *world);
/* Prints what happens from now on. */
void world_set_tracing(World *world);
/* Everything is put right, and all is awaited; then, sometimes, one more node goes, and that is
 * awaited too. False when it does not come to rest within minutes of virtual time; `why` says what
 * is missing. */
bool world_heal(World *world, char **why);
/* What DESIGN promises of the log: all hold the same and show it in the same order, what was shown
 * as sent is there once, directs reached their reader and nobody else, one node carries the place,
 * and all know who is here. False with `why`. */
bool world_check(World *world, char **why);

/* For the summary. */
unsigned world_messages(const World *world);
unsigned world_nodes(const World *world);
int64_t world_healing_us(const World *world); /* virtual time until all was well again */
