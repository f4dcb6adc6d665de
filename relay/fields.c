#include "relay/fields.h"

FieldReader field_reader(const uint8_t *message, size_t length)
{
    return (FieldReader){.at = message, .end = length == 0 ? message : message + length};
}

static bool fail(FieldReader *reader)
{
    reader->bad = true;
    reader->at = reader->end;
    return false;
}

static bool read_varint(FieldReader *reader, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (reader->at == reader->end)
            return false;
        uint8_t byte = *reader->at++;
        if (shift == 63 && byte > 1)
            return false;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = sum;
            return true;
        }
    }
    return false;
}

static bool read_fixed(FieldReader *reader, unsigned size, uint64_t *value)
{
    if ((size_t)(reader->end - reader->at) < size)
        return false;
    uint64_t sum = 0;
    for (unsigned i = size; i > 0; i--)
        sum = sum << 8 | reader->at[i - 1];
    reader->at += size;
    *value = sum;
    return true;
}

static bool read_bytes(FieldReader *reader, Field *field)
{
    uint64_t length = 0;
    if (!read_varint(reader, &length) || length > (uint64_t)(reader->end - reader->at))
        return false;
    field->bytes = reader->at;
    field->length = (size_t)length;
    reader->at += length;
    return true;
}

bool field_next(FieldReader *reader, Field *field)
{
    if (reader->at == reader->end)
        return false;
    uint64_t tag = 0;
    if (!read_varint(reader, &tag) || tag >> 3 == 0 || tag >> 3 >= 1u << 29)
        return fail(reader);
    *field = (Field){.number = (uint32_t)(tag >> 3), .type = (FieldType)(tag & 7)};
    switch (tag & 7) {
    case FIELD_VARINT:
        return read_varint(reader, &field->value) || fail(reader);
    case FIELD_FIXED64:
        return read_fixed(reader, 8, &field->value) || fail(reader);
    case FIELD_BYTES:
        return read_bytes(reader, field) || fail(reader);
    case FIELD_FIXED32:
        return read_fixed(reader, 4, &field->value) || fail(reader);
    default:
        return fail(reader);
    }
}

int64_t field_zigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool field_set_read(FieldSet *set, const uint8_t *message, size_t length, uint32_t repeated)
{
    *set = (FieldSet){0};
    FieldReader reader = field_reader(message, length);
    for (Field field; field_next(&reader, &field);) {
        if (field.number > FIELD_SET_MAX)
            continue;
        uint32_t bit = 1u << field.number;
        if ((set->seen & bit & ~repeated) != 0)
            return false;
        set->seen |= bit;
        set->which[field.number] = field;
    }
    return !reader.bad;
}

bool field_set_has(const FieldSet *set, unsigned number)
{
    return (set->seen & 1u << number) != 0;
}

bool field_set_fits(const FieldSet *set, unsigned number, FieldType type)
{
    return !field_set_has(set, number) || set->which[number].type == type;
}
