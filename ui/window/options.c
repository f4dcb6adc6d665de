#include "ui/window/options.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

int options_read(Options *options, int argc, char **argv)
{
    gboolean version = FALSE;
    g_auto(GStrv) rest = NULL;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &options->name, "What people here call you", "NAME"},
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->connect, "Join this place", "HOST:PORT"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &options->data_dir,
         "Where everything is kept (usually ~/.local/share/backfence)", "DIR"},
        {"no-mdns", 0, 0, G_OPTION_ARG_NONE, &options->no_mdns,
         "Do not look for places on the network", NULL},
        {"no-serve", 0, 0, G_OPTION_ARG_NONE, &options->no_serve,
         "Do not carry the room when nobody else does", NULL},
        {"version", 'v', 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    setlocale(LC_ALL, "");
    /* SDL sets no title at all when the locale cannot spell it. */
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, "Chat with everyone on the same network.");
    g_option_context_add_main_entries(context, entries, NULL);
    gboolean read = g_option_context_parse(context, &argc, &argv, &error);
    if (!read || rest) {
        g_printerr("backfence: %s\nTry 'backfence --help'.\n",
                   read ? "unexpected argument" : error->message);
        return EX_USAGE;
    }
    if (version) {
        g_print("backfence %s\n", BACKFENCE_VERSION);
        return EXIT_SUCCESS;
    }
    return -1;
}

void options_clear(Options *options)
{
    g_free(options->name);
    g_free(options->connect);
    g_free(options->data_dir);
}

char *options_preferences_path(const Options *options)
{
    if (options->data_dir)
        return g_build_filename(options->data_dir, "window.ini", NULL);
    return g_build_filename(g_get_user_data_dir(), "backfence", "window.ini", NULL);
}
