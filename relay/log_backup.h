#pragma once
/* Copies of a log: made while it is in use, checked, and read. */

#include "relay/log.h"

typedef struct LogBackup LogBackup;

typedef enum {
    LOG_BACKUP_MORE,
    LOG_BACKUP_WAITS, /* a group is open: again after the next commit */
    LOG_BACKUP_DONE,  /* the copy is written, but neither checked nor sure to be on the disk */
    LOG_BACKUP_FAILED,
} LogBackupStep;

/* The copy is the log as it is at its last step; between the steps it is used as always. `path`
 * must not exist. One at a time: else LOG_ERROR_LOCKED. */
LogBackup *log_backup_begin(Log *log, const char *path, GError **error);
/* Copies at most `pages` pages of 4 KiB (-1: all), about 10 µs each. */
LogBackupStep log_backup_step(LogBackup *backup, int pages, GError **error);
/* 0 to 1. */
double log_backup_progress(const LogBackup *backup);
/* Removes the file unless the copy was done. May outlive the log. */
void log_backup_free(LogBackup *backup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LogBackup, log_backup_free)

/* What a copy holds. */
typedef struct {
    uint8_t place[PLACE_SIZE];
    uint8_t log[PLACE_SIZE]; /* log_id() */
    int version;             /* of its schema */
    uint64_t head;           /* newest position */
    uint64_t events;         /* whose bodies are here */
    uint64_t damaged;        /* of them: do not fit their hashes, in the log itself already */
} LogFacts;

/* Makes the copy one plain file that is on the disk, and checks it: SQLite's check of the whole
 * file, and each event's hash (a damaged event alone is no reason to fail). Works long (10 s a
 * million events); any thread, no other may use the file. */
gboolean log_backup_settle(const char *path, LogFacts *facts, GError **error);
/* The check alone: nothing is written, older schemas stay as they are, newer ones are
 * LOG_ERROR_NEWER. */
gboolean log_backup_check(const char *path, LogFacts *facts, GError **error);
/* The copy as a log to be read, which must be of this program's schema; nothing may be appended. */
Log *log_open_copy(const char *path, GError **error);
/* The schema that log_open() makes of older ones. */
int log_version(void);
