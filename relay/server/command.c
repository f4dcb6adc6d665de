/* The caller's side: what was typed is looked at here, and what is asked of the running relay goes
 * through its control socket. */
#include "relay/server/command.h"

#include "relay/server/commands/all.h"
#include "relay/server/control.h"
#include "relay/text.h"

#include <stdio.h>
#include <string.h>

#define EXIT_USAGE 64 /* of sysexits.h, as all of them */
#define EXIT_NOT_RUNNING 69
#define EXIT_NOT_ALLOWED 77
#define OPTIONS_MOST 32
#define USAGE_WIDTH 32 /* columns */

/* clang-format off */
static const ServerCommand *const table[] = {
    &command_serve,
    &command_check,
    &command_status,
    &command_who,
    &command_rooms,
    &command_announce,
    &command_kick,
    &command_ban,
    &command_unban,
    &command_bans,
    &command_mute,
    &command_unmute,
    &command_rename,
    &command_motd,
    &command_admin,
    &command_backup,
    &command_restore,
    &command_export,
    &command_doctor,
    NULL,
};
/* clang-format on */

/* Where GOption puts what it read of one option. */
typedef struct {
    const GOptionEntry *entry;
    gboolean flag;
    gint number; /* G_MININT: not said */
    char *text;  /* owned; NULL: not said */
} Slot;

typedef struct {
    gboolean json, help, version;
    char *data; /* owned */
    Slot slots[OPTIONS_MOST];
    GOptionEntry entries[OPTIONS_MOST + 1];
} Typed;

static void typed_clear(Typed *typed)
{
    g_free(typed->data);
    for (size_t i = 0; i < OPTIONS_MOST; i++)
        g_free(typed->slots[i].text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Typed, typed_clear)

const ServerCommand *const *server_commands(void)
{
    return table;
}

void command_print_json(JsonObject *answer)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, answer);
    g_autofree char *line = json_to_string(node, FALSE);
    puts(line);
}

int command_sorry(bool json, const char *code, const char *text)
{
    if (json) {
        g_autoptr(JsonObject) answer = json_object_new();
        json_object_set_boolean_member(answer, "ok", FALSE);
        json_object_set_string_member(answer, "code", code);
        json_object_set_string_member(answer, "text", text);
        command_print_json(answer);
    } else {
        g_autofree char *clean = text_escape(text, strlen(text));
        fprintf(stderr, "backfence-relay: %s\n", clean);
    }
    if (strcmp(code, "usage") == 0)
        return EXIT_USAGE;
    if (strcmp(code, "not-running") == 0)
        return EXIT_NOT_RUNNING;
    return strcmp(code, "not-allowed") == 0 ? EXIT_NOT_ALLOWED : EXIT_FAILURE;
}

/* --- reading what was typed --- */

static void prepare(Typed *typed, const ServerCommand *command)
{
    const GOptionEntry *entry = command->options;
    for (size_t i = 0; entry != NULL && entry->long_name != NULL; i++, entry++) {
        g_assert(i < OPTIONS_MOST);
        Slot *slot = &typed->slots[i];
        slot->entry = entry;
        slot->number = G_MININT;
        typed->entries[i] = *entry;
        typed->entries[i].arg_data = entry->arg == G_OPTION_ARG_NONE  ? (void *)&slot->flag
                                     : entry->arg == G_OPTION_ARG_INT ? (void *)&slot->number
                                                                      : (void *)&slot->text;
    }
}

/* What was said, for run() and alone(); transfer full. */
static JsonObject *options_of(const Typed *typed)
{
    JsonObject *options = json_object_new();
    for (size_t i = 0; i < OPTIONS_MOST && typed->slots[i].entry != NULL; i++) {
        const Slot *slot = &typed->slots[i];
        const char *name = slot->entry->long_name;
        if (slot->flag)
            json_object_set_boolean_member(options, name, TRUE);
        else if (slot->entry->arg == G_OPTION_ARG_INT && slot->number != G_MININT)
            json_object_set_int_member(options, name, slot->number);
        else if (slot->text != NULL)
            json_object_set_string_member(options, name, slot->text);
    }
    return options;
}

static GOptionContext *context_new(Typed *typed, const char *title)
{
    const GOptionEntry common[] = {
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &typed->data, "The relay whose data is kept here",
         "DIR"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &typed->json, "Answer with one line of JSON", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &typed->help, "Print this", NULL},
        {NULL},
    };
    GOptionContext *context = g_option_context_new(title);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, common, NULL);
    return context;
}

static void print_help(GOptionContext *context)
{
    g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
    fputs(text, stdout);
}

static char *list_of_commands(void)
{
    g_autoptr(GString) list = g_string_new("Commands:\n");
    for (const ServerCommand *const *command = table; *command != NULL; command++) {
        g_autofree char *usage = g_strjoin((*command)->arguments[0] != '\0' ? " " : "",
                                           (*command)->name, (*command)->arguments, NULL);
        int marks = (int)(strlen(usage) - (size_t)g_utf8_strlen(usage, -1)); /* bytes, no columns */
        g_string_append_printf(list, "  %-*s %s\n", USAGE_WIDTH + marks, usage, (*command)->help);
    }
    g_string_append(list, "\nbackfence-relay COMMAND --help says more about one of them.");
    return g_string_free(g_steal_pointer(&list), FALSE);
}

