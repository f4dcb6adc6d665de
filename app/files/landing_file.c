/* Making and opening files of a part. Folders are opened below the part's own descriptor, files
 * below their folder's, so that nobody can lead the way elsewhere by swapping names. */

#include "app/files/file_name.h"
#include "app/files/landing_internal.h"
#include "relay/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0666
#define FOLDER_MODE 0777
#define PART_ATTEMPTS 8
#define NAME_ATTEMPTS 8

void landing_close_files(Landing *landing)
{
    descriptor_close(&landing->file);
    descriptor_close(&landing->folder);
    descriptor_close(&landing->root);
}

static const ManifestEntry *entry_of(const Landing *landing, uint32_t index)
{
    return manifest_entry(landing->manifest, index);
}

static bool is_top(const Landing *landing, uint32_t index)
{
    return entry_of(landing, index)->parent == MANIFEST_TOP;
}

const char *landing_name_of(const Landing *landing, uint32_t index)
{
    return is_top(landing, index) ? landing->items[entry_of(landing, index)->item].part
                                  : landing->names[index];
}

/* The path of a folder below its part, "" for the part itself. */
static void append_path(const Landing *landing, uint32_t folder, GString *path)
{
    if (is_top(landing, folder))
        return;
    append_path(landing, entry_of(landing, folder)->parent, path);
    if (path->len > 0)
        g_string_append_c(path, '/');
    g_string_append(path, landing->names[folder]);
}

static bool open_root(Landing *landing, uint32_t item)
{
    if (landing->root >= 0 && landing->root_item == item)
        return true;
    descriptor_close(&landing->folder);
    descriptor_close(&landing->root);
    landing->root_item = item;
    landing->root = disk_open_beneath(landing->into_folder, landing->items[item].part,
                                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    return landing->root >= 0;
}

int landing_folder_of(Landing *landing, uint32_t index)
{
    const ManifestEntry *entry = entry_of(landing, index);
    if (entry->parent == MANIFEST_TOP)
        return landing->into_folder;
    if (!open_root(landing, entry->item))
        return -1;
    if (is_top(landing, entry->parent))
        return landing->root;
    if (landing->folder >= 0 && landing->folder_entry == entry->parent)
        return landing->folder;
    descriptor_close(&landing->folder);
    g_autoptr(GString) path = g_string_new(NULL);
    append_path(landing, entry->parent, path);
    landing->folder_entry = entry->parent;
    landing->folder = disk_open_beneath(landing->root, path->str, O_RDONLY | O_DIRECTORY, 0);
    return landing->folder;
}

/* --- making --- */

static int make(int folder, const char *name, bool is_folder)
{
    if (!is_folder) {
        int file = disk_open_beneath(folder, name, O_RDWR | O_CREAT | O_EXCL, FILE_MODE);
        if (file >= 0)
            process_share(file, FILE_MODE);
        return file;
    }
    if (mkdirat(folder, name, FOLDER_MODE) != 0)
        return -1;
    g_auto(Descriptor) made = disk_open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0);
    if (made >= 0)
        process_share(made, FOLDER_MODE);
    return 0;
}

static void remember_inode(Landing *landing, const struct stat *status)
{
    if (landing->inodes == NULL)
        return;
    gint64 *inode = g_new(gint64, 1);
    *inode = (gint64)status->st_ino;
    g_hash_table_add(landing->inodes, inode);
}

/* What bears the entry's name was made for this entry, at a time that the journal does not tell of.
 * In a part that was made just now nobody else has the name but another entry of ours. */
static bool is_leftover(Landing *landing, int folder, const char *name, bool is_folder)
{
    struct stat status;
    if (!landing->resumed || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    gint64 inode = (gint64)status.st_ino;
    if (g_hash_table_contains(landing->inodes, &inode))
        return false;
    return is_folder ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode) && status.st_nlink <= 1;
}

static int take_over(int folder, const char *name, bool is_folder)
{
    if (is_folder)
        return 0;
    g_auto(Descriptor) file = disk_open_beneath(folder, name, O_RDWR, 0);
    if (file < 0 || ftruncate(file, 0) != 0)
        return -1;
    int kept = file;
    file = -1;
    return kept;
}

/* Makes an entry inside a part, under another name when the file system has this one already. A
 * descriptor for a file, 0 for a folder, -1 with errno. */
