#include "discovery/txt.h"
#include "relay/server/archive_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define README "README.txt"
#define FORM 1 /* of the manifest */
#define MANIFEST_BYTES (64 * 1024)

const char *const archive_files[] = {"log.db", "identity.key", "place.ini", "banned-addresses",
                                     NULL};

static const char readme[] =
    "This is a backup of the Backfence relay of one place.\n"
    "\n"
    "To restore it, on the machine that is to keep the place:\n"
    "\n"
    "    sudo systemctl stop backfence-relay\n"
    "    sudo backfence-relay restore --data /var/lib/backfence-relay THIS-DIRECTORY\n"
    "    sudo systemctl start backfence-relay\n"
    "\n"
    "Everything is checked before anything is touched. What was said after the backup comes back\n"
    "from the members' own logs. Keep this directory to yourself: who has identity.key can pose "
    "as\n"
    "the relay. The relay's configuration (/etc/backfence/relay.conf) is not in it, nor are the\n"
    "files of keys or of a passphrase that it names.\n";

void archive_facts_clear(ArchiveFacts *facts)
{
    g_clear_pointer(&facts->name, g_free);
    g_clear_pointer(&facts->made, g_free);
}

/* --- where --- */

/* What a shell takes without quotes. */
static char *plain_name(const char *place_name)
{
    g_autofree char *ascii = g_str_to_ascii(place_name, "C");
    GString *plain = g_string_new("backfence");
    for (const char *at = ascii; *at != '\0'; at++) {
        if (g_ascii_isalnum(*at)) {
            if (at == ascii || !g_ascii_isalnum(at[-1]))
                g_string_append_c(plain, '-');
            g_string_append_c(plain, *at);
        }
    }
    return g_string_free(plain, FALSE);
}

char *archive_target(const char *wish, const char *place_name)
{
    g_autofree char *folder = g_canonicalize_filename(wish != NULL ? wish : ".", NULL);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&folder);
    g_autofree char *plain = plain_name(place_name);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *date = g_date_time_format(now, "%Y-%m-%d");
    g_autofree char *name = g_strdup_printf("%s-%s", plain, date);
    char *path = g_build_filename(folder, name, NULL);
    for (unsigned n = 2; g_file_test(path, G_FILE_TEST_EXISTS); n++) {
        g_free(path);
        path = g_strdup_printf("%s/%s-%u", folder, name, n);
    }
    return path;
}

/* --- writing --- */

/* The copy is moved when it lies on the same disk. */
static gboolean take_copy(const char *copy, const char *to, GError **error)
{
    uint8_t unused[ARCHIVE_HASH_SIZE];
    if (g_rename(copy, to) == 0) {
        if (geteuid() == 0 && chown(to, 0, 0) != 0)
            return archive_fail(error, "cannot take over", to);
        return TRUE;
    }
    if (errno != EXDEV && errno != EPERM && errno != EACCES)
        return archive_fail(error, "cannot move", copy);
    if (!archive_copy(copy, to, unused, error))
        return FALSE;
    g_unlink(copy);
    return TRUE;
}

