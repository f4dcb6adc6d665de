#pragma once
/* A place on the disk for tests of files: things to offer in "from", a folder "into" to receive
 * into, and a sender that reads what a listing names and writes it into a landing. */

#include "app/files/landing.h"
#include "app/files/listing.h"

extern char *stage_dir;
extern const uint8_t stage_transfer[TRANSFER_SIZE];
/* LandingConfig.large; at first 0. */
extern uint64_t stage_large;

void stage_setup(void);
void stage_teardown(void);
/* Puts an empty file system of this kind ("ext4" of 96 MiB, "tmpfs", "ramfs") at "into", for this
 * process and its children alone; false where that is not possible. */
bool stage_mount(const char *kind);
void stage_unmount(void);
/* Below the stage; transfer full. */
char *stage_path(const char *path);
/* Makes a file of `size` bytes that differ with `seed`, and the folders that it needs. */
void stage_file(const char *path, size_t size, unsigned seed);
void stage_folder(const char *path);
/* Runs a shell command in the stage and expects it to succeed. */
void stage_run(const char *command);
/* What the command prints, without the last line break; transfer full. */
char *stage_ask(const char *command);
/* Expects a command that prints nothing, whatever its end. */
void stage_expect_nothing(const char *command);
void stage_expect_ok(const GError *error);

/* Lists paths below the stage (NULL-terminated), kept in "offer". */
Listing *stage_list(const char *const *paths, Offer **offer);
/* A listing of one path. */
Listing *stage_list_one(const char *path);
/* Opens the landing for a listing's manifest, in "into" and "state". */
Landing *stage_open(const Listing *listing, GError **error);
/* Sends everything that is missing, at most `max` chunks; the number sent, or -1 when it failed. */
int stage_send(const Listing *listing, Landing *landing, unsigned max, GError **error);
/* Sends one chunk as it is in the source, with its last byte changed when `spoilt`. */
LandingResult stage_send_chunk(const Listing *listing, Landing *landing, LandingPoint point,
                               bool spoilt, GError **error);
/* The whole way; aborts the test when something fails. */
void stage_transfer_all(const Listing *listing);
