#include "app/commands/all.h"
#include "app/transfer_line.h"

static void run(const CommandContext *context, const char *arguments)
{
    if (context->transfers) {
        context->transfers(context->user);
        return;
    }
    g_autoptr(GPtrArray) list = transfers_list(member_transfers(context->member));
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *line =
            transfer_line_row(member_session(context->member), g_ptr_array_index(list, i));
        context->print(line, context->user);
    }
    if (list->len == 0)
        context->print("No files were offered yet. /send NAME PATH offers some.", context->user);
}

const Command command_transfers = {
    .name = "transfers",
    .arguments = "",
    .help = "Lists files offered, under way and done.",
    .run = run,
};