static gboolean copy_small(const char *data_dir, const char *part, GError **error)
{
    for (unsigned i = 1; archive_files[i] != NULL; i++) {
        g_autofree char *from = g_build_filename(data_dir, archive_files[i], NULL);
        g_autofree char *to = g_build_filename(part, archive_files[i], NULL);
        uint8_t unused[ARCHIVE_HASH_SIZE];
        if (i > 1 && !g_file_test(from, G_FILE_TEST_EXISTS))
            continue;
        if (!archive_copy(from, to, unused, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_text(const char *part, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(part, name, NULL);
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static gboolean write_manifest(const char *part, const ArchiveFacts *facts, GError **error)
{
    g_autoptr(GKeyFile) manifest = g_key_file_new();
    g_autofree char *place = txt_hex(facts->log.place, PLACE_SIZE);
    g_key_file_set_integer(manifest, "backup", "form", FORM);
    g_key_file_set_string(manifest, "backup", "made", facts->made);
    g_key_file_set_string(manifest, "backup", "by", "backfence-relay " BACKFENCE_VERSION);
    g_key_file_set_string(manifest, "backup", "name", facts->name);
    g_key_file_set_string(manifest, "backup", "place", place);
    g_key_file_set_integer(manifest, "backup", "log-form", facts->log.version);
    g_key_file_set_uint64(manifest, "backup", "head", facts->log.head);
    g_key_file_set_uint64(manifest, "backup", "events", facts->log.events);
    g_key_file_set_uint64(manifest, "backup", "damaged", facts->log.damaged);
    for (const char *const *name = archive_files; *name != NULL; name++) {
        g_autofree char *path = g_build_filename(part, *name, NULL);
        uint8_t hash[ARCHIVE_HASH_SIZE];
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        if (!archive_copy(path, NULL, hash, error))
            return FALSE;
        g_autofree char *hex = txt_hex(hash, sizeof hash);
        g_key_file_set_string(manifest, "sha256", *name, hex);
    }
    g_autofree char *text = g_key_file_to_data(manifest, NULL, NULL);
    return write_text(part, ARCHIVE_MANIFEST, text, error);
}

static gboolean fill(const char *data_dir, const char *copy, const char *part, ArchiveFacts *facts,
                     GError **error)
{
    g_autofree char *log = g_build_filename(part, archive_files[0], NULL);
    if (!log_backup_settle(copy, &facts->log, error) || !copy_small(data_dir, part, error) ||
        !write_text(part, README, readme, error) || !take_copy(copy, log, error) ||
        !write_manifest(part, facts, error))
        return FALSE;
    return archive_sync_directory(part, error);
}

/* Never over something else. */
static gboolean give_name(const char *part, const char *target, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(target);
    int result = renameat2(AT_FDCWD, part, AT_FDCWD, target, RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL && !g_file_test(target, G_FILE_TEST_EXISTS))
        result = g_rename(part, target); /* this disk cannot promise that */
    if (result != 0)
        return archive_fail(error, "cannot make", target);
    return archive_sync_directory(folder, error);
}

gboolean archive_write(const char *data_dir, const char *copy, const char *target,
                       const char *place_name, ArchiveFacts *facts, GError **error)
{
    g_autofree char *part = g_strconcat(target, ".part", NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_auto(ArchiveFacts)
        made = {.name = g_strdup(place_name), .made = g_date_time_format_iso8601(now)};
    if (g_file_test(target, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is there already", target);
        return FALSE;
    }
    archive_remove_part(part); /* of one that was killed */
    if (g_mkdir(part, 0700) != 0)
        return archive_fail(error, "cannot make", part);
    if (!fill(data_dir, copy, part, &made, error) || !give_name(part, target, error)) {
        archive_remove_part(part);
        return FALSE;
    }
    *facts = made;
    made = (ArchiveFacts){0};
    return TRUE;
}

/* --- reading --- */

static gboolean not_a_backup(const char *directory, GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                "%s is no backup of a relay, or its " ARCHIVE_MANIFEST " is damaged", directory);
    return FALSE;
}

gboolean archive_look(const char *directory, ArchiveFacts *facts, GError **error)
{
    g_autofree char *path = g_build_filename(directory, ARCHIVE_MANIFEST, NULL);
    g_autoptr(GKeyFile) manifest = g_key_file_new();
    GStatBuf info;
    if (g_stat(path, &info) != 0 || info.st_size > MANIFEST_BYTES ||
        !g_key_file_load_from_file(manifest, path, G_KEY_FILE_NONE, NULL))
        return not_a_backup(directory, error);
    int form = g_key_file_get_integer(manifest, "backup", "form", NULL);
    if (form > FORM) {
        g_set_error(error, LOG_ERROR, LOG_ERROR_NEWER,
                    "%s was made by a newer version of Backfence: restore it with that", directory);
        return FALSE;
    }
    g_autofree char *place = g_key_file_get_string(manifest, "backup", "place", NULL);
    g_auto(ArchiveFacts)
        found = {.name = g_key_file_get_string(manifest, "backup", "name", NULL),
                 .made = g_key_file_get_string(manifest, "backup", "made", NULL),
                 .log = {.version = g_key_file_get_integer(manifest, "backup", "log-form", NULL),
                         .head = g_key_file_get_uint64(manifest, "backup", "head", NULL),
                         .events = g_key_file_get_uint64(manifest, "backup", "events", NULL),
                         .damaged = g_key_file_get_uint64(manifest, "backup", "damaged", NULL)}};
    if (form < 1 || found.name == NULL || found.made == NULL || place == NULL ||
        !txt_unhex(place, strlen(place), found.log.place, PLACE_SIZE))
        return not_a_backup(directory, error);
    *facts = found;
    found = (ArchiveFacts){0};
    return TRUE;
}
