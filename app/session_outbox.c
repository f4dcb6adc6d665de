/* What the person says and changes, as rows on the disk that wait for the relay. */
#include "app/session_internal.h"
#include "relay/text.h"

#define OUTBOX_MAX 10000

void item_free(Item *item)
{
    g_bytes_unref(item->content);
    g_free(item->why);
    event_unref(item->event);
    g_free(item);
}

void flight_clear(gpointer data)
{
    event_unref(((Flight *)data)->event);
}

static bool is_message(const Item *item)
{
    return item->kind != EVENT_PROFILE;
}

static Item *item_from_row(const OutboxRow *row)
{
    Item *item = g_new0(Item, 1);
    item->id = row->id;
    memcpy(item->token, row->token, TOKEN_SIZE);
    item->conversation = conversation_of(row->conversation);
    item->kind = row->kind;
    item->content = g_bytes_ref(row->content);
    item->queued_ms = row->queued_ms;
    item->why = row->state == OUTBOX_REFUSED ? g_strdup(row->why) : NULL;
    item->event = row->body ? event_from_log(row->body, row->signature) : NULL;
    return item;
}

void session_load_outbox(Session *session)
{
    g_ptr_array_set_size(session->outbox, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) rows = store_outbox_list(session->store, NULL, &error);
    if (!rows)
        session_notice(session, "disk", error->message);
    for (guint i = 0; rows && i < rows->len; i++) {
        const OutboxRow *row = &g_array_index(rows, OutboxRow, i);
        if (!row->bound ||
            (session->log && memcmp(row->place, log_place(session->log), PLACE_SIZE) == 0))
            g_ptr_array_add(session->outbox, item_from_row(row));
    }
}

/* --- telling --- */

void session_tell_item(Session *session, const Item *item, SessionEventType type,
                       DeliveryState state)
{
    if (!is_message(item))
        return;
    SessionMessage message;
    g_auto(Held) held = {0};
    session_describe_item(session, item, &message, &held);
    message.delivery = state;
    session_emit(session, (SessionEvent){.type = type,
                                         .message = &message,
                                         .member = session_self(session),
                                         .conversation = item->conversation,
                                         .live = true});
}

void session_refuse(Session *session, Item *item, const char *why)
{
    if (!is_message(item)) {
        store_outbox_remove(session->store, item->id, NULL);
        session_notice(session, "refused", why);
        g_ptr_array_remove(session->outbox, item);
        return;
    }
    store_outbox_refuse(session->store, item->id, why, NULL);
    g_free(item->why);
    item->why = g_strdup(why);
    session_tell_item(session, item, SESSION_EVENT_DELIVERY, DELIVERY_STATE_REFUSED);
}

/* --- queueing --- */

/* Not before what was said earlier. */
static bool may_sign(const Session *session, const Item *item)
{
    return session->phase == PHASE_JOINED && session->has_incarnation && !session->draining &&
           session_can_sign(session, item) && !session_next_unsigned(session) &&
           !session_is_ahead(session);
}

Item *session_queue(Session *session, const ConversationId *conversation, uint32_t kind,
                    GBytes *content, GError **error)
{
    if (session->outbox->len >= OUTBOX_MAX) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                            "Too many messages wait to be sent.");
        return NULL;
    }
    Item *item = g_new0(Item, 1);
    session->output.random(item->token, TOKEN_SIZE, session->user);
    item->conversation = *conversation;
    item->kind = kind;
    item->content = g_bytes_ref(content);
    item->queued_ms = session->output.wall_ms(session->user);
    g_autoptr(GBytes) where = conversation_bytes(conversation);
    /* Signed in the same transaction when that is possible: one write to the disk, not two. */
    bool sign = may_sign(session, item);
    bool done = store_begin(session->store, error) &&
                store_outbox_add(session->store, session_place(session), item->token, where, kind,
                                 content, item->queued_ms, &item->id, error) &&
                (!sign || session_sign(session, item, error)) &&
                store_commit(session->store, error);
    if (done) {
        g_ptr_array_add(session->outbox, item);
        return item;
    }
    store_rollback(session->store);
    item_free(item);
    if (session->log)
        session_measure_tail(session);
    return NULL;
}

static gboolean check_recipient(const Session *session, const ConversationId *conversation,
                                GError **error)
{
    if (!conversation->direct)
        return TRUE;
    const SessionMember *to = session_member(session, conversation->id);
    if (!to) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                            "Nobody in this place has that key.");
    } else if (to == session_self(session)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "That is yourself.");
    } else if (!to->has_sealing_key) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                    "%s cannot get private messages yet: no key to seal them for is known.",
                    to->shown);
    } else {
        return TRUE;
    }
    return FALSE;
}

gboolean session_queue_said(Session *session, const ConversationId *conversation, uint32_t kind,
                            GBytes *content, uint8_t *token, GError **error)
{
    Item *item = session_queue(session, conversation, kind, content, error);
    if (!item)
        return FALSE;
    if (token)
        memcpy(token, item->token, TOKEN_SIZE);
    session_tell_item(session, item, SESSION_EVENT_MESSAGE, DELIVERY_STATE_QUEUED);
    return TRUE;
}

