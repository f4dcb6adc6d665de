#pragma once
/* A whole place in one process on a virtual clock: a real hub and real sessions on real SQLite
 * files, joined by a network that delays, cuts and forgets. Everything follows from the seed. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct World World;

/* `directory` is empty and the caller's; nodes keep their files below it. */
World *world_new(uint64_t seed, const char *directory);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* People talk while things go wrong, for a random number of steps. */
void world_live(World *world);
/* From now on frames to members are altered on the way. Nothing is promised then but that no member
 * breaks. */
void world_set_hostile(World *world);
/* Prints what happens from now on. */
void world_set_tracing(World *world);
/* Everything is put right, and all is awaited. False when it does not come to rest in five minutes
 * of virtual time; `why` says what is missing. */
bool world_heal(World *world, char **why);
/* What DESIGN promises of the log: what was shown as sent is there once and everywhere in one
 * order, nothing is there twice, directs reached their reader and nobody else. False with `why`. */
bool world_check(World *world, char **why);
/* Messages said and stored, for the summary. */
unsigned world_messages(const World *world);
