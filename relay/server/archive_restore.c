/* Restoring, so that a kill at any moment leaves the old or the new data.
 *
 *   restore.part    the backup is being copied and checked: nothing was decided
 *   restore.ready   decided (by the rename to this name): what is there is being moved aside
 *   restore.moving  that is done: the new files are being moved in
 *
 * archive_finish() goes on from wherever it was. All of it happens below the data directory, which
 * may be a mount point or belong to a user who may not write beside it. */
#include "relay/identity.h"
#include "relay/server/archive_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART "restore.part"
#define READY "restore.ready"
#define MOVING "restore.moving"
#define ASIDE "before.part" /* being filled */

/* What belongs to the place: names that begin so. Keys that the configuration names stay. */
static bool is_data(const char *name)
{
    for (const char *const *file = archive_files; *file != NULL; file++) {
        if (g_str_has_prefix(name, *file))
            return true;
    }
    return false;
}

static bool has_data(const char *data_dir)
{
    for (const char *const *file = archive_files; *file != NULL; file++) {
        g_autofree char *path = g_build_filename(data_dir, *file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return true;
    }
    return false;
}

static bool exists(const char *data_dir, const char *name)
{
    g_autofree char *path = g_build_filename(data_dir, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean move(const char *from_dir, const char *from, const char *to_dir, const char *to,
                     GError **error)
{
    g_autofree char *old = g_build_filename(from_dir, from, NULL);
    g_autofree char *new = g_build_filename(to_dir, to, NULL);
    return g_rename(old, new) == 0 || archive_fail(error, "cannot move", old);
}

/* All names of a directory first: it changes while they are moved. */
static GPtrArray *list(const char *directory, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, error);
    GPtrArray *names = dir != NULL ? g_ptr_array_new_with_free_func(g_free) : NULL;
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    return names;
}

static gboolean move_all(const char *from, const char *to, bool data_only, GError **error)
{
    g_autoptr(GPtrArray) names = list(from, error);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if ((!data_only || is_data(name)) && !move(from, name, to, name, error))
            return FALSE;
    }
    return names != NULL;
}

/* Root restores for the user whose directory it is. */
static gboolean hand_over(const char *path, const char *data_dir, GError **error)
{
    GStatBuf owner;
    if (geteuid() != 0)
        return TRUE;
    if (g_stat(data_dir, &owner) != 0 || lchown(path, owner.st_uid, owner.st_gid) != 0)
        return archive_fail(error, "cannot give away", path);
    return TRUE;
}

/* --- after the decision --- */

static char *aside_name(const char *data_dir)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *date = g_date_time_format(now, "before-%Y-%m-%d");
    char *name = g_strdup(date);
    for (unsigned n = 2; exists(data_dir, name); n++) {
        g_free(name);
        name = g_strdup_printf("%s-%u", date, n);
    }
    return name;
}

static gboolean move_aside_all(const char *data_dir, char **aside, GError **error)
{
    g_autofree char *part = g_build_filename(data_dir, ASIDE, NULL);
    if (has_data(data_dir) &&
        ((g_mkdir(part, 0700) != 0 && errno != EEXIST &&
          !archive_fail(error, "cannot make", part)) ||
         !hand_over(part, data_dir, error) || !move_all(data_dir, part, true, error) ||
         !archive_sync_directory(part, error)))
        return FALSE;
    if (exists(data_dir, ASIDE)) {
        g_autofree char *name = aside_name(data_dir);
        if (!move(data_dir, ASIDE, data_dir, name, error))
            return FALSE;
        *aside = g_build_filename(data_dir, name, NULL);
    }
    return archive_sync_directory(data_dir, error) &&
           move(data_dir, READY, data_dir, MOVING, error) &&
           archive_sync_directory(data_dir, error);
}

static gboolean move_in(const char *data_dir, GError **error)
{
    g_autofree char *moving = g_build_filename(data_dir, MOVING, NULL);
    if (!move_all(moving, data_dir, false, error) || !archive_sync_directory(data_dir, error))
        return FALSE;
    return g_rmdir(moving) == 0 || archive_fail(error, "cannot remove", moving);
}

/* With the lock. */
static gboolean finish(const char *data_dir, char **aside, GError **error)
{
    g_autofree char *moved = NULL;
    if (exists(data_dir, READY) && !move_aside_all(data_dir, &moved, error))
        return FALSE;
    if (exists(data_dir, MOVING) && !move_in(data_dir, error))
        return FALSE;
    *aside = g_steal_pointer(&moved);
    return TRUE;
}

static bool is_pending(const char *data_dir)
{
    return exists(data_dir, READY) || exists(data_dir, MOVING);
}

