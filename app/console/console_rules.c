/* What concerns this person's own standing in the place: muted or not, let in or not. */
#include "app/console/console_internal.h"

void console_rules(Console *console)
{
    Session *session = member_session(console->member);
    const Moderation *moderation = session_moderation(session);
    int64_t room_ms = session_room_time_ms(session, g_get_monotonic_time());
    bool muted = moderation_muted(moderation, session_self(session)->key, room_ms, NULL);
    bool free_again = console->muted && !muted;
    console->muted = muted;
    if (console->printer->rules)
        console->printer->rules(session);
    else if (free_again)
        console->printer->line("You may write again.");
}

void console_barred(Console *console, const SessionEvent *event)
{
    bool over = *event->text == '\0';
    if (console->leaving || (over && !console->json)) /* people see that they are back */
        return;
    console->printer->barred(member_session(console->member), event->code, event->text);
    if (!over && !console->terminal &&
        !console->json) /* programs are told, and decide by themselves */
        console_leave(console, EXIT_BARRED);
}