/* --- doing it --- */

/* Bad bytes could not be asked about in JSON. Transfer full, NULL: said so. */
static char **words_of(const ServerCommand *command, const Typed *typed, int argc, char **argv,
                       int *result)
{
    int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    unsigned count = (unsigned)(argc - first);
    if (count < command->least || count > command->most) {
        g_autofree char *sorry =
            g_strdup_printf("%s takes %s: write backfence-relay %s%s%s", command->name,
                            count < command->least ? "more words" : "fewer words", command->name,
                            command->arguments[0] != '\0' ? " " : "", command->arguments);
        *result = command_sorry(typed->json, "usage", sorry);
        return NULL;
    }
    for (int i = first; i < argc; i++) {
        if (g_utf8_validate(argv[i], -1, NULL))
            continue;
        *result = command_sorry(typed->json, "usage", "What was typed is not valid UTF-8.");
        return NULL;
    }
    return g_strdupv(argv + first);
}

static int ask(const ServerCommand *command, const Typed *typed, char *const *words,
               JsonObject *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *code = NULL;
    g_autofree char *path = control_find(typed->data);
    g_autoptr(JsonObject) answer = control_ask(path, command->name, words, options, &code, &error);
    if (answer == NULL)
        return command_sorry(typed->json, code, error->message);
    if (typed->json)
        command_print_json(answer);
    else if (command->show != NULL)
        command->show(answer);
    else
        puts("Done.");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int perform(const ServerCommand *command, const Typed *typed, char *const *words)
{
    g_autoptr(JsonObject) options = options_of(typed);
    if (command->alone == NULL)
        return ask(command, typed, words, options);
    if (typed->data != NULL)
        json_object_set_string_member(options, "data", typed->data);
    return command->alone(words, options, typed->json);
}

static int command_with(const ServerCommand *command, int argc, char **argv, bool json)
{
    g_auto(Typed) typed = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *title = g_strdup_printf(
        "%s%s— %s", command->arguments, command->arguments[0] != '\0' ? " " : "", command->help);
    g_autofree char *program = g_strdup_printf("backfence-relay %s", command->name);
    g_set_prgname(program);
    prepare(&typed, command);
    g_autoptr(GOptionContext) context = context_new(&typed, title);
    g_option_context_add_main_entries(context, typed.entries, NULL);
    gboolean fine = g_option_context_parse(context, &argc, &argv, &error);
    typed.json = typed.json || json;
    if (!fine) {
        g_autofree char *sorry = g_strdup_printf("%s; see --help", error->message);
        return command_sorry(typed.json, "usage", sorry);
    }
    if (typed.help) {
        print_help(context);
        return EXIT_SUCCESS;
    }
    int result = EXIT_SUCCESS;
    g_auto(GStrv) words = words_of(command, &typed, argc, argv, &result);
    return words != NULL ? perform(command, &typed, words) : result;
}

/* Options before the command are those that all have. */
static GOptionContext *first_context(Typed *typed)
{
    const GOptionEntry more[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, &typed->version, "Print the version", NULL},
        {NULL},
    };
    g_autofree char *list = list_of_commands();
    GOptionContext *context = context_new(typed, "COMMAND — keep the chat room of this network");
    g_option_context_add_main_entries(context, more, NULL);
    g_option_context_set_description(context, list);
    g_option_context_set_strict_posix(context, TRUE);
    return context;
}

static int unknown(bool json, const char *word)
{
    g_autofree char *sorry =
        g_strdup_printf("There is no command %s; backfence-relay --help lists them all.", word);
    return command_sorry(json, "usage", sorry);
}

/* `--data DIR` before the command counts as if it stood behind it. */
static int dispatch(Typed *typed, int argc, char **argv)
{
    const ServerCommand *command = server_command_find(argv[1]);
    if (command == NULL)
        return unknown(typed->json, argv[1]);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, argv[0]);
    g_autofree char *data = typed->data != NULL ? g_strconcat("--data=", typed->data, NULL) : NULL;
    if (data != NULL)
        g_ptr_array_add(all, data);
    for (int i = 2; i < argc; i++)
        g_ptr_array_add(all, argv[i]);
    int count = (int)all->len;
    g_ptr_array_add(all, NULL);
    return command_with(command, count, (char **)all->pdata, typed->json);
}

int command_main(int argc, char **argv)
{
    g_auto(Typed) typed = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = first_context(&typed);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_autofree char *sorry = g_strdup_printf("%s; see --help", error->message);
        return command_sorry(typed.json, "usage", sorry);
    }
    if (typed.version) {
        puts("backfence-relay " BACKFENCE_VERSION);
        return EXIT_SUCCESS;
    }
    if (typed.help) {
        print_help(context);
        return EXIT_SUCCESS;
    }
    if (argc < 2)
        return command_sorry(typed.json, "usage",
                             "Say what to do, such as serve or status; backfence-relay --help "
                             "lists all commands.");
    return dispatch(&typed, argc, argv);
}
