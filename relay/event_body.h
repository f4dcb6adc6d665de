#pragma once
/* What the body of an event says, read where it lies, and the rules that it must fulfil
 * (relay/PROTOCOL.md §4). Only for relay/event.c. */

#include "relay/event.h"

typedef struct {
    const uint8_t *bytes; /* into the body; NULL: the field is absent */
    size_t length;
} Span;

/* The fields of an Event as they stand in its body. */
/* The fields by name; spans and recipients point into the body. */
typedef struct {
    Span author, prev, place, token, room, content;
    uint64_t incarnation, lane, seq, kind;
    int64_t time_ms;
    const uint8_t *recipients[RECIPIENTS_MAX];
    size_t recipient_count;
} EventBody;

/* NULL when the fields are good, else static text that says what is wrong. The content is not
 * looked into. */
const char *event_body_read(EventBody *body, const uint8_t *bytes, size_t length);
/* The same, and that it is of this place (NULL: any), and the content of the known kinds. */
const char *event_body_judge(EventBody *body, const uint8_t *bytes, size_t length,
                             const uint8_t *place);
/* One of the recipients has this key. */
bool event_body_addresses(const uint8_t *const *recipients, size_t count, const uint8_t *key);
