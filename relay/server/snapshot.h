#pragma once
/* A copy of the running relay's log, made a little at a time between its other work: each piece
 * takes about a millisecond, and one comes every few. The caller of `backup` or `export` takes the
 * copy from there, in a process of its own. Default GMainContext. */

#include "relay/log.h"

typedef struct Snapshot Snapshot;

/* `path`: the copy, now its caller's, or NULL with an error. Called once, from the main context or
 * from snapshot_free(). The snapshot may be freed from inside it. */
typedef void (*SnapshotDone)(const char *path, const GError *error, void *user);

/* Begins a file of its own in `directory`, and removes those that nobody took since yesterday. NULL
 * with an error, and `done` is not called, when it cannot: LOG_ERROR_LOCKED when one is being made
 * already. */
Snapshot *snapshot_new(Log *log, const char *directory, SnapshotDone done, void *user,
                       GError **error);
/* Gives it up if it is not done. Before the log is closed. */
void snapshot_free(Snapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_free)

/* The longest piece so far, µs. */
int64_t snapshot_longest_us(const Snapshot *snapshot);
