#pragma once
/* What a file offer contains (event kind 7, wire.proto Offer). Names are labels: for people, never
 * a path on this machine (app/files/file_name.h makes those). */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *name; /* owned; valid UTF-8, NFC, without '/' and control characters; may still look odd:
                   show it by text_visible() */
    bool folder;
    uint64_t files; /* in the folder; 1 for a file */
    uint64_t bytes;
} OfferItem;

/* Immutable once made; reference-counted, atomic. */
typedef struct {
    gatomicrefcount references;
    OfferItem *items; /* owned */
    size_t item_count;
    uint32_t unlisted; /* further items without a name here; their indices follow */
    uint64_t files, bytes;
    uint8_t manifest[HASH_SIZE];
    GBytes *thumbnail;      /* PNG or JPEG, not decoded nor looked into; NULL: none */
    uint32_t width, height; /* of the picture, pixels; 0 without thumbnail */
} Offer;

Offer *offer_ref(Offer *offer);
void offer_unref(Offer *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Offer, offer_unref)

/* The encoded content; as many of `items` as fit are listed, the rest counted on top of
 * offer->unlisted. NULL when it breaks a rule that offer_read() checks. */
GBytes *offer_build(const Offer *offer);
/* NULL when malformed: sizes that do not add up, names that are none, too much of anything. */
Offer *offer_read(const uint8_t *content, size_t length);
/* The same judgement without a copy. */
bool content_is_offer(const uint8_t *content, size_t length);
