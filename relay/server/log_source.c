#include "relay/server/log_source.h"

#include "relay/log_backup.h"
#include "relay/server/control.h"
#include "relay/server/show.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *name_of_place(const char *data_dir)
{
    g_autofree char *path = g_build_filename(data_dir, "place.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    char *name = g_key_file_get_string(file, "place", "name", NULL);
    return name != NULL ? name : g_strdup("Backfence");
}

/* As it is: the next start of the relay brings it to the newest form, if need be. */
static gboolean copy_log(const char *data_dir, const char *copy, GError **error)
{
    g_autoptr(Log) log = log_open(data_dir, NULL, error);
    g_autoptr(LogBackup) backup = log != NULL ? log_backup_begin(log, copy, error) : NULL;
    return backup != NULL && log_backup_step(backup, -1, error) == LOG_BACKUP_DONE;
}

static gboolean take_from_data(const char *data_dir, LogSource *source, char **code, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *name = g_strdup_printf("snapshot-%08x.db", g_random_int());
    g_autofree char *log = g_build_filename(data_dir, "log.db", NULL);
    if (!g_file_test(log, G_FILE_TEST_EXISTS)) {
        *code = g_strdup("no-log");
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no log in %s.", data_dir);
        return FALSE;
    }
    source->data_dir = g_strdup(data_dir);
    source->name = name_of_place(data_dir);
    source->copy = g_build_filename(data_dir, name, NULL);
    if (copy_log(data_dir, source->copy, &why))
        return TRUE;
    if (g_error_matches(why, LOG_ERROR, LOG_ERROR_LOCKED)) {
        *code = g_strdup("not-allowed");
        g_set_error(error, LOG_ERROR, LOG_ERROR_LOCKED,
                    "A relay runs with %s but does not answer there: leave out --data, or stop it.",
                    data_dir);
        return FALSE;
    }
    *code = g_strdup("disk");
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean log_source_take(JsonObject *options, LogSource *source, char **code, GError **error)
{
    g_autoptr(GError) why = NULL;
    const char *data_dir = json_object_get_string_member_with_default(options, "data", NULL);
    g_autofree char *path = control_find(data_dir);
    g_autoptr(JsonObject) answer = control_ask(path, "backup", NULL, NULL, code, &why);
    if (answer != NULL) {
        source->copy = g_strdup(show_text(answer, "copy"));
        source->data_dir = g_strdup(show_text(answer, "data"));
        source->name = g_strdup(show_text(answer, "name"));
        return TRUE;
    }
    if (data_dir == NULL || !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_clear_pointer(code, g_free);
    return take_from_data(data_dir, source, code, error);
}

void log_source_clear(LogSource *source)
{
    if (source->copy != NULL)
        g_unlink(source->copy);
    g_clear_pointer(&source->copy, g_free);
    g_clear_pointer(&source->data_dir, g_free);
    g_clear_pointer(&source->name, g_free);
}
