/* One object a line, for programs. Keys and ids are hexadecimal, times Unix milliseconds of room
 * time. */
#include "app/console/printer.h"

#include <json-glib/json-glib.h>

static JsonBuilder *begin(const char *event)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "event");
    json_builder_add_string_value(builder, event);
    return builder;
}

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text ? text : "");
}

static void add_number(JsonBuilder *builder, const char *name, int64_t number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

static void add_flag(JsonBuilder *builder, const char *name, bool flag)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, flag);
}

/* Of this machine: may be of any encoding. */
static void add_path(JsonBuilder *builder, const char *name, const char *path)
{
    g_autofree char *text = g_filename_display_name(path);
    add_text(builder, name, text);
}

static void add_hex(JsonBuilder *builder, const char *name, const uint8_t *bytes, size_t length)
{
    g_autoptr(GString) hex = g_string_sized_new(length * 2);
    for (size_t i = 0; i < length; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    add_text(builder, name, hex->str);
}

static void end(JsonBuilder *builder)
{
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *line = json_to_string(root, FALSE);
    printer_write(line);
}

static const char *shown(Session *session, const uint8_t *key)
{
    const SessionMember *member = session_member(session, key);
    return member ? member->shown : "";
}

/* What the place's rules say of somebody. */
static void add_standing(JsonBuilder *builder, Session *session, const uint8_t *key)
{
    const Moderation *moderation = session_moderation(session);
    int64_t room_ms = session_room_time_ms(session, g_get_monotonic_time());
    Verdict verdict = {0};
    if (!moderation)
        return;
    if (moderation_role(moderation, key) != ROLE_MEMBER)
        add_flag(builder, "admin", true);
    if (moderation_muted(moderation, key, room_ms, &verdict)) {
        add_flag(builder, "muted", true);
        add_number(builder, "muted_until", verdict.until_ms);
    }
    if (moderation_banned(moderation, key, room_ms, &verdict)) {
        add_flag(builder, "banned", true);
        add_number(builder, "banned_until", verdict.until_ms);
    }
}

static void add_members(JsonBuilder *builder, Session *session)
{
    static const char *const words[] = {
        [MEMBER_ONLINE] = "online", [MEMBER_AWAY] = "away", [MEMBER_OFFLINE] = "offline"};
    g_autoptr(GPtrArray) members = session_members(session);
    json_builder_set_member_name(builder, "members");
    json_builder_begin_array(builder);
    for (guint i = 0; i < members->len; i++) {
        const SessionMember *member = g_ptr_array_index(members, i);
        json_builder_begin_object(builder);
        add_text(builder, "name", member->shown);
        add_hex(builder, "key", member->key, KEY_SIZE);
        add_text(builder, "presence", words[member->presence]);
        add_standing(builder, session, member->key);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_carrier(JsonBuilder *builder, Session *session)
{
    add_flag(builder, "serving", session_serving(session));
    add_flag(builder, "relay", session_relay_program(session));
    if (session_relay_key(session))
        add_hex(builder, "relay_key", session_relay_key(session), KEY_SIZE);
}

static void add_rules(JsonBuilder *builder, Session *session)
{
    static const uint8_t general[PLACE_SIZE];
    const Moderation *moderation = session_moderation(session);
    add_text(builder, "topic", moderation_topic(moderation, general));
    add_text(builder, "motd", moderation_motd(moderation));
}

static void joined(Session *session, bool again)
{
    g_autoptr(JsonBuilder) builder = begin("joined");
    add_text(builder, "place", session_place_name(session));
    add_hex(builder, "place_id", session_place(session), PLACE_SIZE);
    add_text(builder, "name", session_self(session)->shown);
    add_hex(builder, "key", session_self(session)->key, KEY_SIZE);
    add_carrier(builder, session);
    add_rules(builder, session);
    add_members(builder, session);
    end(builder);
}

static void rules(Session *session)
{
    g_autoptr(JsonBuilder) builder = begin("rules");
    add_text(builder, "place", session_place_name(session));
    add_rules(builder, session);
    add_standing(builder, session, session_self(session)->key);
    end(builder);
}

static void barred(Session *session, const char *code, const char *text)
{
    g_autoptr(JsonBuilder) builder = begin("barred");
    add_text(builder, "code", code);
    add_text(builder, "text", text);
    end(builder);
}

static void people(Session *session)
{
    g_autoptr(JsonBuilder) builder = begin("who");
    add_members(builder, session);
    end(builder);
}

static void add_items(JsonBuilder *builder, const Offer *offer)
{
    json_builder_set_member_name(builder, "items");
    json_builder_begin_array(builder);
    for (size_t i = 0; i < offer->item_count; i++) {
        const OfferItem *item = &offer->items[i];
        json_builder_begin_object(builder);
        add_text(builder, "name", item->name);
        add_flag(builder, "folder", item->folder);
        add_number(builder, "files", (int64_t)item->files);
        add_number(builder, "bytes", (int64_t)item->bytes);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    if (offer->unlisted > 0)
        add_number(builder, "unlisted", offer->unlisted);
}

static const char *act_name(ModerationAct act)
{
    static const char *const names[] = {
        [ACT_GRANT] = "grant",   [ACT_KICK] = "kick", [ACT_BAN] = "ban",
        [ACT_UNBAN] = "unban",   [ACT_MUTE] = "mute", [ACT_UNMUTE] = "unmute",
        [ACT_RENAME] = "rename", [ACT_MOTD] = "motd", [ACT_ANNOUNCE] = "announce"};
    return (size_t)act < G_N_ELEMENTS(names) && names[act] ? names[act] : "unknown";
}

/* "act" and whom it concerns, how and until when; "reason" is what the author wrote. */
static void add_act(JsonBuilder *builder, Session *session, const SessionMessage *message)
{
    static const uint8_t nobody[KEY_SIZE];
    static const char *const roles[] = {"member", "admin", "keeper"};
    const ModerationContent *act = message->act;
    if (message->kind == EVENT_TOPIC)
        add_text(builder, "act", "topic");
    if (message->by_relay)
        add_flag(builder, "by_relay", true);
    if (!act)
        return;
    add_text(builder, "act", act_name(act->act));
    if (memcmp(act->member, nobody, KEY_SIZE) != 0) {
        add_text(builder, "name", shown(session, act->member));
        add_hex(builder, "member", act->member, KEY_SIZE);
    }
    if (act->act == ACT_GRANT)
        add_text(builder, "role", roles[MIN((unsigned)act->role, 2U)]);
    if (act->act == ACT_BAN || act->act == ACT_MUTE)
        add_number(builder, "until", act->until_ms);
    add_text(builder, "reason", act->text);
}

static const char *event_of(const SessionMessage *message)
{
    if (message->act && message->act->act == ACT_ANNOUNCE)
        return "announcement";
    if (message->kind == EVENT_TOPIC)
        return "topic";
    return message->act ? "moderation" : "message";
}

static void add_message(JsonBuilder *builder, Session *session, const SessionMessage *message)
{
    add_hex(builder, "id", message->token, TOKEN_SIZE);
    if (message->conversation.direct) {
        add_text(builder, "direct", shown(session, message->conversation.id));
        add_hex(builder, "with", message->conversation.id, KEY_SIZE);
    } else {
        add_text(builder, "room", "general");
    }
    add_text(builder, "from", shown(session, message->author));
    add_hex(builder, "key", message->author, KEY_SIZE);
    add_text(builder, "text", message->text);
    if (message->action)
        add_flag(builder, "action", true);
    add_act(builder, session, message);
    if (message->kind != EVENT_MESSAGE)
        add_number(builder, "kind", message->kind);
    if (message->offer) {
        add_number(builder, "files", (int64_t)message->offer->files);
        add_number(builder, "bytes", (int64_t)message->offer->bytes);
        add_items(builder, message->offer);
    }
    add_number(builder, "time", message->time_ms);
    add_number(builder, "position", (int64_t)message->position);
}

static void message(Session *session, const SessionMessage *message, PrintWhen when)
{
    g_autoptr(JsonBuilder) builder = begin(event_of(message));
    add_message(builder, session, message);
    if (memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0)
        add_flag(builder, "own", true);
    if (when != PRINT_LIVE)
        add_flag(builder, when == PRINT_MISSED ? "missed" : "history", true);
    end(builder);
}

static void add_offer(JsonBuilder *builder, Session *session, const SessionMessage *message,
                      const Transfer *transfer)
{
    add_hex(builder, "offer", message->token, TOKEN_SIZE);
    if (transfer) {
        add_hex(builder, "id", transfer->id, TRANSFER_SIZE);
        add_number(builder, "number", transfer->number);
        add_text(builder, "title", transfer->title);
        add_text(builder, "state", transfer_state_name(transfer->state));
    }
    if (message->conversation.direct) {
        bool own = memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0;
        const SessionMember *self = session_self(session);
        add_text(builder, "to", own ? shown(session, message->conversation.id) : self->shown);
        add_hex(builder, "with", message->conversation.id, KEY_SIZE);
    } else {
        add_text(builder, "room", "general");
    }
    add_text(builder, "from", shown(session, message->author));
    add_hex(builder, "key", message->author, KEY_SIZE);
    add_number(builder, "files", (int64_t)message->offer->files);
    add_number(builder, "bytes", (int64_t)message->offer->bytes);
    add_items(builder, message->offer);
    add_number(builder, "time", message->time_ms);
    add_number(builder, "position", (int64_t)message->position);
}

static void offer(Session *session, const SessionMessage *message, const Transfer *transfer,
                  PrintWhen when)
{
    bool own = memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0;
    g_autoptr(JsonBuilder) builder = begin("offer");
    add_offer(builder, session, message, transfer);
    add_flag(builder, "live", when == PRINT_LIVE);
    if (own)
        add_flag(builder, "own", true);
    if (when != PRINT_LIVE)
        add_flag(builder, when == PRINT_MISSED ? "missed" : "history", true);
    end(builder);
}

static void add_transfer(JsonBuilder *builder, Session *session, const Transfer *transfer)
{
    static const uint8_t nobody[KEY_SIZE];
    add_hex(builder, "id", transfer->id, TRANSFER_SIZE);
    add_number(builder, "number", transfer->number);
    add_hex(builder, "offer", transfer->offer, TOKEN_SIZE);
    add_text(builder, "title", transfer->title);
    add_flag(builder, "outgoing", transfer->outgoing);
    add_flag(builder, "in_room", transfer->in_room);
    if (memcmp(transfer->peer, nobody, KEY_SIZE) != 0) {
        add_text(builder, "peer", shown(session, transfer->peer));
        add_hex(builder, "key", transfer->peer, KEY_SIZE);
    }
    add_text(builder, "state", transfer_state_name(transfer->state));
    add_flag(builder, "by_peer", transfer->by_peer);
    add_number(builder, "bytes", (int64_t)transfer->bytes);
    add_number(builder, "total", (int64_t)transfer->total);
    add_number(builder, "rate", (int64_t)transfer->rate);
    if (transfer->left_ms >= 0)
        add_number(builder, "left_ms", transfer->left_ms);
    add_text(builder, "way", transfer_way_name(transfer->way));
    add_text(builder, "why", transfer->why);
    if (transfer->code)
        add_text(builder, "code", transfer->code);
    if (transfer->state == TRANSFER_FAILED)
        add_flag(builder, "retryable", transfer->retryable);
    if (transfer->missing > 0)
        add_number(builder, "missing", transfer->missing);
    if (!transfer->outgoing)
        add_path(builder, "into", transfer->into);
    if (transfer->path)
        add_path(builder, "path", transfer->path);
}

static void transfer(Session *session, const Transfer *transfer, TransferNews news)
{
    g_autoptr(JsonBuilder) builder = begin("transfer");
    add_transfer(builder, session, transfer);
    end(builder);
}

static void transfers(Session *session, const GPtrArray *list)
{
    g_autoptr(JsonBuilder) builder = begin("transfers");
    json_builder_set_member_name(builder, "transfers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++) {
        json_builder_begin_object(builder);
        add_transfer(builder, session, list->pdata[i]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    end(builder);
}

static void delivery(Session *session, const SessionMessage *message)
{
    if (message->delivery == DELIVERY_STATE_REFUSED) {
        g_autoptr(JsonBuilder) builder = begin("error");
        add_text(builder, "code", "refused");
        add_text(builder, "text", message->why);
        add_hex(builder, "id", message->token, TOKEN_SIZE);
        end(builder);
        return;
    }
    g_autoptr(JsonBuilder) builder =
        begin(message->delivery == DELIVERY_STATE_SENT ? "sent" : "queued");
    add_message(builder, session, message);
    end(builder);
}

static void member(Session *session, const SessionMember *member, MemberChange change,
                   const char *old_name)
{
    static const char *const words[] = {[MEMBER_JOINED] = "joined",
                                        [MEMBER_LEFT] = "left",
                                        [MEMBER_WENT_AWAY] = "away",
                                        [MEMBER_BACK] = "back",
                                        [MEMBER_RENAMED] = "renamed"};
    if (change == MEMBER_KNOWN)
        return;
    g_autoptr(JsonBuilder) builder = begin("member");
    add_text(builder, "name", member->shown);
    add_hex(builder, "key", member->key, KEY_SIZE);
    add_text(builder, "change", words[change]);
    if (change == MEMBER_RENAMED && old_name)
        add_text(builder, "old_name", old_name);
    end(builder);
}

static void link_state(Session *session, const char *why)
{
    g_autoptr(JsonBuilder) builder = begin("link");
    add_text(builder, "state", session_state_name(session_state(session)));
    add_text(builder, "why", why);
    add_carrier(builder, session);
    end(builder);
}

static void moved(Session *session, const SessionMember *who, const char *text)
{
    g_autoptr(JsonBuilder) builder = begin("moved");
    add_carrier(builder, session);
    add_text(builder, "name", who ? who->shown : "");
    add_text(builder, "text", text);
    end(builder);
}

static void passphrase(Session *session, const char *why)
{
    g_autoptr(JsonBuilder) builder = begin("passphrase");
    add_text(builder, "place", session_locked_name(session));
    add_text(builder, "why", why);
    end(builder);
}

static void history_end(unsigned count)
{
    g_autoptr(JsonBuilder) builder = begin("history");
    add_number(builder, "count", count);
    end(builder);
}

static void line(const char *text)
{
    g_autoptr(JsonBuilder) builder = begin("notice");
    add_text(builder, "text", text);
    end(builder);
}

static void error(const char *code, const char *text)
{
    g_autoptr(JsonBuilder) builder = begin("error");
    add_text(builder, "code", code);
    add_text(builder, "text", text);
    end(builder);
}

const Printer json_printer = {
    .joined = joined,
    .message = message,
    .offer = offer,
    .transfer = transfer,
    .transfers = transfers,
    .delivery = delivery,
    .member = member,
    .link = link_state,
    .moved = moved,
    .rules = rules,
    .barred = barred,
    .people = people,
    .passphrase = passphrase,
    .history_end = history_end,
    .line = line,
    .error = error,
};
