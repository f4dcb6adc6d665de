#include "app/console/console.h"
#include "relay/process.h"

#include <locale.h>
#include <stdio.h>

#define EXIT_USAGE 64

int main(int argc, char **argv)
{
    process_prepare();
    setlocale(LC_ALL, "");
    g_autofree char *name = NULL, *address = NULL, *data_dir = NULL;
    gboolean json = FALSE, no_mdns = FALSE, version = FALSE;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &name, "The name that others see", "NAME"},
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &address, "Join the place at this address",
         "HOST:PORT"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &data_dir, "Keep key, history and outbox here",
         "DIR"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Write one JSON object a line", NULL},
        {"no-mdns", 0, 0, G_OPTION_ARG_NONE, &no_mdns, "Do not look for places by mDNS", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("— chat with everyone on this network");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "backfence-console: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (argc > 1) {
        fprintf(stderr, "backfence-console: “%s” is not an option; see --help\n", argv[1]);
        return EXIT_USAGE;
    }
    if (version) {
        puts("backfence-console " BACKFENCE_VERSION);
        return 0;
    }
    ConsoleOptions options = {
        .member = {.data_dir = data_dir, .name = name, .connect = address, .use_mdns = !no_mdns},
        .json = json,
    };
    return console_run(&options);
}
