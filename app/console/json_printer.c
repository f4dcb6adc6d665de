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
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void joined(Session *session, bool again)
{
    g_autoptr(JsonBuilder) builder = begin("joined");
    add_text(builder, "place", session_place_name(session));
    add_hex(builder, "place_id", session_place(session), PLACE_SIZE);
    add_text(builder, "name", session_self(session)->shown);
    add_hex(builder, "key", session_self(session)->key, KEY_SIZE);
    add_members(builder, session);
    end(builder);
}

static void people(Session *session)
{
    g_autoptr(JsonBuilder) builder = begin("who");
    add_members(builder, session);
    end(builder);
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
    if (message->kind != EVENT_MESSAGE)
        add_number(builder, "kind", message->kind);
    add_number(builder, "time", message->time_ms);
    add_number(builder, "position", (int64_t)message->position);
}

static void message(Session *session, const SessionMessage *message, PrintWhen when)
{
    g_autoptr(JsonBuilder) builder = begin("message");
    add_message(builder, session, message);
    if (memcmp(message->author, session_self(session)->key, KEY_SIZE) == 0)
        add_flag(builder, "own", true);
    if (when != PRINT_LIVE)
        add_flag(builder, when == PRINT_MISSED ? "missed" : "history", true);
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

static void link_state(SessionState state, const char *why)
{
    g_autoptr(JsonBuilder) builder = begin("link");
    add_text(builder, "state", session_state_name(state));
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
    .delivery = delivery,
    .member = member,
    .link = link_state,
    .people = people,
    .history_end = history_end,
    .line = line,
    .error = error,
};
