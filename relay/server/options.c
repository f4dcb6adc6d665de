#include "relay/server/options.h"

#include "relay/limits.h"
#include "relay/text.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define FILES_RATE_MAX 1000000 /* MiB a second */
#define FILES_AT_ONCE_MAX 4096 /* each takes six descriptors and half a megabyte */

/* What GOption fills in. */
typedef struct {
    char *data, *port, *name, *new_place, *files_rate, *files_at_once;
    gboolean no_mdns, allow_public, version;
} Raw;

static void raw_clear(Raw *raw)
{
    g_free(raw->data);
    g_free(raw->port);
    g_free(raw->name);
    g_free(raw->new_place);
    g_free(raw->files_rate);
    g_free(raw->files_at_once);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Raw, raw_clear)

static OptionsResult wrong(const char *what, const char *value)
{
    g_autofree char *clean = text_escape(value, strlen(value));
    fprintf(stderr, "backfence-relay: %s: %s; see --help\n", what, clean);
    return OPTIONS_WRONG;
}

static gboolean parse_raw(int *argc, char ***argv, Raw *raw, GError **error)
{
    const GOptionEntry entries[] = {
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &raw->data, "Keep the log and the key here", "DIR"},
        {"port", 'p', 0, G_OPTION_ARG_STRING, &raw->port, "Listen on this TCP port (7667)", "N"},
        {"name", 'n', 0, G_OPTION_ARG_STRING, &raw->name, "The place's name", "NAME"},
        {"new-place", 0, 0, G_OPTION_ARG_STRING, &raw->new_place,
         "Begin a separate place with this name, whatever else is on this network", "NAME"},
        {"no-mdns", 0, 0, G_OPTION_ARG_NONE, &raw->no_mdns, "Do not announce", NULL},
        {"allow-public", 0, 0, G_OPTION_ARG_NONE, &raw->allow_public,
         "Also serve those who are not on this network", NULL},
        {"files-rate", 0, 0, G_OPTION_ARG_STRING, &raw->files_rate,
         "For files that go over this relay, all together: MiB a second (64; 0: no bound)", "MIB"},
        {"files-at-once", 0, 0, G_OPTION_ARG_STRING, &raw->files_at_once,
         "How many files may go over this relay at once (32; 0: none)", "N"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("serve — keep the chat room of this network");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static char *default_data_dir(void)
{
    const char *state = g_getenv("STATE_DIRECTORY"); /* systemd.exec(5) */
    return state != NULL && *state != '\0'
               ? g_strdup(state)
               : g_build_filename(g_get_user_data_dir(), "backfence-relay", NULL);
}

/* False: said so. `name` NULL: not said. */
static bool parse_name(const Raw *raw, char **name)
{
    const char *said = raw->new_place != NULL ? raw->new_place : raw->name;
    if (raw->new_place != NULL && raw->name != NULL) {
        wrong("the new place has its name already", raw->name);
        return false;
    }
    *name = said != NULL ? text_make_name(said, strlen(said)) : NULL;
    if (said != NULL && *name == NULL)
        wrong("this is no name", said);
    return said == NULL || *name != NULL;
}

/* False: said so. */
static bool parse_meetings(const Raw *raw, MeetingLimits *limits)
{
    *limits = (MeetingLimits)MEETING_LIMITS_DEFAULT;
    guint64 number;
    if (raw->files_rate != NULL) {
        if (!g_ascii_string_to_unsigned(raw->files_rate, 10, 0, FILES_RATE_MAX, &number, NULL)) {
            wrong("this is no rate in MiB a second", raw->files_rate);
            return false;
        }
        limits->rate = number * 1024 * 1024;
    }
    if (raw->files_at_once != NULL) {
        if (!g_ascii_string_to_unsigned(raw->files_at_once, 10, 0, FILES_AT_ONCE_MAX, &number,
                                        NULL)) {
            wrong("this is no number of files from 0 to " G_STRINGIFY(FILES_AT_ONCE_MAX),
                  raw->files_at_once);
            return false;
        }
        limits->meetings_max = (unsigned)number;
    }
    return true;
}

OptionsResult options_parse(int argc, char **argv, Options *options)
{
    g_auto(Raw) raw = {0};
    g_autoptr(GError) error = NULL;
    if (!parse_raw(&argc, &argv, &raw, &error))
        return wrong("wrong usage", error->message);
    if (raw.version) {
        puts("backfence-relay " BACKFENCE_VERSION);
        return OPTIONS_DONE;
    }
    if (argc < 2)
        return wrong("a command is missing", "serve");
    if (strcmp(argv[1], "serve") != 0 || argc > 2)
        return wrong("this is no command", argv[argc > 2 ? 2 : 1]);
    guint64 port = DEFAULT_PORT;
    if (raw.port != NULL && !g_ascii_string_to_unsigned(raw.port, 10, 0, UINT16_MAX, &port, NULL))
        return wrong("this is no port", raw.port);
    MeetingLimits meetings;
    if (!parse_meetings(&raw, &meetings))
        return OPTIONS_WRONG;
    g_autofree char *name = NULL;
    if (!parse_name(&raw, &name))
        return OPTIONS_WRONG;
    *options = (Options){
        .data_dir = raw.data != NULL ? g_steal_pointer(&raw.data) : default_data_dir(),
        .name = g_steal_pointer(&name),
        .new_place = raw.new_place != NULL,
        .port = (uint16_t)port,
        .port_is_wish = raw.port == NULL,
        .mdns = !raw.no_mdns,
        .allow_public = raw.allow_public,
        .meetings = meetings,
    };
    return OPTIONS_SERVE;
}

void options_clear(Options *options)
{
    g_free(options->data_dir);
    g_free(options->name);
}
