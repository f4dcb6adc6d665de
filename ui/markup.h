#pragma once
/* A message's text as people write it: **bold**, *italic*, `code`, ~~gone~~, links, and blocks
 * between ``` lines.
 *
 * Only inline marks count (md4c reads them); headings, lists, quotes and HTML stay the characters
 * that were typed. Links are http and https, everything else stays text. Immutable. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    MARK_BOLD = 1 << 0,
    MARK_ITALIC = 1 << 1,
    MARK_CODE = 1 << 2,
    MARK_STRIKE = 1 << 3,
    MARK_LINK = 1 << 4
} Mark;

/* A stretch of a block's text; stretches do not overlap and are in order. */
typedef struct {
    size_t start, end; /* bytes of the block's text */
    unsigned marks;
    char *url; /* MARK_LINK; owned by the markup */
} MarkSpan;

typedef struct {
    bool code;     /* a block of code: mono, no spans */
    size_t start;  /* in the markup's text */
    size_t length; /* bytes */
    GArray *spans; /* MarkSpan */
} MarkBlock;

typedef struct {
    char *text;     /* what is shown and copied: blocks, with a newline between them */
    size_t length;  /* bytes */
    GArray *blocks; /* MarkBlock; at least one */
} Markup;

/* `text` is valid UTF-8 of `length` bytes. */
Markup *markup_parse(const char *text, size_t length);
/* The text as it is: one block, no marks. */
Markup *markup_plain(const char *text, size_t length);
void markup_free(Markup *markup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Markup, markup_free)
/* The link under a byte of the markup's text, NULL when there is none. */
const char *markup_url_at(const Markup *markup, size_t offset);
