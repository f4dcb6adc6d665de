#pragma once
/* Walks over the fields of one encoded protobuf message without copying or allocating: for what
 * must be judged on its very bytes. Encoding: https://protobuf.dev/programming-guides/encoding/ .
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    FIELD_VARINT = 0,
    FIELD_FIXED64 = 1,
    FIELD_BYTES = 2,
    FIELD_FIXED32 = 5
} FieldType;

typedef struct {
    uint32_t number;
    FieldType type;
    uint64_t value;       /* varint and fixed */
    const uint8_t *bytes; /* FIELD_BYTES: into the message */
    size_t length;
} Field;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool bad; /* the message is malformed; nothing more comes */
} FieldReader;

/* At the first field; `message` must outlive the reader. */
FieldReader field_reader(const uint8_t *message, size_t length);
/* False at the end and when malformed: see `bad`. Groups are malformed. */
bool field_next(FieldReader *reader, Field *field);
/* The value of a sint64 field. */
int64_t field_zigzag(uint64_t value);

#define FIELD_SET_MAX 7

/* The fields 1 to FIELD_SET_MAX of one message; which[n] is zero when field n is absent. */
typedef struct {
    Field which[FIELD_SET_MAX + 1];
    uint32_t seen;
} FieldSet;

/* False when malformed, or when a field occurs twice whose bit (1 << number) is not in `repeated`:
 * two readers could take different ones. Of a repeated one the last is kept. */
bool field_set_read(FieldSet *set, const uint8_t *message, size_t length, uint32_t repeated);
bool field_set_has(const FieldSet *set, unsigned number);
/* Absent, or of this type. */
bool field_set_fits(const FieldSet *set, unsigned number, FieldType type);
