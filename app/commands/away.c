#include "app/commands/all.h"

static void set_away(const CommandContext *context, bool away)
{
    session_set_away(member_session(context->member), away, g_get_monotonic_time());
    member_touched(context->member);
    context->print(away ? "You are away. /back when you return." : "You are back.", context->user);
}

static void run_away(const CommandContext *context, const char *arguments)
{
    set_away(context, true);
}

static void run_back(const CommandContext *context, const char *arguments)
{
    set_away(context, false);
}

const Command command_away = {
    .name = "away",
    .arguments = "",
    .help = "Shows you as away.",
    .run = run_away,
};

const Command command_back = {
    .name = "back",
    .arguments = "",
    .help = "Shows you as here again.",
    .run = run_back,
};
