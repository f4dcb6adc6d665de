/* Puts a backup in place of the data of a relay that does not run. */
#include "relay/server/archive.h"
#include "relay/server/commands/all.h"
#include "relay/server/control.h"
#include "relay/server/show.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const GOptionEntry entries[] = {
    {"move-aside", 0, 0, G_OPTION_ARG_NONE, NULL,
     "Move what is there into a directory beside it first; nothing is deleted", NULL},
    {NULL},
};

static int sorry(const GError *error, const char *data_dir, bool json)
{
    g_autofree char *text = NULL;
    const char *code = "failed";
    if (g_error_matches(error, LOG_ERROR, LOG_ERROR_LOCKED)) {
        code = "running";
        text = g_strdup_printf("A relay runs with %s: stop it first (systemctl stop "
                               "backfence-relay).",
                               data_dir);
    } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS)) {
        code = "exists";
        text = g_strdup_printf("%s: say --move-aside to keep that in a directory of its own, and "
                               "restore. Nothing was changed.",
                               error->message);
    } else {
        text = g_strdup_printf("Nothing was restored: %s.", error->message);
    }
    return command_sorry(json, code, text);
}

static int tell(const ArchiveFacts *facts, const char *data_dir, const char *aside, bool json)
{
    if (json) {
        g_autoptr(JsonObject) answer = json_object_new();
        json_object_set_string_member(answer, "data", data_dir);
        json_object_set_string_member(answer, "made", facts->made);
        json_object_set_int_member(answer, "events", (gint64)facts->log.events);
        if (aside != NULL)
            json_object_set_string_member(answer, "aside", aside);
        command_print_json(answer);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    g_autofree char *line =
        g_strdup_printf("%s is restored in %s, as it was at %s: %" G_GUINT64_FORMAT " events.",
                        facts->name, data_dir, facts->made, facts->log.events);
    g_autofree char *kept =
        aside != NULL ? g_strdup_printf("What was there before is in %s; delete it when you are "
                                        "sure that you do not need it.",
                                        aside)
                      : NULL;
    show_line(line);
    if (kept != NULL)
        show_line(kept);
    show_line("Start the relay: what was said since then comes back from the members.");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Root means the relay of the system, as with all other commands; the data may be lost, so that
 * only the user whose home they are tells where they were. Transfer full. */
static char *usual_data_dir(void)
{
    bool system = geteuid() == 0 && g_getenv("STATE_DIRECTORY") == NULL;
    g_autofree struct passwd *user =
        system ? g_unix_get_passwd_entry("backfence-relay", NULL) : NULL;
    return user != NULL ? g_strdup(user->pw_dir) : control_default_data_dir();
}

static int restore(char *const *words, JsonObject *options, bool json)
{
    g_autoptr(GError) error = NULL;
    g_auto(ArchiveFacts) facts = {0};
    g_autofree char *aside = NULL;
    const char *said = json_object_get_string_member_with_default(options, "data", NULL);
    g_autofree char *data_dir =
        said != NULL ? g_canonicalize_filename(said, NULL) : usual_data_dir();
    bool move = json_object_get_boolean_member_with_default(options, "move-aside", FALSE);
    if (!archive_restore(words[0], data_dir, move, &facts, &aside, &error))
        return sorry(error, data_dir, json);
    return tell(&facts, data_dir, aside, json);
}

const ServerCommand command_restore = {
    .name = "restore",
    .arguments = "DIRECTORY",
    .help = "put a backup in place of the data; the relay must not run",
    .options = entries,
    .least = 1,
    .most = 1,
    .alone = restore,
};
