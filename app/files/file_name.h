#pragma once
/* Names that another machine chose, made fit to be names here (relay/PROTOCOL.md says what a label
 * is). Nothing here touches the disk. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>

/* A name for a file or folder here, made of a peer's label: last component only, never empty, "."
 * or "..", no leading dot or blank, no control, bidi or zero-width characters, no backslash, no
 * trailing dots or blanks, at most `max` bytes (at least 32; cut before the extension, between
 * graphemes). What it made it leaves as it is. Transfer full. */
char *file_name_from_peer(const char *label, size_t max);
/* What to call a file here in an offer, valid by text_is_label(), of a name with arbitrary bytes.
 * Transfer full. */
char *file_name_to_label(const char *name);
/* "photo.png" → "photo (2).png", "a.tar.gz" → "a (2).tar.gz"; at most FILE_NAME_MAX bytes. Transfer
 * full. */
char *file_name_numbered(const char *name, unsigned number);
/* The extension as the person should see it, in lower case, "" when there is none: "exe" for
 * "invoice.pdf.exe". Transfer full. */
char *file_name_extension(const char *name);
