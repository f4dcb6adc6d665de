/* Taking away what a transfer has made, whatever is left of its state. Parts are found by their
 * names, which carry the mark of the transfer. */

#include "app/files/landing_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ".NAME.MARK.part", ".NAME.MARK-3.part", ".NAME.MARK-3-1.part" */
static bool is_part(const char *name, const char *mark)
{
    if (name[0] != '.' || !g_str_has_suffix(name, ".part"))
        return false;
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".part"));
    const char *dot = strrchr(stem, '.');
    if (dot == NULL || dot <= stem + 1 || !g_str_has_prefix(dot + 1, mark))
        return false;
    const char *rest = dot + 1 + strlen(mark);
    return *rest == '\0' || (*rest == '-' && rest[strspn(rest, "-0123456789")] == '\0');
}

void landing_remove_parts(const char *into, const char *mark)
{
    int folder = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (entries == NULL) {
        descriptor_close(&folder);
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (is_part(entry->d_name, mark))
            disk_remove(dirfd(entries), entry->d_name);
    }
    closedir(entries);
}

void landing_make_mark(const uint8_t *transfer, char *mark)
{
    const size_t bytes = 4;
    for (size_t i = 0; i < bytes; i++) {
        mark[2 * i] = "0123456789abcdef"[transfer[i] >> 4];
        mark[2 * i + 1] = "0123456789abcdef"[transfer[i] & 15];
    }
    mark[2 * bytes] = '\0';
}

void landing_discard(const char *state_dir, const char *into, const uint8_t *transfer)
{
    char mark[LANDING_MARK_SIZE];
    landing_make_mark(transfer, mark);
    if (into != NULL && *into != '\0')
        landing_remove_parts(into, mark);
    landing_forget(state_dir);
}

void landing_forget(const char *state_dir)
{
    static const char *const names[] = {"journal", "manifest", "manifest.new", NULL};
    disk_remove_ours(state_dir, names);
}
