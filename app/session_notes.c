/* Notes between members: sealed and signed here, carried by the relay as Signals, kept by nobody.
 */
#include "app/session_internal.h"

static NoteScene scene(const Session *session)
{
    return (NoteScene){log_place(session->log), session_room_time_ms(session, session->now_us)};
}

static bool send_note(Session *session, const uint8_t *to, const Wire__Note *note)
{
    const SessionMember *member = session_member(session, to);
    if (session->phase != PHASE_JOINED || !member || session_is_self(session, to) ||
        member->presence == MEMBER_OFFLINE || !member->has_sealing_key)
        return false;
    NoteScene now = scene(session);
    g_autoptr(GBytes) sealed =
        note_seal(note, session->identity, &now, member->key, member->sealing_key);
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

static bool is_other_member(const Session *session, const uint8_t *key)
{
    return session_member(session, key) && !session_is_self(session, key);
}

/* The note lives in the arena of the frame. Whom the relay names as its sender is only believed
 * when the signature says so too. */
static void receive(Session *session, const uint8_t *from, const uint8_t *sealed, size_t length)
{
    if (!is_other_member(session, from))
        return;
    const char *why = NULL;
    NoteScene now = scene(session);
    const Wire__Note *note = note_open(sealed, length, session->keyring, from, &now,
                                       identity_key(session->identity), session->arena, &why);
    if (!note) {
        g_debug("a note was left out: %s", why);
        return;
    }
    if (note->body_case != WIRE__NOTE__BODY__NOT_SET)
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_NOTE,
                                             .member = session_member(session, from),
                                             .from = from,
                                             .note = note});
}

static void keep(Session *session, const Wire__Signal *signal)
{
    if (session->early_notes->len >= EARLY_NOTES_MAX)
        return;
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, signal->from.data, KEY_SIZE);
    g_byte_array_append(bytes, signal->sealed.data, (guint)signal->sealed.len);
    g_ptr_array_add(session->early_notes, g_byte_array_free_to_bytes(bytes));
}

void session_early_notes(Session *session)
{
    g_autoptr(GPtrArray) notes = g_steal_pointer(&session->early_notes);
    session->early_notes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < notes->len && session->phase == PHASE_JOINED; i++) {
        gsize length = 0;
        const uint8_t *bytes = g_bytes_get_data(notes->pdata[i], &length);
        receive(session, bytes, bytes + KEY_SIZE, length - KEY_SIZE);
    }
}

/* Others see a member as present before it has its first page, and write at once. */
void session_signal(Session *session, const Wire__Signal *signal)
{
    bool to_us = session_is_self(session, signal->to.data) && signal->from.len == KEY_SIZE;
    if (signal->returned) {
        if (session->phase == PHASE_JOINED && is_other_member(session, signal->to.data))
            session_emit(session, (SessionEvent){.type = SESSION_EVENT_NOTE_RETURNED,
                                                 .member = session_member(session, signal->to.data),
                                                 .from = signal->to.data,
                                                 .retry_ms = signal->retry_ms});
    } else if (to_us && session->phase == PHASE_JOINED) {
        receive(session, signal->from.data, signal->sealed.data, signal->sealed.len);
    } else if (to_us && session->phase == PHASE_WELCOMED) {
        keep(session, signal);
    }
}
