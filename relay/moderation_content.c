/* What Topic and Moderation events say, judged on their very bytes. */

#include "relay/characters.h"
#include "relay/fields.h"
#include "relay/message.h"
#include "relay/moderation.h"
#include "relay/text.h"
#include "wire.pb-c.h"

#include <string.h>

static bool is_line(const char *text, size_t length, size_t max)
{
    if (length > max || !text_is_message(text, length))
        return false;
    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        if (character_is_control(g_utf8_get_char(at)))
            return false;
    }
    return true;
}

static bool concerns_member(uint64_t act)
{
    return act >= ACT_GRANT && act <= ACT_UNMUTE;
}

/* What a reason must be, and what else the text is. */
static bool is_text_of(uint64_t act, const char *text, size_t length)
{
    switch (act) {
    case ACT_RENAME:
        return text_is_name(text, length);
    case ACT_ANNOUNCE:
        return length <= REASON_MAX && text_is_message(text, length);
    case ACT_MOTD:
        return length == 0 || (length <= REASON_MAX && text_is_message(text, length));
    default:
        return length == 0 || (act > ACT_ANNOUNCE ? text_is_message(text, length)
                                                  : is_line(text, length, REASON_MAX));
    }
}

static bool is_somebody(const Field *member)
{
    static const uint8_t nobody[KEY_SIZE];
    return member->length == KEY_SIZE && memcmp(member->bytes, nobody, KEY_SIZE) != 0;
}

/* Acts and roles of newer versions are well-formed too: they are kept, and count for nothing. */
static bool parse(const uint8_t *content, size_t length, FieldSet *fields)
{
    if (!field_set_read(fields, content, length, 0) || !field_set_fits(fields, 1, FIELD_VARINT) ||
        !field_set_fits(fields, 2, FIELD_BYTES) || !field_set_fits(fields, 3, FIELD_VARINT) ||
        !field_set_fits(fields, 4, FIELD_VARINT) || !field_set_fits(fields, 5, FIELD_BYTES))
        return false;
    uint64_t act = fields->which[1].value;
    const Field *member = &fields->which[2], *text = &fields->which[5];
    int64_t until_ms = field_zigzag(fields->which[4].value);
    if (act == 0 || act > INT32_MAX || fields->which[3].value > INT32_MAX || until_ms < 0 ||
        until_ms > TIME_MAX_MS)
        return false;
    if (concerns_member(act) ? !is_somebody(member) : act <= ACT_ANNOUNCE && member->length != 0)
        return false;
    return is_text_of(act, (const char *)text->bytes, text->length);
}

bool moderation_is_content(const uint8_t *content, size_t length)
{
    FieldSet fields;
    return parse(content, length, &fields);
}

static char *shown(const Field *text)
{
    return text_visible(text->length > 0 ? (const char *)text->bytes : "", text->length);
}

bool moderation_read(const uint8_t *content, size_t length, ModerationContent *out)
{
    FieldSet fields;
    if (!parse(content, length, &fields) || fields.which[1].value > ACT_ANNOUNCE ||
        fields.which[3].value > ROLE_KEEPER)
        return false;
    *out = (ModerationContent){.act = (ModerationAct)fields.which[1].value,
                               .role = (Role)fields.which[3].value,
                               .until_ms = field_zigzag(fields.which[4].value)};
    const Field *text = &fields.which[5];
    out->text =
        out->act == ACT_RENAME ? g_strndup((const char *)text->bytes, text->length) : shown(text);
    if (fields.which[2].length == KEY_SIZE)
        memcpy(out->member, fields.which[2].bytes, KEY_SIZE);
    return true;
}

void moderation_content_clear(ModerationContent *content)
{
    g_clear_pointer(&content->text, g_free);
}

GBytes *moderation_content(ModerationAct act, const uint8_t *member, Role role, int64_t until_ms,
                           const char *text)
{
    Wire__Moderation moderation = WIRE__MODERATION__INIT;
    moderation.act = (Wire__Act)act;
    if (member != NULL && concerns_member(act))
        moderation.member = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)member};
    if (act == ACT_GRANT)
        moderation.role = (Wire__Role)role;
    if (act == ACT_BAN || act == ACT_MUTE)
        moderation.until_ms = until_ms;
    if (text != NULL)
        moderation.text = (char *)text;
    g_autoptr(GBytes) packed = message_pack(&moderation.base);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(packed, &length);
    ModerationContent read = {.text = NULL};
    if (!moderation_read(bytes, length, &read))
        return NULL;
    moderation_content_clear(&read);
    return g_steal_pointer(&packed);
}

static bool parse_topic(const uint8_t *content, size_t length, FieldSet *fields)
{
    if (!field_set_read(fields, content, length, 0) || !field_set_fits(fields, 1, FIELD_BYTES))
        return false;
    const Field *text = &fields->which[1];
    return text->length == 0 || is_line((const char *)text->bytes, text->length, TOPIC_MAX);
}

bool moderation_is_topic(const uint8_t *content, size_t length)
{
    FieldSet fields;
    return parse_topic(content, length, &fields);
}

char *moderation_read_topic(const uint8_t *content, size_t length)
{
    FieldSet fields;
    return parse_topic(content, length, &fields) ? shown(&fields.which[1]) : NULL;
}

GBytes *moderation_topic_content(const char *text)
{
    if (*text != '\0' && !is_line(text, strlen(text), TOPIC_MAX))
        return NULL;
    Wire__Topic topic = WIRE__TOPIC__INIT;
    topic.text = (char *)text;
    return message_pack(&topic.base);
}
