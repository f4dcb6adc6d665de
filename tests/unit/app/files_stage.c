#include "tests/unit/app/files_stage.h"

#include "app/files/disk.h"

#include <check.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include <xxhash.h>

char *stage_dir;
const uint8_t stage_transfer[TRANSFER_SIZE] = {0xa1, 0xb2, 0xc3, 0xd4, 5};
uint64_t stage_large;

void stage_setup(void)
{
    stage_dir = g_dir_make_tmp("backfence-files-XXXXXX", NULL);
    stage_folder("into");
}

bool stage_mount(const char *kind)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    g_autofree char *into = stage_path("into");
    if (strcmp(kind, "ext4") != 0)
        return mount("none", into, kind, 0, NULL) == 0;
    g_autofree char *mounted = stage_ask("truncate -s 96M image && mkfs.ext4 -qF image 2>/dev/null"
                                         " && mount -o loop image into 2>/dev/null &&"
                                         " rmdir into/lost+found && echo yes");
    return strcmp(mounted, "yes") == 0;
}

void stage_unmount(void)
{
    g_autofree char *into = stage_path("into");
    umount2(into, MNT_DETACH);
}

void stage_teardown(void)
{
    stage_run("cd / && chmod -R u+rwX \"$OLDPWD\" && rm -rf \"$OLDPWD\"");
    g_clear_pointer(&stage_dir, g_free);
}

char *stage_path(const char *path)
{
    return g_build_filename(stage_dir, path, NULL);
}

void stage_folder(const char *path)
{
    g_autofree char *whole = stage_path(path);
    ck_assert_int_eq(g_mkdir_with_parents(whole, 0755), 0);
}

void stage_file(const char *path, size_t size, unsigned seed)
{
    g_autofree char *whole = stage_path(path);
    g_autofree char *folder = g_path_get_dirname(whole);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
    g_autofree char *bytes = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)((i * 31 + i / 4096 + seed) * 2654435761u >> 24);
    ck_assert(
        g_file_set_contents_full(whole, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

static char *in_stage(const char *command)
{
    g_autofree char *quoted = g_shell_quote(stage_dir);
    g_autofree char *script = g_strdup_printf("cd %s && { %s\n}", quoted, command);
    g_autofree char *argument = g_shell_quote(script);
    return g_strdup_printf("sh -c %s", argument);
}

void stage_run(const char *command)
{
    int status = 0;
    g_autofree char *line = in_stage(command);
    ck_assert(g_spawn_command_line_sync(line, NULL, NULL, &status, NULL));
    ck_assert_msg(status == 0, "%s: %d", command, status);
}

char *stage_ask(const char *command)
{
    int status = 0;
    char *out = NULL;
    g_autofree char *line = in_stage(command);
    ck_assert(g_spawn_command_line_sync(line, &out, NULL, &status, NULL));
    return g_strchomp(out);
}

void stage_expect_nothing(const char *command)
{
    g_autofree char *printed = stage_ask(command);
    ck_assert_str_eq(printed, "");
}

void stage_expect_ok(const GError *error)
{
    if (error != NULL)
        ck_abort_msg("%s", error->message);
}

Listing *stage_list(const char *const *paths, Offer **offer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) whole = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; paths[i] != NULL; i++)
        g_ptr_array_add(whole, stage_path(paths[i]));
    g_ptr_array_add(whole, NULL);
    g_autofree char *directory = stage_path("offer");
    Listing *listing =
        listing_make((const char *const *)whole->pdata, directory, NULL, offer, &error);
    ck_assert_msg(listing != NULL, "%s", error != NULL ? error->message : "");
    return listing;
}

Listing *stage_list_one(const char *path)
{
    g_autoptr(Offer) offer = NULL;
    const char *const paths[] = {path, NULL};
    return stage_list(paths, &offer);
}

Landing *stage_open(const Listing *listing, GError **error)
{
    g_autofree char *into = stage_path("into"), *state = stage_path("state");
    LandingConfig config = {.state_dir = state,
                            .into = into,
                            .transfer = stage_transfer,
                            .manifest = (Manifest *)listing_manifest(listing),
                            .large = stage_large};
    return landing_open(&config, error);
}

LandingResult stage_send_chunk(const Listing *listing, Landing *landing, LandingPoint point,
                               bool spoilt, GError **error)
{
    _Alignas(DISK_BLOCK) static uint8_t bytes[CHUNK_SIZE];
    XXH128_canonical_t sum;
    int file = -1;
    const ManifestEntry *entry = manifest_entry(listing_manifest(listing), point.file);
    size_t length = manifest_chunk_length(entry, point.chunk);
    ck_assert_int_eq(listing_open_source(listing, point.file, &file), SOURCE_OK);
    ck_assert_int_eq(pread(file, bytes, length, (off_t)(point.chunk * CHUNK_SIZE)),
                     (ssize_t)length);
    close(file);
    XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes, length));
    if (spoilt && length > 0)
        bytes[length - 1] ^= 1;
    return landing_write(landing, point, bytes, length, (const uint8_t *)&sum, error);
}

int stage_send(const Listing *listing, Landing *landing, unsigned max, GError **error)
{
    unsigned sent = 0;
    for (; sent < max; sent++) {
        LandingPoint point = landing_next(landing);
        if (landing_holes(landing)->len > 0)
            point = g_array_index(landing_holes(landing), LandingPoint, 0);
        else if (point.file >= manifest_count(listing_manifest(listing)))
            break;
        if (stage_send_chunk(listing, landing, point, false, error) != LANDING_OK)
            return -1;
    }
    return (int)sent;
}

void stage_transfer_all(const Listing *listing)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Landing) landing = stage_open(listing, &error);
    bool good = landing != NULL && stage_send(listing, landing, G_MAXUINT, &error) >= 0 &&
                landing_finish(landing, &error);
    ck_assert_msg(good, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(landing_bytes(landing),
                      manifest_wanted_bytes(listing_manifest(listing), NULL));
}
