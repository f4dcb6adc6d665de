#pragma once
/* What events of the known kinds contain. Builders give the encoded bytes and refuse what readers
 * would; readers validate (text through relay/text.h) and leave `out` untouched when they return
 * false. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *text; /* owned, valid UTF-8, NFC */
    bool action;
    bool has_answers;
    uint8_t answers[HASH_SIZE];
} MessageContent;

typedef struct {
    char *name; /* owned, valid by text_is_name() */
    uint8_t sealing_key[SEALING_KEY_SIZE];
} ProfileContent;

/* `answers`: hash of the event answered, HASH_SIZE bytes, or NULL. NULL when `text` is not valid
 * (text_is_message()). */
GBytes *content_message(const char *text, bool action, const uint8_t *answers);
/* NULL when `name` is not valid (text_is_name()). */
GBytes *content_profile(const char *name, const uint8_t *sealing_key);

/* False when malformed; else `out` owns what it holds, until message_content_clear(). */
bool content_read_message(const uint8_t *content, size_t length, MessageContent *out);
void message_content_clear(MessageContent *content);
/* Also refuses a sealing key of small order, for which nothing could be sealed. */
bool content_read_profile(const uint8_t *content, size_t length, ProfileContent *out);
void profile_content_clear(ProfileContent *content);

/* The same judgement without copying anything out. */
bool content_is_message(const uint8_t *content, size_t length);
bool content_is_profile(const uint8_t *content, size_t length);
/* Of the form of a Sealed for this number of recipients; an unknown algorithm is only parsed. */
bool content_is_sealed(const uint8_t *content, size_t length, size_t recipients);
