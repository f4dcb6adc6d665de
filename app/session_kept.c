/* How much of the past the relay keeps: told once, and again when that changes. What this member
 * holds itself stays. */
#include "app/session_internal.h"

void session_tell_history_days(Session *session, unsigned days)
{
    g_autofree char *setting = session_setting(session, "history-days");
    g_autofree char *told = store_setting(session->store, setting, NULL);
    g_autofree char *now = g_strdup_printf("%u", days);
    if (!session->relay_program || g_strcmp0(told != NULL ? told : "0", now) == 0)
        return;
    g_autofree char *text = days > 0 ? g_strdup_printf("This relay keeps %u %s of history.", days,
                                                       days == 1 ? "day" : "days")
                                     : g_strdup("This relay keeps all of its history.");
    if (store_set_setting(session->store, setting, now, NULL))
        session_notice(session, "history", text);
}