static int make_entry(Landing *landing, int folder, uint32_t index, GError **error)
{
    bool is_folder = entry_of(landing, index)->folder;
    for (unsigned attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        const char *name = landing->names[index];
        int made = make(folder, name, is_folder);
        if (made < 0 && errno == EEXIST && is_leftover(landing, folder, name, is_folder))
            made = take_over(folder, name, is_folder);
        if (made >= 0)
            return made;
        if (errno != EEXIST)
            break;
        g_autofree char *other = file_name_numbered(name, 2 + attempt + (attempt > 2 ? index : 0));
        landing->names[index] = g_string_chunk_insert(landing->texts, other);
        if (!landing_note_file(landing, RECORD_NAME, index, other, error))
            return -1;
    }
    disk_set_error(error, errno, "Cannot make", entry_of(landing, index)->path);
    return -1;
}

static bool remember_name(Landing *landing, int folder, const char *name)
{
    struct stat status;
    if (landing->inodes == NULL)
        return true;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    remember_inode(landing, &status);
    return true;
}

static gboolean make_folders(Landing *landing, uint32_t item, GError **error)
{
    size_t end = manifest_item_start(landing->manifest, item + 1);
    for (size_t i = manifest_item_start(landing->manifest, item) + 1; i < end; i++) {
        if (!entry_of(landing, (uint32_t)i)->folder)
            continue;
        int folder = landing_folder_of(landing, (uint32_t)i);
        if (folder < 0) {
            disk_set_error(error, errno, "Cannot open the folder of", entry_of(landing, i)->path);
            return FALSE;
        }
        if (make_entry(landing, folder, (uint32_t)i, error) < 0)
            return FALSE;
        remember_name(landing, folder, landing->names[i]);
    }
    return TRUE;
}

/* 1: made, or there from an earlier time; 0: the name is taken; -1 with errno. */
static int make_part(Landing *landing, uint32_t item, bool begun)
{
    size_t start = manifest_item_start(landing->manifest, item);
    bool is_folder = entry_of(landing, (uint32_t)start)->folder;
    const char *part = landing->items[item].part;
    int made = make(landing->into_folder, part, is_folder);
    if (made < 0 && errno == EEXIST && begun &&
        is_leftover(landing, landing->into_folder, part, is_folder))
        return 1;
    if (made < 0)
        return errno == EEXIST ? 0 : -1;
    if (!is_folder)
        close(made);
    return 1;
}

gboolean landing_begin_item(Landing *landing, uint32_t item, GError **error)
{
    LandingItem *own = &landing->items[item];
    int made = 0;
    if (own->in_place)
        return TRUE;
    size_t start = manifest_item_start(landing->manifest, item);
    if ((landing->flags[start] & FILE_MADE) != 0)
        made = 1;
    else if (own->part != NULL)
        made = make_part(landing, item, true);
    for (unsigned attempt = 0; attempt < PART_ATTEMPTS && made == 0; attempt++) {
        g_free(own->part);
        own->part = landing_part_name(landing, item, attempt);
        if (!landing_note_file(landing, RECORD_ITEM, item, own->part, error))
            return FALSE;
        made = make_part(landing, item, false);
    }
    if (made != 1) {
        disk_set_error(error, made == 0 ? EEXIST : errno, "Cannot write into", landing->into);
        return FALSE;
    }
    own->in_place = true;
    if (!entry_of(landing, (uint32_t)start)->folder)
        landing->flags[start] |= FILE_MADE;
    return make_folders(landing, item, error);
}

/* --- opening --- */

static int open_made(int folder, const char *name)
{
    struct stat status;
    g_auto(Descriptor) file = disk_open_beneath(folder, name, O_RDWR | O_NOFOLLOW, 0);
    if (file < 0 || fstat(file, &status) != 0)
        return -1;
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) {
        errno = EEXIST;
        return -1;
    }
    int kept = file;
    file = -1;
    return kept;
}

gboolean landing_open_file(Landing *landing, uint32_t index, GError **error)
{
    if (landing->file >= 0 && landing->file_entry == index)
        return TRUE;
    descriptor_close(&landing->file);
    const ManifestEntry *entry = entry_of(landing, index);
    if (!landing_begin_item(landing, entry->item, error))
        return FALSE;
    int folder = landing_folder_of(landing, index);
    if (folder < 0) {
        disk_set_error(error, errno, "Cannot open the folder of", entry->path);
        return FALSE;
    }
    if ((landing->flags[index] & FILE_MADE) == 0) {
        landing->file = make_entry(landing, folder, index, error);
        if (landing->file < 0)
            return FALSE;
        remember_name(landing, folder, landing->names[index]);
    } else {
        landing->file = open_made(folder, landing_name_of(landing, index));
        if (landing->file < 0) {
            disk_set_error(error, errno, "Cannot open what was received of", entry->path);
            return FALSE;
        }
    }
    landing->flags[index] |= FILE_MADE;
    landing->file_entry = index;
    landing->unflushed = 0;
    return TRUE;
}
