/* Not being let in: kicked, banned, not on the list. The place is neither dialled nor served until
 * the end, or until a person tries. */
#include "app/session_internal.h"
#include "relay/moderation_line.h"
#include "relay/text.h"

#define RETURN_LEAST_MS 1000U
#define RETURN_MOST_MS 600000U

const char *session_barred(const Session *session)
{
    return session->barred ? session->barred : "";
}

bool session_bars(const Session *session, const SessionCandidate *candidate)
{
    if (!session->barred)
        return false;
    bool same = candidate->has_place
                    ? memcmp(candidate->place, session->barred_place, PLACE_SIZE) == 0
                    : candidate->id == session->barred_id;
    return same || !session_wanted(session, candidate);
}

static void tell(Session *session, const char *code)
{
    session_emit(session, (SessionEvent){.type = SESSION_EVENT_BARRED,
                                         .code = code,
                                         .text = session_barred(session)});
}

void session_unbar(Session *session)
{
    if (!session->barred)
        return;
    g_clear_pointer(&session->barred, g_free);
    session->barred_until_us = INT64_MAX;
    session_forgive(session);
    tell(session, "over");
}

/* When it is dialled again by itself. Who was here and is sent away decides that; who had just come
 * wanted to. */
static int64_t until_us(const Session *session, const Wire__Goodbye *goodbye, int64_t least_us)
{
    int64_t room_ms = session_room_time_ms(session, session->now_us);
    if (goodbye->why == WIRE__PARTING__KICKED && session->phase == PHASE_GREETING)
        return least_us;
    if (goodbye->why != WIRE__PARTING__BANNED || goodbye->until_ms <= 0 ||
        goodbye->until_ms > TIME_MAX_MS)
        return INT64_MAX;
    return session->now_us + MAX(goodbye->until_ms - room_ms, 1000) * 1000;
}

static const char *code_of(Wire__Parting why)
{
    return why == WIRE__PARTING__KICKED   ? "kicked"
           : why == WIRE__PARTING__BANNED ? "banned"
                                          : "not-admitted";
}

static char *text_of(const Wire__Goodbye *goodbye)
{
    g_autofree char *shown = text_visible(goodbye->text, strlen(goodbye->text));
    if (*shown)
        return g_steal_pointer(&shown);
    return g_strdup(goodbye->why == WIRE__PARTING__KICKED   ? "You were removed from this place."
                    : goodbye->why == WIRE__PARTING__BANNED ? "You are banned from this place."
                                                            : "Only people on a list are let in.");
}

void session_bar(Session *session, const Wire__Goodbye *goodbye)
{
    int64_t retry_ms = CLAMP(goodbye->retry_ms, RETURN_LEAST_MS, RETURN_MOST_MS);
    bool kicked = goodbye->why == WIRE__PARTING__KICKED;
    g_free(session->barred);
    session->barred = text_of(goodbye);
    session->barred_least_us = kicked ? session->now_us + retry_ms * 1000 : 0;
    session->barred_until_us = until_us(session, goodbye, session->barred_least_us);
    session->barred_id = session->current.id;
    if (session->current.has_place)
        memcpy(session->barred_place, session->current.place, PLACE_SIZE);
    else if (session->phase >= PHASE_WELCOMED && session->log)
        memcpy(session->barred_place, log_place(session->log), PLACE_SIZE);
    else
        memset(session->barred_place, 0, PLACE_SIZE);
    session->chosen = 0;
    session_leave_place(session, session->barred);
    tell(session, code_of(goodbye->why));
}

bool session_may_return(Session *session)
{
    if (session->barred && session->now_us < session->barred_least_us) {
        tell(session, "kicked"); /* too early: the same answer would come */
        return false;
    }
    return true;
}

void session_mind_barred(Session *session)
{
    if (session->barred && session->now_us >= session->barred_until_us)
        session_unbar(session);
    if (session->moderation && session->now_us >= session->rules_us)
        session_tell_rules(session);
}

int64_t session_moderation_deadline(const Session *session)
{
    int64_t end_us = session->barred ? session->barred_until_us : INT64_MAX;
    return session->moderation ? MIN(end_us, session->rules_us) : end_us;
}

/* --- one that serves: its own hub does not send it away --- */

void session_note_own_kick(Session *session, const Event *event)
{
    g_auto(ModerationContent) act = {0};
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    int64_t age_ms = session_room_time_ms(session, session->now_us) - event_time_ms(event);
    if (!session->serving || event_kind(event) != EVENT_MODERATION || age_ms >= KICK_US / 1000 ||
        !moderation_read(content, length, &act) || act.act != ACT_KICK ||
        !session_is_self(session, act.member) || session_hides(session, event))
        return;
    g_free(session->own_kick);
    session->own_kick = g_strconcat("You were sent away", *act.text ? ": " : "", act.text, ".",
                                    " You may come back in a minute.", NULL);
}

void session_mind_own_ban(Session *session)
{
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    g_autofree char *kick = g_steal_pointer(&session->own_kick);
    g_autofree char *ban = NULL;
    Verdict verdict = {0};
    int64_t room_ms = session_room_time_ms(session, session->now_us);
    if (!session->serving)
        return;
    if (moderation_banned(session->moderation, identity_key(session->identity), room_ms,
                          &verdict)) {
        ban = moderation_say_banned(&verdict, NULL, room_ms,
                                    session_room_offset_ms(session, session->now_us));
        goodbye.why = WIRE__PARTING__BANNED;
        goodbye.until_ms = verdict.until_ms;
        goodbye.text = ban;
    } else if (kick) {
        goodbye.why = WIRE__PARTING__KICKED;
        goodbye.retry_ms = (uint32_t)(KICK_US / 1000);
        goodbye.text = kick;
    } else {
        return;
    }
    session_bar(session, &goodbye);
}
