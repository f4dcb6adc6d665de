#include "discovery/txt.h"
#include "relay/content.h"
#include "relay/moderation_line.h"
#include "relay/server/export_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

gboolean export_fail(GError **error, const char *what, const char *path)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "cannot %s %s: %s", what, path,
                g_strerror(code));
    return FALSE;
}

gboolean export_close(FILE *file, const char *path, GError **error)
{
    bool written = fflush(file) == 0 && (fsync(fileno(file)) == 0 || errno == EINVAL);
    int saved = errno;
    written = fclose(file) == 0 && written;
    if (!written && saved != 0)
        errno = saved;
    return written || export_fail(error, "write", path);
}

/* --- what an event says --- */

static char *message_text(const uint8_t *content, size_t length, bool *action)
{
    MessageContent message;
    if (!content_read_message(content, length, &message))
        return NULL;
    char *text = g_steal_pointer(&message.text);
    *action = message.action;
    message_content_clear(&message);
    return text;
}

static char *profile_text(const uint8_t *content, size_t length)
{
    ProfileContent profile;
    if (!content_read_profile(content, length, &profile))
        return NULL;
    char *name = g_steal_pointer(&profile.name);
    profile_content_clear(&profile);
    return name;
}

static char *act_text(Export *export, const Event *event, const uint8_t *content, size_t length)
{
    g_auto(ModerationContent) act = {0};
    if (!moderation_read(content, length, &act))
        return NULL;
    const ModerationNames names = {.author = export_name(export, event_author(event)),
                                   .member = export_name(export, act.member)};
    return moderation_line(&act, event_time_ms(event), &names);
}

void export_item_read(Export *export, const Event *event, ExportItem *item)
{
    size_t length;
    const uint8_t *content = event_content(event, &length);
    *item = (ExportItem){0};
    switch (event_kind(event)) {
    case EVENT_MESSAGE:
        item->kind = "message";
        item->text = message_text(content, length, &item->action);
        break;
    case EVENT_PROFILE:
        item->kind = "profile";
        item->text = profile_text(content, length);
        break;
    case EVENT_SEALED:
        item->kind = "sealed";
        break;
    case EVENT_OFFER:
        item->kind = "offer";
        item->offer = offer_read(content, length);
        break;
    case EVENT_TOPIC:
        item->kind = "topic";
        item->text = moderation_read_topic(content, length);
        break;
    case EVENT_MODERATION:
        item->kind = "moderation";
        item->text = act_text(export, event, content, length);
        break;
    default:
        break;
    }
}

void export_item_clear(ExportItem *item)
{
    g_clear_pointer(&item->text, g_free);
    g_clear_pointer(&item->offer, offer_unref);
}

/* --- names --- */

static char *find_name(Log *log, const uint8_t *key)
{
    g_autoptr(Event) profile = log_profile(log, key);
    size_t length;
    const uint8_t *content = profile != NULL ? event_content(profile, &length) : NULL;
    char *name = content != NULL ? profile_text(content, length) : NULL;
    return name != NULL ? name : txt_hex(key, 4);
}

const char *export_name(Export *export, const uint8_t *key)
{
    g_autoptr(GBytes) bytes = g_bytes_new(key, KEY_SIZE);
    char *name = g_hash_table_lookup(export->names, bytes);
    if (name == NULL) {
        name = find_name(export->log, key);
        g_hash_table_insert(export->names, g_steal_pointer(&bytes), name);
    }
    return name;
}

char *export_room(const uint8_t *room)
{
    static const uint8_t general[PLACE_SIZE];
    return memcmp(room, general, PLACE_SIZE) == 0 ? g_strdup("general") : txt_hex(room, PLACE_SIZE);
}

char *export_time(int64_t time_ms)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(time_ms / 1000);
    g_autofree char *text =
        seconds != NULL ? g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S") : g_strdup("");
    return g_strdup_printf("%s.%03dZ", text, (int)(time_ms % 1000));
}

/* --- where to --- */

static gboolean give_name(const char *part, const char *path, GError **error)
{
    int result = renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL && !g_file_test(path, G_FILE_TEST_EXISTS))
        result = g_rename(part, path); /* this disk cannot promise that */
    return result == 0 || export_fail(error, "make", path);
}

static gboolean write_json(Export *export, const char *part, uint64_t *events, GError **error)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL)
        return export_fail(error, "make", part);
    if (!export_json(export, out, events, error)) {
        fclose(out);
        return FALSE;
    }
    return export_close(out, part, error);
}

static void remove_part(const char *part)
{
    g_autoptr(GDir) dir = g_dir_open(part, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(part, name, NULL);
        if (g_str_has_suffix(name, ".html"))
            g_unlink(path);
    }
    if (dir != NULL)
        g_rmdir(part);
    else
        g_unlink(part);
}

static gboolean write_html(Export *export, const char *part, uint64_t *events, GError **error)
{
    if (g_mkdir(part, 0700) != 0)
        return export_fail(error, "make", part);
    return export_html(export, part, events, error);
}

gboolean export_log(Log *log, ExportFormat format, const char *place_name, const char *path,
                    uint64_t *events, GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    Export export = {.log = log, .place_name = place_name, .names = names};
    *events = 0;
    if (format == EXPORT_JSON && g_str_equal(path, "-"))
        return export_json(&export, stdout, events, error) &&
               (fflush(stdout) == 0 || export_fail(error, "write", "stdout"));
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is there already", path);
        return FALSE;
    }
    remove_part(part); /* of one that was killed */
    gboolean done = format == EXPORT_JSON ? write_json(&export, part, events, error)
                                          : write_html(&export, part, events, error);
    if (done && give_name(part, path, error))
        return TRUE;
    remove_part(part);
    return FALSE;
}
