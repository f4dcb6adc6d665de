#include "app/console/console.h"
#include "relay/passphrase.h"
#include "relay/process.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#define EXIT_USAGE 64
#define WAIT_S 60 /* for a decision about offers, at the end of input */
#define WAIT_MAX_S (7 * 24 * 3600)

typedef struct {
    char *name, *address, *data_dir, *into, *passphrase_file;
    char *passphrase; /* in memory that is kept secret */
    char **accept_from;
    int wait_s;
    gboolean json, no_mdns, no_serve, version;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
    g_free(arguments->name);
    g_free(arguments->address);
    g_free(arguments->data_dir);
    g_free(arguments->into);
    g_free(arguments->passphrase_file);
    passphrase_free(arguments->passphrase);
    g_strfreev(arguments->accept_from);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static gboolean parse(Arguments *into, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &into->name, "The name that others see", "NAME"},
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &into->address, "Join the place at this address",
         "HOST:PORT"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &into->data_dir,
         "Keep key, history and outbox here", "DIR"},
        {"accept-from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &into->accept_from,
         "Accept all files from this person, or key, or from all; stays at the end of input; may "
         "be given more than once",
         "NAME|all"},
        {"into", 0, 0, G_OPTION_ARG_FILENAME, &into->into,
         "Put files that are accepted into this folder", "DIR"},
        {"wait", 0, 0, G_OPTION_ARG_INT, &into->wait_s,
         "At the end of input, wait so long until files sent are accepted (60)", "SECONDS"},
        {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &into->passphrase_file,
         "What to say when the place asks for a passphrase; only you may be able to read it",
         "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &into->json, "Write one JSON object a line", NULL},
        {"no-mdns", 0, 0, G_OPTION_ARG_NONE, &into->no_mdns, "Do not look for places by mDNS",
         NULL},
        {"no-serve", 0, 0, G_OPTION_ARG_NONE, &into->no_serve,
         "Do not carry the room when nobody else does", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &into->version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("— chat with everyone on this network");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static char *read_passphrase(Arguments *arguments)
{
    g_autoptr(GError) error = NULL;
    if (!arguments->passphrase_file)
        return NULL;
    arguments->passphrase = passphrase_read(arguments->passphrase_file, &error);
    return arguments->passphrase ? NULL : g_strdup(error->message);
}

/* What GOption cannot judge; NULL: fine. Transfer full. */
static char *find_fault(Arguments *arguments, int argc, char **argv)
{
    if (argc > 1)
        return g_strdup_printf("“%s” is not an option; see --help", argv[1]);
    if (arguments->wait_s < 0 || arguments->wait_s > WAIT_MAX_S)
        return g_strdup("--wait takes seconds, at most a week");
    if (!arguments->into)
        return read_passphrase(arguments);
    g_autofree char *into = g_steal_pointer(&arguments->into);
    arguments->into = g_canonicalize_filename(into, NULL);
    if (!g_file_test(into, G_FILE_TEST_IS_DIR))
        return g_strdup_printf("--into: there is no folder “%s”", into);
    if (access(into, W_OK | X_OK) != 0)
        return g_strdup_printf("--into: cannot write to “%s”: %s", into, g_strerror(errno));
    return read_passphrase(arguments);
}

int main(int argc, char **argv)
{
    process_prepare();
    setlocale(LC_ALL, "");
    g_auto(Arguments) arguments = {.wait_s = WAIT_S};
    g_autoptr(GError) error = NULL;
    bool parsed = parse(&arguments, &argc, &argv, &error);
    g_autofree char *fault = parsed ? find_fault(&arguments, argc, argv) : g_strdup(error->message);
    if (fault) {
        fprintf(stderr, "backfence-console: %s\n", fault);
        return EXIT_USAGE;
    }
    if (arguments.version) {
        puts("backfence-console " BACKFENCE_VERSION);
        return 0;
    }
    ConsoleOptions options = {
        .member = {.data_dir = arguments.data_dir,
                   .name = arguments.name,
                   .connect = arguments.address,
                   .use_mdns = !arguments.no_mdns,
                   .serve = !arguments.no_serve},
        .files = {.accept_from = arguments.accept_from,
                  .into = arguments.into,
                  .wait_s = (unsigned)arguments.wait_s,
                  .patient = !arguments.json},
        .json = arguments.json,
        .passphrase = arguments.passphrase,
    };
    return console_run(&options);
}
