#pragma once
/* What a node says about itself in its TXT record (RFC 6763 §6): written for our own announcement,
 * and read from strangers, who may say anything. Keys: v, place, name, role, key, locked, epoch. */

#include "discovery/candidate.h"

#include <avahi-common/strlst.h>

#define TXT_VERSION 1

typedef struct {
    uint8_t place[CANDIDATE_PLACE_SIZE];
    uint8_t key[CANDIDATE_KEY_SIZE];
    CandidateRole role; /* relay or app */
    bool locked;
    uint64_t epoch;                    /* 0: not said */
    char name[CANDIDATE_NAME_MAX + 1]; /* valid UTF-8 without control characters; may be "" */
} Txt;

typedef enum {
    TXT_OK,
    TXT_TOO_LARGE, /* more strings or bytes than ours could ever have */
    TXT_VERSION_UNKNOWN,
    TXT_MISSING,   /* place, key or role is not there */
    TXT_MALFORMED, /* one of these is there and wrong */
} TxtResult;

/* `txt` stays untouched unless the result is TXT_OK. Of a key that is there twice the first counts.
 * A name that is no valid UTF-8 counts as not said. */
TxtResult txt_parse(AvahiStringList *strings, Txt *txt);
/* Free with avahi_string_list_free(). */
AvahiStringList *txt_build(const Txt *txt);
/* Copies `name`, without control and bidi control characters, cut at a character to
 * CANDIDATE_NAME_MAX bytes; "" when the `size` bytes are no valid UTF-8. `copy` has
 * CANDIDATE_NAME_MAX + 1 bytes. */
void txt_copy_name(const char *name, size_t size, char *copy);
/* 2 × size lower-case digits; free with g_free(). */
char *txt_hex(const uint8_t *bytes, size_t size);
/* FALSE unless `text` is exactly 2 × size hexadecimal digits. */
bool txt_unhex(const char *text, size_t length, uint8_t *bytes, size_t size);
