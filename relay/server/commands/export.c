/* Works on a copy of the log, in the caller's process: the relay goes on undisturbed. */
#include "relay/server/export.h"

#include "relay/log_backup.h"
#include "relay/server/commands/all.h"
#include "relay/server/log_source.h"
#include "relay/server/show.h"

#include <stdio.h>
#include <stdlib.h>

static const GOptionEntry entries[] = {
    {"format", 'f', 0, G_OPTION_ARG_STRING, NULL,
     "json: one event a line; html: pages to read, a month of a room each", "json|html"},
    {NULL},
};

static gboolean write_out(const LogSource *source, ExportFormat format, const char *path,
                          uint64_t *events, GError **error)
{
    LogFacts facts;
    if (!log_backup_settle(source->copy, &facts, error))
        return FALSE;
    g_autoptr(Log) log = log_open_copy(source->copy, error);
    return log != NULL && export_log(log, format, source->name, path, events, error);
}

static int tell(const char *path, uint64_t events, bool json)
{
    if (json) {
        g_autoptr(JsonObject) answer = json_object_new();
        json_object_set_string_member(answer, "path", path);
        json_object_set_int_member(answer, "events", (gint64)events);
        command_print_json(answer);
    } else {
        g_autofree char *line =
            g_strdup_printf("%" G_GUINT64_FORMAT " events are in %s.", events, path);
        show_line(line);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int export(char *const *words, JsonObject *options, bool json)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *code = NULL;
    g_auto(LogSource) source = {0};
    const char *format = json_object_get_string_member_with_default(options, "format", "json");
    bool html = g_str_equal(format, "html");
    bool to_stdout = !html && g_str_equal(words[0], "-");
    uint64_t events;
    if (!html && !g_str_equal(format, "json"))
        return command_sorry(json, "usage", "The format is json or html.");
    if (!log_source_take(options, &source, &code, &error))
        return command_sorry(json, code, error->message);
    g_autofree char *path = to_stdout ? g_strdup("-") : g_canonicalize_filename(words[0], NULL);
    if (!write_out(&source, html ? EXPORT_HTML : EXPORT_JSON, path, &events, &error)) {
        g_autofree char *sorry = g_strdup_printf("Nothing was exported: %s.", error->message);
        return command_sorry(json, "disk", sorry);
    }
    return to_stdout ? EXIT_SUCCESS : tell(path, events, json);
}

const ServerCommand command_export = {
    .name = "export",
    .arguments = "PATH",
    .help = "write out the history, as lines of JSON or as pages to read",
    .options = entries,
    .least = 1,
    .most = 1,
    .alone = export,
};
