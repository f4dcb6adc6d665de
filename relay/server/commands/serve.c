#include "relay/server/commands/all.h"
#include "relay/server/options.h"
#include "relay/server/service.h"

static int serve(char *const *words, JsonObject *given, bool json)
{
    g_auto(Options) options = {0};
    g_autoptr(Config) config = NULL;
    g_autoptr(GError) error = NULL;
    if (!options_read(given, &options, &config, &error))
        return command_sorry(json, "usage", error->message);
    return (int)service_run(&options, g_steal_pointer(&config));
}

const ServerCommand command_serve = {
    .name = "serve",
    .arguments = "",
    .help = "keep the place of this network, until it is told to stop",
    .options = options_entries,
    .alone = serve,
};
