#pragma once
/* A backup of a relay: a directory that a person can look into and move about.
 *
 *   log.db            the log, one SQLite file
 *   identity.key      the relay's secret key: who has it can pose as the relay
 *   place.ini         which place it keeps
 *   banned-addresses  when there are any
 *   MANIFEST          when and of what it was made, and the SHA-256 of each file
 *   README.txt        how to restore it
 *
 * Written to NAME.part, checked, brought to the disk and renamed: what has its name is whole. All
 * of this works in the caller's process and waits for the disk; the running relay only gives the
 * copy of its log (relay/server/snapshot.h). */

#include "relay/log_backup.h"

#include <stdbool.h>

typedef struct {
    char *name; /* of the place; owned */
    char *made; /* ISO 8601; owned */
    LogFacts log;
} ArchiveFacts;
void archive_facts_clear(ArchiveFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ArchiveFacts, archive_facts_clear)

/* Where a backup of this place is written when `wish` is said: `wish`, or, when that is a directory
 * already (NULL: the current one), a new name in it made of place and date. Transfer full. */
char *archive_target(const char *wish, const char *place_name);
/* Makes `target`, which must not exist (G_IO_ERROR_EXISTS), of the small files of `data_dir` and of
 * `copy`, which a LogBackup wrote; `copy` is gone afterwards, or left when this fails. */
gboolean archive_write(const char *data_dir, const char *copy, const char *target,
                       const char *place_name, ArchiveFacts *facts, GError **error);

/* Looks at the manifest only. */
gboolean archive_look(const char *directory, ArchiveFacts *facts, GError **error);

/* Puts the backup in `directory` in place of what is in `data_dir`. No relay may run on it
 * (LOG_ERROR_LOCKED). Everything is copied beside the data and checked first; then one rename
 * decides, and whoever is killed after it finishes at the next start: archive_finish().
 *
 * Data that are there are moved into a directory below `data_dir`, whose path is `aside` (transfer
 * full, NULL: there were none), and never deleted; unless `move_aside` says so, they are
 * G_IO_ERROR_EXISTS. A backup by a newer version is LOG_ERROR_NEWER. */
gboolean archive_restore(const char *directory, const char *data_dir, bool move_aside,
                         ArchiveFacts *facts, char **aside, GError **error);
/* At each start, before anything is opened: finishes what a killed archive_restore() had decided,
 * `finished` tells so; `aside` as above. */
gboolean archive_finish(const char *data_dir, bool *finished, char **aside, GError **error);
