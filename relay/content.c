#include "relay/content.h"

#include "relay/fields.h"
#include "relay/message.h"
#include "relay/text.h"
#include "wire.pb-c.h"

#include <sodium.h>
#include <string.h>

static bool parse_message(const uint8_t *content, size_t length, FieldSet *fields)
{
    if (!field_set_read(fields, content, length, 0) || !field_set_fits(fields, 1, FIELD_BYTES) ||
        !field_set_fits(fields, 2, FIELD_VARINT) || !field_set_fits(fields, 3, FIELD_BYTES))
        return false;
    const Field *text = &fields->which[1], *answers = &fields->which[3];
    return text->length > 0 && text_is_message((const char *)text->bytes, text->length) &&
           (answers->length == 0 || answers->length == HASH_SIZE);
}

bool content_is_message(const uint8_t *content, size_t length)
{
    FieldSet fields;
    return parse_message(content, length, &fields);
}

bool content_read_message(const uint8_t *content, size_t length, MessageContent *out)
{
    FieldSet fields;
    if (!parse_message(content, length, &fields))
        return false;
    const Field *text = &fields.which[1], *answers = &fields.which[3];
    *out = (MessageContent){
        .text = g_strndup((const char *)text->bytes, text->length),
        .action = fields.which[2].value != 0,
        .has_answers = answers->length != 0,
    };
    if (out->has_answers)
        memcpy(out->answers, answers->bytes, HASH_SIZE);
    return true;
}

void message_content_clear(MessageContent *content)
{
    g_clear_pointer(&content->text, g_free);
}

GBytes *content_message(const char *text, bool action, const uint8_t *answers)
{
    if (!text_is_message(text, strlen(text)))
        return NULL;
    Wire__Message message = WIRE__MESSAGE__INIT;
    message.text = (char *)text;
    message.action = action;
    if (answers != NULL)
        message.answers = (ProtobufCBinaryData){.data = (uint8_t *)answers, .len = HASH_SIZE};
    return message_pack(&message.base);
}

/* A multiplication with a point of small order gives zero, which libsodium reports as a failure. */
static bool is_sealing_key(const uint8_t *key)
{
    static const uint8_t any_secret[crypto_scalarmult_SCALARBYTES] = {1};
    uint8_t product[crypto_scalarmult_BYTES];
    return crypto_scalarmult(product, any_secret, key) == 0;
}

static bool parse_profile(const uint8_t *content, size_t length, FieldSet *fields)
{
    if (!field_set_read(fields, content, length, 0) || !field_set_fits(fields, 1, FIELD_BYTES) ||
        !field_set_fits(fields, 2, FIELD_BYTES))
        return false;
    const Field *name = &fields->which[1], *key = &fields->which[2];
    return name->length > 0 && text_is_name((const char *)name->bytes, name->length) &&
           key->length == SEALING_KEY_SIZE && is_sealing_key(key->bytes);
}

bool content_is_profile(const uint8_t *content, size_t length)
{
    FieldSet fields;
    return parse_profile(content, length, &fields);
}

bool content_read_profile(const uint8_t *content, size_t length, ProfileContent *out)
{
    FieldSet fields;
    if (!parse_profile(content, length, &fields))
        return false;
    const Field *name = &fields.which[1];
    out->name = g_strndup((const char *)name->bytes, name->length);
    memcpy(out->sealing_key, fields.which[2].bytes, SEALING_KEY_SIZE);
    return true;
}

void profile_content_clear(ProfileContent *content)
{
    g_clear_pointer(&content->name, g_free);
}

GBytes *content_profile(const char *name, const uint8_t *sealing_key)
{
    if (!text_is_name(name, strlen(name)) || !is_sealing_key(sealing_key))
        return NULL;
    Wire__Profile profile = WIRE__PROFILE__INIT;
    profile.name = (char *)name;
    profile.sealing_key =
        (ProtobufCBinaryData){.data = (uint8_t *)sealing_key, .len = SEALING_KEY_SIZE};
    return message_pack(&profile.base);
}

static bool is_sealed_key(const Field *field)
{
    FieldSet fields;
    return field->type == FIELD_BYTES && field_set_read(&fields, field->bytes, field->length, 0) &&
           field_set_fits(&fields, 1, FIELD_BYTES) && field_set_fits(&fields, 2, FIELD_BYTES) &&
           fields.which[1].length == SEALING_HINT_SIZE &&
           fields.which[2].length == SEALING_BOX_SIZE;
}

bool content_is_sealed(const uint8_t *content, size_t length, size_t recipients)
{
    Field once[5] = {0};
    uint32_t seen = 0;
    size_t keys = 0;
    bool good_keys = true;
    FieldReader reader = field_reader(content, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.number == 3) {
            keys++;
            good_keys = good_keys && is_sealed_key(&field);
        } else if (field.number < G_N_ELEMENTS(once)) {
            if ((seen & 1u << field.number) != 0)
                return false;
            seen |= 1u << field.number;
            once[field.number] = field;
        }
    }
    if (reader.bad || once[1].type != FIELD_VARINT || once[1].value == 0 ||
        once[1].value > UINT32_MAX)
        return false;
    if (once[1].value != SEALING_ALGORITHM)
        return true;
    return good_keys && keys == recipients && once[2].type == FIELD_BYTES &&
           once[2].length == SEALING_NONCE_SIZE && once[4].type == FIELD_BYTES &&
           once[4].length > SEALING_TAG_SIZE &&
           (once[4].length - SEALING_TAG_SIZE) % SEALING_PAD == 0;
}
