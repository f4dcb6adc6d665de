/* The running relay makes a copy of its log, little by little; the caller's process makes a backup
 * of that and of the small files, where the caller may write. */
#include "relay/server/archive.h"
#include "relay/server/commands/all.h"
#include "relay/server/log_source.h"
#include "relay/server/service.h"
#include "relay/server/show.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    Service *service;
    CommandReply *reply;
} Order;

static void copied(const char *path, const GError *error, void *user)
{
    g_autofree Order *order = user;
    Service *service = order->service;
    if (path == NULL) {
        command_failed(order->reply, "disk", error->message);
    } else {
        JsonObject *answer = json_object_new();
        g_autofree char *copy = g_canonicalize_filename(path, NULL);
        g_autofree char *data = g_canonicalize_filename(service->options->data_dir, NULL);
        json_object_set_string_member(answer, "copy", copy);
        json_object_set_string_member(answer, "data", data);
        json_object_set_string_member(answer, "name", service->place.name);
        json_object_set_int_member(answer, "longest_us", snapshot_longest_us(service->snapshot));
        command_done(order->reply, answer);
    }
    g_clear_pointer(&service->snapshot, snapshot_free);
}

static void run(Service *service, char *const *words, JsonObject *options, CommandReply *reply)
{
    g_autoptr(GError) error = NULL;
    Order *order = g_new(Order, 1);
    *order = (Order){service, reply};
    if (service->snapshot != NULL) {
        command_failed(reply, "busy", "A backup or an export is being made already: try later.");
    } else {
        service->snapshot =
            snapshot_new(service->log, service->options->data_dir, copied, order, &error);
        if (service->snapshot != NULL)
            return;
        command_failed(reply, "disk", error->message);
    }
    g_free(order);
}

static int tell(const ArchiveFacts *facts, const char *target, bool json)
{
    if (json) {
        g_autoptr(JsonObject) answer = json_object_new();
        json_object_set_string_member(answer, "path", target);
        json_object_set_string_member(answer, "made", facts->made);
        json_object_set_int_member(answer, "events", (gint64)facts->log.events);
        json_object_set_int_member(answer, "damaged", (gint64)facts->log.damaged);
        command_print_json(answer);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    g_autofree char *line =
        g_strdup_printf("A backup of %s with %" G_GUINT64_FORMAT " events is in %s.", facts->name,
                        facts->log.events, target);
    show_line(line);
    if (facts->log.damaged > 0)
        printf("%" G_GUINT64_FORMAT " of them were damaged on this disk already; the relay gets "
               "them anew from members.\n",
               facts->log.damaged);
    show_line("Keep it to yourself: it has the relay's secret key. To restore it: "
              "backfence-relay restore, on a relay that is stopped.");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int backup(char *const *words, JsonObject *options, bool json)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *code = NULL;
    g_auto(LogSource) source = {0};
    g_auto(ArchiveFacts) facts = {0};
    if (!log_source_take(options, &source, &code, &error))
        return command_sorry(json, code, error->message);
    g_autofree char *target = archive_target(words[0], source.name);
    if (archive_write(source.data_dir, source.copy, target, source.name, &facts, &error))
        return tell(&facts, target, json);
    g_autofree char *sorry = g_strdup_printf("There is no backup: %s.", error->message);
    return command_sorry(json, "disk", sorry);
}

const ServerCommand command_backup = {
    .name = "backup",
    .arguments = "[DIRECTORY]",
    .help = "copy everything that the relay keeps, while it runs",
    .most = 1,
    .run = run,
    .alone = backup,
};
