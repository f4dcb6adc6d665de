#include "relay/server/commands/all.h"
#include "relay/server/config.h"

#include <stdio.h>

static void show_faults(const char *path, const GPtrArray *faults, bool json)
{
    g_autoptr(JsonArray) array = json_array_new();
    for (guint i = 0; i < faults->len; i++) {
        if (!json)
            fprintf(stderr, "%s\n", (const char *)faults->pdata[i]);
        json_array_add_string_element(array, faults->pdata[i]);
    }
    if (!json) {
        if (faults->len == 0)
            printf("%s is fine.\n", path);
        return;
    }
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_boolean_member(object, "ok", faults->len == 0);
    json_object_set_string_member(object, "file", path);
    json_object_set_array_member(object, "faults", g_steal_pointer(&array));
    command_print_json(object);
}

static int check(char *const *words, JsonObject *options, bool json)
{
    g_autofree char *usual = config_default_path();
    const char *path = words[0] != NULL ? words[0] : usual;
    g_autoptr(GPtrArray) faults = NULL;
    if (words[0] == NULL && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        faults = g_ptr_array_new();
        if (json)
            show_faults(path, faults, true);
        else
            printf("There is no %s: everything is as it is without one.\n", path);
        return 0;
    }
    g_autoptr(Config) config = config_read(path, true, &faults);
    show_faults(path, faults, json);
    return config != NULL ? 0 : 78; /* EX_CONFIG of sysexits.h */
}

const ServerCommand command_check = {
    .name = "check",
    .arguments = "[FILE]",
    .help = "look for mistakes in the configuration, by line",
    .most = 1,
    .alone = check,
};
