/* Opening and closing the log of a place, and what is remembered of it between runs. */
#include "app/session_internal.h"
#include "relay/text.h"

#include <sodium.h>

const ConversationId conversation_general = {0};

GBytes *conversation_bytes(const ConversationId *conversation)
{
    return g_bytes_new(conversation->id, conversation->direct ? KEY_SIZE : PLACE_SIZE);
}

ConversationId conversation_of(GBytes *bytes)
{
    ConversationId conversation = {0};
    size_t length = 0;
    const void *data = g_bytes_get_data(bytes, &length);
    conversation.direct = length == KEY_SIZE;
    if (length > 0)
        memcpy(conversation.id, data, MIN(length, KEY_SIZE));
    return conversation;
}

bool conversation_equal(const ConversationId *a, const ConversationId *b)
{
    return a->direct == b->direct && memcmp(a->id, b->id, KEY_SIZE) == 0;
}

static char *hex(const uint8_t *bytes, size_t length)
{
    GString *text = g_string_sized_new(2 * length);
    for (size_t i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

/* Settings of the store that belong to one place. */
char *session_setting(const Session *session, const char *name)
{
    g_autofree char *place = hex(log_place(session->log), PLACE_SIZE);
    return g_strconcat(name, ":", place, NULL);
}

static bool from_hex(const char *text, uint8_t *bytes, size_t length)
{
    if (!text || strlen(text) != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]);
        int low = g_ascii_xdigit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* What is held of another log is kept under its id and its relay's key together: who claims the id
 * of another relay's log spoils nothing of what is known of that one. A copied home directory has
 * the id of this log. */
static void name_log(Session *session)
{
    crypto_generichash(session->relay_log, PLACE_SIZE, session->relay_log_of, PLACE_SIZE + KEY_SIZE,
                       NULL, 0);
}

void session_load_relay(Session *session)
{
    g_autofree char *log_setting = session_setting(session, "relay-log");
    g_autofree char *text = store_setting(session->store, log_setting, NULL);
    session->has_relay_log = from_hex(text, session->relay_log_of, PLACE_SIZE + KEY_SIZE);
    name_log(session);
    g_autofree char *name_setting = session_setting(session, "place-name");
    g_free(session->place_name);
    session->place_name = store_setting(session->store, name_setting, NULL);
    if (!session->place_name)
        session->place_name = g_strdup("");
}

void session_set_place_name(Session *session, const char *name)
{
    if (strcmp(name, session->place_name) == 0)
        return;
    g_autofree char *setting = session_setting(session, "place-name");
    store_set_setting(session->store, setting, name, NULL);
    g_free(session->place_name);
    session->place_name = g_strdup(name);
}

void session_remember_relay(Session *session, const uint8_t *log, const char *place_name)
{
    g_autofree char *place = hex(log_place(session->log), PLACE_SIZE);
    g_autofree char *last = store_setting(session->store, SETTING_LAST_PLACE, NULL);
    if (g_strcmp0(place, last) != 0)
        store_set_setting(session->store, SETTING_LAST_PLACE, place, NULL);
    if (session_reads_own(session)) {
        memcpy(session->relay_log, log, PLACE_SIZE); /* the last of the others is kept */
    } else {
        uint8_t of[PLACE_SIZE + KEY_SIZE];
        memcpy(of, log, PLACE_SIZE);
        memcpy(of + PLACE_SIZE, session->relay_key, KEY_SIZE);
        if (!session->has_relay_log || memcmp(session->relay_log_of, of, sizeof of) != 0) {
            g_autofree char *value = hex(of, sizeof of);
            g_autofree char *setting = session_setting(session, "relay-log");
            store_set_setting(session->store, setting, value, NULL);
            memcpy(session->relay_log_of, of, sizeof of);
        }
        name_log(session);
    }
    session->has_relay_log = true;
    g_autofree char *clean = text_make_name(place_name, strlen(place_name));
    const char *renamed = moderation_place_name(session->moderation);
    if (renamed || clean)
        session_set_place_name(session, renamed ? renamed : clean);
}

void session_close_place(Session *session)
{
    g_array_set_size(session->arrivals, 0);
    g_array_set_size(session->repairs, 0);
    g_array_set_size(session->flights, 0);
    session_forget_plan(session);
    session_forget_nodes(session);
    session_end_exchange(session);
    session->has_carrier = false;
    session->moved_us = INT64_MAX;
    session_forget_moderation(session);
    g_clear_pointer(&session->log, log_close);
    session->has_relay_log = false;
    session->has_incarnation = false;
    session->bad_event_told = session->fork_told = false;
}

static void tell_store_damage(Session *session)
{
    if (session->store_damage_told || !store_damaged(session->store))
        return;
    session->store_damage_told = true;
    g_autofree char *text = g_strdup_printf(
        "The file of drafts, settings and unsent messages was damaged and is set aside as %s.",
        store_damaged(session->store));
    session_notice(session, "store-damaged", text);
}

void session_tell_damage(Session *session)
{
    tell_store_damage(session);
    if (!session->damage_untold)
        return;
    session->damage_untold = false;
    g_autofree char *text =
        g_strdup_printf("The saved history was damaged and is set aside as %s; what the relay has "
                        "is fetched again.",
                        log_damaged(session->log));
    session_notice(session, "log-damaged", text);
}

gboolean session_open_place(Session *session, const uint8_t *place, GError **error)
{
    Log *log = session->output.open_log(place, error, session->user);
    if (!log)
        return FALSE;
    bool known = false;
    uint64_t incarnation = 0;
    if (!store_incarnation(session->store, place, &known, &incarnation, error)) {
        log_close(log);
        return FALSE;
    }
    session_close_place(session);
    session->log = log;
    session->has_incarnation = known;
    session->incarnation = incarnation;
    session_load_relay(session);
    session_lock_load(session);
    session_load_people(session);
    session_load_moderation(session);
    session_load_outbox(session);
    session->losses = log_losses(log);
    log_set_owner(log, identity_key(session->identity));
    session->damage_untold = log_damaged(log) != NULL;
    if (!session_begin_own(session, error))
        return FALSE;
    session_file_own(session, false); /* what could not be filed now, is the next time */
    return TRUE;
}
