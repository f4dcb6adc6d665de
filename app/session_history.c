/* Events and waiting items as messages for faces. */
#include "app/session_internal.h"
#include "relay/text.h"

#define HIDDEN_PAGE 64 /* events read at a time, at least: some of them may not be shown */

void held_clear(Held *held)
{
    g_clear_pointer(&held->text, g_free);
    g_clear_pointer(&held->offer, offer_unref);
    moderation_content_clear(&held->act);
}

/* An offer that cannot be read (only a private one can be such) is like something sealed that
 * cannot be opened. */
static void describe_content(const Session *session, SessionMessage *out, const uint8_t *content,
                             size_t length, Held *held)
{
    MessageContent read = {0};
    if (content && out->kind == EVENT_MESSAGE && content_read_message(content, length, &read)) {
        held->text = text_visible(read.text, strlen(read.text));
        out->action = read.action;
        message_content_clear(&read);
    } else if (out->kind == EVENT_OFFER) {
        held->offer = content ? offer_read(content, length) : NULL;
        if (!held->offer)
            out->kind = EVENT_SEALED;
    } else if (content && (out->kind == EVENT_MODERATION || out->kind == EVENT_TOPIC)) {
        session_describe_act(session, content, length, out, held);
    }
    out->offer = held->offer;
    out->text = held->text ? held->text : "";
}

void session_describe(const Session *session, const Event *event, uint32_t opened_kind,
                      GBytes *opened, const ConversationId *conversation, uint64_t position,
                      SessionMessage *out, Held *held)
{
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    *out = (SessionMessage){.conversation = *conversation,
                            .token = event_token(event),
                            .author = event_author(event),
                            .kind = event_kind(event),
                            .time_ms = event_time_ms(event),
                            .hash = event_hash(event),
                            .position = position,
                            .delivery = session_is_self(session, event_author(event))
                                            ? DELIVERY_STATE_SENT
                                            : DELIVERY_STATE_RECEIVED};
    if (event_lane(event) == LANE_PRIVATE) {
        out->kind = opened ? opened_kind : event_kind(event);
        content = opened ? g_bytes_get_data(opened, &length) : NULL;
    }
    describe_content(session, out, content, length, held);
}

void session_describe_item(const Session *session, const Item *item, SessionMessage *out,
                           Held *held)
{
    size_t length = 0;
    const uint8_t *content = g_bytes_get_data(item->content, &length);
    *out = (SessionMessage){.conversation = item->conversation,
                            .token = item->token,
                            .author = identity_key(session->identity),
                            .kind = item->kind,
                            .time_ms = item->event ? event_time_ms(item->event)
                                                   : session_room_time_ms(session, session->now_us),
                            .hash = item->event ? event_hash(item->event) : NULL,
                            .position = item->position,
                            .delivery = item->why ? DELIVERY_STATE_REFUSED : DELIVERY_STATE_QUEUED,
                            .why = item->why};
    describe_content(session, out, content, length, held);
}

static LogEntry *entry_copy(const LogEntry *entry)
{
    LogEntry *copy = g_memdup2(entry, sizeof *entry);
    copy->event = event_ref(entry->event);
    copy->opened = entry->opened ? g_bytes_ref(entry->opened) : NULL;
    copy->conversation = NULL;
    return copy;
}

static void entry_free(gpointer data)
{
    log_entry_clear(data);
    g_free(data);
}

/* Where reading goes on. */
typedef struct {
    LogPoint before;
    bool has_before;
    GHashTable *said; /* event_said() of what is shown */
} Reading;

/* What waited on a disk that was put back to a copy may be there once more. */
static bool is_to_be_shown(const Session *session, const Reading *reading, const Event *event)
{
    return !session_hides(session, event) && g_hash_table_add(reading->said, event_said(event));
}

/* Puts those to be shown of the page before in front of `shown`, `limit` at most in all. False when
 * that was the last. */
static bool look_back(Session *session, GBytes *conversation, Reading *reading, unsigned limit,
                      GPtrArray *shown)
{
    unsigned page = MAX(limit, HIDDEN_PAGE);
    g_autoptr(GArray) entries = log_history(
        session->log, conversation, reading->has_before ? &reading->before : NULL, page, NULL);
    if (!entries || entries->len == 0)
        return false;
    for (guint i = entries->len; i-- > 0 && shown->len < limit;) {
        const LogEntry *entry = &g_array_index(entries, LogEntry, i);
        if (is_to_be_shown(session, reading, entry->event))
            g_ptr_array_insert(shown, 0, entry_copy(entry));
    }
    const Event *oldest = g_array_index(entries, LogEntry, 0).event;
    reading->before.time_ms = event_time_ms(oldest);
    memcpy(reading->before.hash, event_hash(oldest), HASH_SIZE);
    reading->has_before = true;
    return entries->len == page;
}

unsigned session_history(Session *session, const ConversationId *conversation,
                         const LogPoint *before, unsigned limit,
                         void (*each)(const SessionMessage *message, void *user), void *user)
{
    if (!session->log)
        return 0;
    g_autoptr(GBytes) bytes = conversation_bytes(conversation);
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GHashTable) said =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    Reading reading = {.has_before = before != NULL, .said = said};
    if (before)
        reading.before = *before;
    while (look_back(session, bytes, &reading, limit, shown) && shown->len < limit)
        continue;
    for (guint i = 0; i < shown->len; i++) {
        const LogEntry *entry = shown->pdata[i];
        SessionMessage message;
        g_auto(Held) held = {0};
        session_describe(session, entry->event, entry->opened_kind, entry->opened, conversation,
                         entry->source_position, &message, &held);
        each(&message, user);
    }
    return shown->len;
}

unsigned session_outbox(Session *session, void (*each)(const SessionMessage *message, void *user),
                        void *user)
{
    unsigned count = 0;
    for (guint i = 0; i < session->outbox->len; i++) {
        const Item *item = session->outbox->pdata[i];
        if (item->kind == EVENT_PROFILE || item->stored)
            continue;
        SessionMessage message;
        g_auto(Held) held = {0};
        session_describe_item(session, item, &message, &held);
        each(&message, user);
        count++;
    }
    return count;
}