gboolean archive_finish(const char *data_dir, bool *finished, char **aside, GError **error)
{
    *finished = false;
    *aside = NULL;
    if (!is_pending(data_dir))
        return TRUE;
    int lock = log_lock(data_dir, error);
    *finished = lock >= 0 && finish(data_dir, aside, error);
    if (lock >= 0)
        close(lock);
    if (!*finished)
        g_prefix_error(error, "A restored backup could not be put in place: ");
    return *finished;
}

/* --- before the decision --- */

/* Without an error when the backup has no such file and need not. */
static gboolean stage_file(const char *directory, const char *part, const char *name,
                           const char *expected, GError **error)
{
    g_autofree char *from = g_build_filename(directory, name, NULL);
    g_autofree char *to = g_build_filename(part, name, NULL);
    uint8_t hash[ARCHIVE_HASH_SIZE];
    char hex[2 * ARCHIVE_HASH_SIZE + 1];
    if (!archive_copy(from, to, hash, error))
        return FALSE;
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    if (g_ascii_strcasecmp(hex, expected) == 0)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                "%s is not as it was when the backup was made: it is damaged", from);
    return FALSE;
}

static gboolean stage_files(const char *directory, const char *part, GError **error)
{
    g_autofree char *path = g_build_filename(directory, ARCHIVE_MANIFEST, NULL);
    g_autoptr(GKeyFile) manifest = g_key_file_new();
    if (!g_key_file_load_from_file(manifest, path, G_KEY_FILE_NONE, error))
        return FALSE;
    for (unsigned i = 0; archive_files[i] != NULL; i++) {
        const char *name = archive_files[i];
        g_autofree char *hash = g_key_file_get_string(manifest, "sha256", name, NULL);
        if (hash != NULL && !stage_file(directory, part, name, hash, error))
            return FALSE;
        if (hash == NULL && i < 2) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s has no %s", directory,
                        name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_staged(const char *part, ArchiveFacts *facts, GError **error)
{
    g_autofree char *log = g_build_filename(part, archive_files[0], NULL);
    g_autofree char *key = g_build_filename(part, archive_files[1], NULL);
    LogFacts found;
    g_autoptr(Identity) identity = identity_open(key, error);
    if (identity == NULL || !log_backup_check(log, &found, error))
        return FALSE;
    if (memcmp(found.place, facts->log.place, PLACE_SIZE) != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "its log is of another place than its " ARCHIVE_MANIFEST " says");
        return FALSE;
    }
    facts->log = found;
    return TRUE;
}

static gboolean give_staged(const char *part, const char *data_dir, GError **error)
{
    g_autoptr(GPtrArray) names = list(part, error);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(part, g_ptr_array_index(names, i), NULL);
        if (!hand_over(path, data_dir, error))
            return FALSE;
    }
    return names != NULL && hand_over(part, data_dir, error) &&
           archive_sync_directory(part, error) && archive_sync_directory(data_dir, error);
}

static gboolean stage(const char *directory, const char *data_dir, ArchiveFacts *facts,
                      GError **error)
{
    g_autofree char *part = g_build_filename(data_dir, PART, NULL);
    archive_remove_part(part);
    if (g_mkdir(part, 0700) != 0)
        return archive_fail(error, "cannot make", part);
    if (stage_files(directory, part, error) && check_staged(part, facts, error) &&
        give_staged(part, data_dir, error) && move(data_dir, PART, data_dir, READY, error))
        return TRUE;
    archive_remove_part(part);
    return FALSE;
}

/* With the lock. */
static gboolean restore(const char *directory, const char *data_dir, bool move_aside,
                        ArchiveFacts *facts, char **aside, GError **error)
{
    /* An earlier one comes first. */
    if (!finish(data_dir, aside, error))
        return FALSE;
    g_clear_pointer(aside, g_free);
    if (has_data(data_dir) && !move_aside) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s keeps a place already", data_dir);
        return FALSE;
    }
    return stage(directory, data_dir, facts, error) && archive_sync_directory(data_dir, error) &&
           finish(data_dir, aside, error);
}

gboolean archive_restore(const char *directory, const char *data_dir, bool move_aside,
                         ArchiveFacts *facts, char **aside, GError **error)
{
    g_auto(ArchiveFacts) found = {0};
    *aside = NULL;
    if (!archive_look(directory, &found, error))
        return FALSE;
    if (g_mkdir_with_parents(data_dir, 0700) != 0)
        return archive_fail(error, "cannot make", data_dir);
    g_autofree char *lock_path = g_build_filename(data_dir, "log.lock", NULL);
    int lock = log_lock(data_dir, error);
    gboolean done = lock >= 0 && hand_over(lock_path, data_dir, error) &&
                    restore(directory, data_dir, move_aside, &found, aside, error);
    if (lock >= 0)
        close(lock);
    if (!done)
        return FALSE;
    *facts = found;
    found = (ArchiveFacts){0};
    return TRUE;
}
