#pragma once
/* Names that another machine chose, made fit to be names here (relay/PROTOCOL.md says what a label
 * is). Nothing here touches the disk. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>

/* A name for a file or folder here, made of a peer's label: last component only, never empty, "."
 * or
 * "..", no leading dot or blank, no control, bidi or zero-width characters, no trailing dots or
 * blanks, nothing that Windows or a shell would trip over is added, at most `max` bytes (cut before
 * the extension, between graphemes). Transfer full. */
char *file_name_from_peer(const char *label, size_t max);
/* What to call a file here in an offer: valid UTF-8, NFC, of a name with arbitrary bytes. Transfer
 * full. */
char *file_name_to_label(const char *name);
/* "photo.png" → "photo (2).png", "a.tar.gz" → "a (2).tar.gz"; at most FILE_NAME_MAX bytes. Transfer
 * full. */
char *file_name_numbered(const char *name, unsigned number);
/* The extension as the person should see it, in lower case, "" when there is none; points into
 * `name` or is static. For "invoice.pdf.exe" it is "exe". */
const char *file_name_extension(const char *name);