static gboolean say(Session *session, const ConversationId *conversation, const char *text,
                    bool action, uint8_t *token, GError **error)
{
    g_autofree char *clean = text_make_message(text, strlen(text));
    if (!clean) {
        bool long_text = strlen(text) > TEXT_MAX;
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            long_text ? "A message can have 16 KiB at most."
                                      : "There is nothing to send.");
        return FALSE;
    }
    if (!check_recipient(session, conversation, error) ||
        !session_may_write(session, conversation, error))
        return FALSE;
    g_autoptr(GBytes) content = content_message(clean, action, NULL);
    if (!content) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "This text cannot be sent.");
        return FALSE;
    }
    session->typing_sent_us = 0;
    return session_queue_said(session, conversation, EVENT_MESSAGE, content, token, error);
}

gboolean session_say(Session *session, const ConversationId *conversation, const char *text,
                     bool action, uint8_t *token, int64_t now_us, GError **error)
{
    session_begin(session, now_us);
    gboolean done = say(session, conversation, text, action, token, error);
    session_end(session);
    return done;
}

static gboolean post(Session *session, const ConversationId *conversation, const Offer *offer,
                     uint8_t *token, GError **error)
{
    if (!check_recipient(session, conversation, error) ||
        !session_may_write(session, conversation, error))
        return FALSE;
    Offer shown = *offer;
    if (!conversation->direct) { /* the relay could look at the picture */
        shown.thumbnail = NULL;
        shown.width = shown.height = 0;
    }
    g_autoptr(GBytes) content = offer_build(&shown);
    if (!content) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "These files cannot be offered.");
        return FALSE;
    }
    return session_queue_said(session, conversation, EVENT_OFFER, content, token, error);
}

gboolean session_offer(Session *session, const ConversationId *conversation, const Offer *offer,
                       uint8_t *token, int64_t now_us, GError **error)
{
    session_begin(session, now_us);
    gboolean done = post(session, conversation, offer, token, error);
    session_end(session);
    return done;
}

void session_retry(Session *session, const uint8_t *token, int64_t now_us)
{
    session_begin(session, now_us);
    for (guint i = 0; i < session->outbox->len; i++) {
        Item *item = session->outbox->pdata[i];
        if (!item->why || memcmp(item->token, token, TOKEN_SIZE) != 0)
            continue;
        store_outbox_retry(session->store, item->id, NULL);
        g_clear_pointer(&item->why, g_free);
        session_tell_item(session, item, SESSION_EVENT_DELIVERY, DELIVERY_STATE_QUEUED);
        break;
    }
    session_end(session);
}

/* --- the own profile --- */

/* The newest profile that waits or was published says exactly this. */
static bool published(Session *session, GBytes *content)
{
    for (guint i = session->outbox->len; i-- > 0;) {
        const Item *item = session->outbox->pdata[i];
        if (item->kind == EVENT_PROFILE)
            return g_bytes_equal(item->content, content);
    }
    g_autoptr(Event) profile = log_profile(session->log, identity_key(session->identity));
    size_t length = 0;
    const uint8_t *known = profile ? event_content(profile, &length) : NULL;
    return profile && length == g_bytes_get_size(content) &&
           memcmp(known, g_bytes_get_data(content, NULL), length) == 0;
}

void session_publish_profile(Session *session)
{
    if (session->phase != PHASE_JOINED)
        return;
    g_autoptr(GBytes) content =
        content_profile(session->self->member.name, keyring_public(session->keyring));
    if (!content || published(session, content))
        return;
    for (guint i = session->outbox->len; i-- > 0;) {
        Item *item = session->outbox->pdata[i];
        if (item->kind == EVENT_PROFILE && !item->event) {
            store_outbox_remove(session->store, item->id, NULL);
            g_ptr_array_remove_index(session->outbox, i);
        }
    }
    g_autoptr(GError) error = NULL;
    if (!session_queue(session, &conversation_general, EVENT_PROFILE, content, &error))
        session_notice(session, "disk", error->message);
}

gboolean session_set_name(Session *session, const char *name, int64_t now_us, GError **error)
{
    g_autofree char *clean = text_make_name(name, strlen(name));
    if (!clean) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "A name has 1 to %d letters, digits or signs.", NAME_MAX_GRAPHEMES);
        return FALSE;
    }
    session_begin(session, now_us);
    gboolean done = store_set_setting(session->store, SETTING_NAME, clean, error);
    if (done) {
        g_autofree char *old_name = g_strdup(session->self->member.name);
        g_free(session->name);
        session->name = g_steal_pointer(&clean);
        session_name_self(session);
        if (strcmp(old_name, session->self->member.name) != 0)
            session_emit(session, (SessionEvent){.type = SESSION_EVENT_MEMBER,
                                                 .member = session_self(session),
                                                 .change = MEMBER_RENAMED,
                                                 .old_name = old_name});
        session_publish_profile(session);
    }
    session_end(session);
    return done;
}

void session_suggest_name(Session *session, const char *name, int64_t now_us)
{
    session_begin(session, now_us);
    g_free(session->suggested_name);
    session->suggested_name = text_make_name(name, strlen(name));
    session_name_self(session);
    session_publish_profile(session);
    session_end(session);
}

bool session_name_chosen(const Session *session)
{
    return session->name != NULL;
}
