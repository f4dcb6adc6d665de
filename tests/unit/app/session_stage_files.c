/* Offers and notes. */
#include "tests/unit/app/session_stage_internal.h"

static GBytes *offer_content(const char *name, bool picture)
{
    g_autoptr(GBytes) image = g_bytes_new_static("picture", 7);
    OfferItem item = {.name = (char *)name, .files = 1, .bytes = 7};
    Offer offer = {.items = &item, .item_count = 1, .files = 1, .bytes = 7};
    if (picture) {
        offer.thumbnail = image;
        offer.width = 2;
        offer.height = 1;
    }
    return offer_build(&offer);
}

void session_stage_offer(SessionStage *stage, char to, const char *name)
{
    ConversationId conversation = session_stage_with(stage, to);
    g_autoptr(GBytes) content = offer_content(name, true);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(content, &length);
    g_autoptr(Offer) offer = offer_read(bytes, length);
    g_autoptr(GError) error = NULL;
    if (!session_offer(stage->session, &conversation, offer, NULL, stage->now_us, &error))
        session_stage_tell(stage, "cannot: %s", error->message);
}

void session_stage_offered(SessionStage *stage, char who, char to, const char *name, bool bad)
{
    g_autoptr(GBytes) content =
        bad ? g_bytes_new_static("\x0a\x02\x0a\x00", 4) : offer_content(name, to != '\0');
    session_stage_keep(stage, who, to, EVENT_OFFER, content);
}

void session_stage_note(SessionStage *stage, char to)
{
    uint8_t id[TRANSFER_SIZE] = {1};
    Wire__Ready ready = WIRE__READY__INIT;
    ready.transfer = ready.ticket = (ProtobufCBinaryData){sizeof id, id};
    ready.attempt = 1;
    Wire__Note note = WIRE__NOTE__INIT;
    note.body_case = WIRE__NOTE__BODY_READY;
    note.ready = &ready;
    if (!session_send_note(stage->session, session_stage_key(stage, to), &note, stage->now_us))
        session_stage_tell(stage, "no note to %c", to);
}

/* What somebody says who would like to be taken for `who`, or for somewhere else. */
void session_stage_noted(SessionStage *stage, char who, const char *traits)
{
    uint8_t id[TRANSFER_SIZE] = {1};
    Wire__Ready ready = WIRE__READY__INIT;
    ready.transfer = ready.ticket = (ProtobufCBinaryData){sizeof id, id};
    ready.attempt = session_stage_has(traits, "bad") ? 0 : 7;
    Wire__Turn turn = WIRE__TURN__INIT;
    turn.transfer = ready.transfer;
    turn.attempt = 7;
    turn.way = (Wire__Way)99;
    Wire__Note note = WIRE__NOTE__INIT;
    if (session_stage_has(traits, "newer")) {
        note.body_case = WIRE__NOTE__BODY_TURN;
        note.turn = &turn;
    } else {
        note.body_case = WIRE__NOTE__BODY_READY;
        note.ready = &ready;
    }
    char signer = session_stage_has(traits, "forged") ? 'd' : who;
    char reader = session_stage_has(traits, "other") ? 'c' : 'a';
    NoteScene scene = {session_stage_places[session_stage_has(traits, "place2")],
                       session_stage_wall_ms(stage)};
    if (session_stage_has(traits, "kept"))
        scene.time_ms -= NOTE_AGE_MAX_MS + 1000;
    g_autoptr(GBytes) sealed = note_seal(&note, session_stage_actor(stage, signer)->identity,
                                         &scene, session_stage_key(stage, reader),
                                         keyring_public(session_stage_actor(stage, 'a')->keyring));
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(sealed, &length);
    Wire__Signal signal = WIRE__SIGNAL__INIT;
    signal.to = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, 'a')};
    signal.from = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, who)};
    signal.sealed = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    session_stage_give(stage, WIRE__FRAME__BODY_SIGNAL, &signal);
}

void session_stage_returned(SessionStage *stage, char to, uint32_t retry_ms)
{
    Wire__Signal signal = WIRE__SIGNAL__INIT;
    signal.to = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, to)};
    signal.returned = true;
    signal.retry_ms = retry_ms;
    session_stage_give(stage, WIRE__FRAME__BODY_SIGNAL, &signal);
}

/* What b or c, whom it is for, makes of it. */
void session_stage_tell_signal(SessionStage *stage, const Wire__Signal *signal)
{
    for (char who = 'b'; who <= 'c'; who++) {
        const uint8_t *key = session_stage_key(stage, who);
        if (memcmp(signal->to.data, key, KEY_SIZE) != 0)
            continue;
        g_autoptr(Arena) arena = arena_new(FRAME_ARENA_SIZE);
        const char *why = "";
        NoteScene scene = {session_stage_places[0], session_stage_wall_ms(stage)};
        const Wire__Note *note = note_open(signal->sealed.data, signal->sealed.len,
                                           session_stage_actor(stage, who)->keyring,
                                           session_stage_key(stage, 'a'), &scene, key, arena, &why);
        session_stage_tell(stage, "> note to %c%s%s", who, note ? "" : ": ", note ? "" : why);
    }
}
