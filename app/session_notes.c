/* Notes between members: sealed and signed here, carried by the relay as Signals, kept by nobody.
 */
#include "app/session_internal.h"

static bool send_note(Session *session, const uint8_t *to, const Wire__Note *note)
{
    const SessionMember *member = session_member(session, to);
    if (session->phase != PHASE_JOINED || !member || session_is_self(session, to) ||
        member->presence == MEMBER_OFFLINE || !member->has_sealing_key)
        return false;
    g_autoptr(GBytes) sealed = note_seal(note, session->identity, log_place(session->log),
                                         member->key, member->sealing_key);
    if (!sealed)
        return false;
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(sealed, &length);
    Wire__Signal signal = WIRE__SIGNAL__INIT;
    signal.to = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)member->key};
    signal.sealed = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SIGNAL;
    frame.signal = &signal;
    return session_send(session, &frame);
}

bool session_send_note(Session *session, const uint8_t *to, const Wire__Note *note, int64_t now_us)
{
    session_begin(session, now_us);
    bool sent = send_note(session, to, note);
    session_end(session);
    return sent;
}

static bool is_other_member(const Session *session, ProtobufCBinaryData key)
{
    return key.len == KEY_SIZE && session_member(session, key.data) &&
           !session_is_self(session, key.data);
}

/* The note shares the arena of its frame. Whom the relay names as its sender is only believed when
 * the signature says so too. */
static void receive(Session *session, const Wire__Signal *signal)
{
    if (!is_other_member(session, signal->from) || !session_is_self(session, signal->to.data))
        return;
    const char *why = NULL;
    const Wire__Note *note =
        note_open(signal->sealed.data, signal->sealed.len, session->keyring, signal->from.data,
                  log_place(session->log), identity_key(session->identity), session->arena, &why);
    if (!note) {
        g_debug("a note was left out: %s", why);
        return;
    }
    if (note->body_case != WIRE__NOTE__BODY__NOT_SET)
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_NOTE,
                                             .member = session_member(session, signal->from.data),
                                             .from = signal->from.data,
                                             .note = note});
}

void session_signal(Session *session, const Wire__Signal *signal)
{
    if (session->phase != PHASE_WELCOMED && session->phase != PHASE_JOINED)
        return;
    if (!signal->returned)
        receive(session, signal);
    else if (is_other_member(session, signal->to))
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_NOTE_RETURNED,
                                             .member = session_member(session, signal->to.data),
                                             .from = signal->to.data,
                                             .retry_ms = signal->retry_ms});
}
