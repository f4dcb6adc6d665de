/* "/accept", "/accept 3", "/accept ~/Pictures", "/accept 3 ~/Pictures": a first word of digits, or
 * of hexadecimal ones, is an id; a folder of such a name is "./3". */
#include "app/commands/all.h"
#include "app/commands/arguments.h"
#include "relay/text.h"

#include <string.h>

static bool is_id(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isxdigit(text[i]))
            return false;
    }
    return length > 0;
}

/* The folder, absolute; NULL with a sentence when it is not one or several. */
static char *read_folder(const char *text, GError **error)
{
    g_auto(GStrv) paths = arguments_paths(text, error);
    if (!paths)
        return NULL;
    if (g_strv_length(paths) == 1 && g_file_test(paths[0], G_FILE_TEST_IS_DIR))
        return g_strdup(paths[0]);
    g_autofree char *clean = text_escape(text, strlen(text));
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY, "There is no folder %s.", clean);
    return NULL;
}

static void tell(const CommandContext *context, const uint8_t *id)
{
    g_autoptr(Transfer) transfer = transfers_get(member_transfers(context->member), id);
    if (!transfer)
        return;
    g_autofree char *title = text_escape(transfer->title, strlen(transfer->title));
    g_autofree char *into = text_escape(transfer->into, strlen(transfer->into));
    g_autofree char *line = g_strdup_printf("Accepted: %s, into %s.", title, into);
    context->print(line, context->user);
}

static void run(const CommandContext *context, const char *arguments)
{
    Transfers *transfers = member_transfers(context->member);
    size_t length = strcspn(arguments, " \t");
    length = is_id(arguments, length) ? length : 0;
    g_autofree char *id = g_strndup(arguments, length);
    const char *rest = arguments + length + strspn(arguments + length, " \t");
    g_autoptr(GError) error = NULL;
    g_autofree char *into = *rest ? read_folder(rest, &error) : g_strdup(context->into);
    if (error) {
        context->fail("no-folder", error->message, context->user);
        return;
    }
    g_autoptr(Transfer) transfer = transfers_find(transfers, id, &error);
    if (!transfer)
        context->fail("no-such-transfer", error->message, context->user);
    else if (!transfers_accept(transfers, transfer->id, into, NULL, g_get_monotonic_time(), &error))
        context->fail("not-possible", error->message, context->user);
    else
        tell(context, transfer->id);
    member_touched(context->member);
}

const Command command_accept = {
    .name = "accept",
    .arguments = "[ID] [DIR]",
    .help = "Receives the files offered; without ID, the only ones.",
    .run = run,
};
