#include "relay/server/options.h"

#include "relay/limits.h"
#include "relay/server/control.h"
#include "relay/text.h"

#include <gio/gio.h>
#include <string.h>

const GOptionEntry options_entries[] = {
    {"config", 'c', 0, G_OPTION_ARG_FILENAME, NULL, "The configuration file", "FILE"},
    {"port", 'p', 0, G_OPTION_ARG_STRING, NULL, "Listen on this TCP port (7667)", "N"},
    {"name", 'n', 0, G_OPTION_ARG_STRING, NULL, "The place's name", "NAME"},
    {"new-place", 0, 0, G_OPTION_ARG_STRING, NULL,
     "Begin a separate place with this name, whatever else is on this network", "NAME"},
    {"no-mdns", 0, 0, G_OPTION_ARG_NONE, NULL, "Do not announce", NULL},
    {"allow-public", 0, 0, G_OPTION_ARG_NONE, NULL, "Also serve those who are not on this network",
     NULL},
    {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, NULL,
     "Let in who knows the passphrase in this file, which only its owner may be able to read",
     "FILE"},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, NULL, "Say in words how it is found, as on a terminal",
     NULL},
    {"rate", 0, 0, G_OPTION_ARG_STRING, NULL, "A member may write so many messages a second (50)",
     "N"},
    {"files-rate", 0, 0, G_OPTION_ARG_STRING, NULL,
     "For files that go over this relay, all together: MiB a second (64; 0: no bound)", "MIB"},
    {"files-at-once", 0, 0, G_OPTION_ARG_STRING, NULL,
     "How many files may go over this relay at once (32; 0: none)", "N"},
    {"metrics", 0, 0, G_OPTION_ARG_STRING, NULL,
     "Answer http://127.0.0.1:N/metrics and /healthz on this machine", "N"},
    {NULL},
};

static const char *said(JsonObject *given, const char *name)
{
    return json_object_get_string_member_with_default(given, name, NULL);
}

static gboolean wrong(const char *what, const char *value, GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s; see --help", what, value);
    return FALSE;
}

static gboolean read_name(JsonObject *given, Options *options, GError **error)
{
    const char *new_place = said(given, "new-place"), *name = said(given, "name");
    if (new_place != NULL && name != NULL)
        return wrong("the new place has its name already", name, error);
    options->new_place = new_place != NULL;
    if (new_place != NULL)
        name = new_place;
    if (name == NULL)
        return TRUE;
    g_free(options->name);
    options->name = text_make_name(name, strlen(name));
    if (options->name == NULL)
        return wrong("this is no name", name, error);
    return TRUE;
}

/* `*number` is left alone when nothing was said. */
static gboolean read_number(JsonObject *given, const char *name, guint64 max, const char *sorry,
                            guint64 *number, GError **error)
{
    const char *text = said(given, name);
    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 0, max, number, NULL))
        return wrong(sorry, text, error);
    return TRUE;
}

static gboolean read_numbers(JsonObject *given, Options *options, GError **error)
{
    guint64 port = options->port, metrics = options->metrics_port, rate = 0, at_once = 0;
    guint64 messages = options->rate;
    if (!read_number(given, "port", UINT16_MAX, "this is no port", &port, error) ||
        !read_number(given, "metrics", UINT16_MAX, "this is no port", &metrics, error) ||
        !read_number(given, "rate", CONFIG_RATE_MAX, "this is no number of messages a second",
                     &messages, error) ||
        !read_number(given, "files-rate", CONFIG_FILES_RATE_MAX, "this is no rate in MiB a second",
                     &rate, error) ||
        !read_number(given, "files-at-once", CONFIG_FILES_AT_ONCE_MAX,
                     "this is no number of files from 0 to " G_STRINGIFY(CONFIG_FILES_AT_ONCE_MAX),
                     &at_once, error))
        return FALSE;
    options->port = (uint16_t)port;
    options->metrics_port = (uint16_t)metrics;
    options->rate = (unsigned)messages;
    options->port_is_wish = options->port_is_wish && said(given, "port") == NULL;
    if (said(given, "files-rate") != NULL)
        options->meetings.rate = rate * 1024 * 1024;
    if (said(given, "files-at-once") != NULL)
        options->meetings.meetings_max = (unsigned)at_once;
    return TRUE;
}

/* What the configuration file says of the start. FALSE with its faults, one a line. */
static gboolean read_config(JsonObject *given, Options *options, Config **config, GError **error)
{
    g_autoptr(GPtrArray) faults = NULL;
    options->config_asked = said(given, "config") != NULL;
    options->config_path =
        options->config_asked ? g_strdup(said(given, "config")) : config_default_path();
    *config = config_read(options->config_path, options->config_asked, &faults);
    if (*config == NULL) {
        g_ptr_array_add(faults, NULL);
        g_autofree char *all = g_strjoinv("\n", (char **)faults->pdata);
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, all);
        return FALSE;
    }
    options->name = g_strdup((*config)->name);
    options->port = (*config)->port >= 0 ? (uint16_t)(*config)->port : DEFAULT_PORT;
    options->port_is_wish = (*config)->port < 0;
    options->metrics_port = (*config)->metrics_port;
    options->mdns = (*config)->mdns;
    options->allow_public = (*config)->allow_public;
    options->meetings = (*config)->meetings;
    return TRUE;
}

gboolean options_read(JsonObject *given, Options *options, Config **config, GError **error)
{
    g_auto(Options) read = {0};
    g_autoptr(Config) file = NULL;
    if (!read_config(given, &read, &file, error) || !read_name(given, &read, error) ||
        !read_numbers(given, &read, error))
        return FALSE;
    const char *data = said(given, "data");
    read.data_dir = data != NULL ? g_strdup(data) : control_default_data_dir();
    read.passphrase_file = g_strdup(said(given, "passphrase-file"));
    read.mdns = read.mdns && !json_object_has_member(given, "no-mdns");
    read.verbose = json_object_has_member(given, "verbose");
    read.allow_public = read.allow_public || json_object_has_member(given, "allow-public");
    *options = read;
    read = (Options){0};
    *config = g_steal_pointer(&file);
    return TRUE;
}

void options_clear(Options *options)
{
    g_free(options->data_dir);
    g_free(options->name);
    g_free(options->passphrase_file);
    g_free(options->config_path);
}
