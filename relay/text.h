#pragma once
/* The door for text from others: one place that decides what may be stored, shown, logged and
 * printed. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* A message text may be stored: valid UTF-8 without NUL, NFC, not empty, at most TEXT_MAX bytes. */
bool text_is_message(const char *text, size_t length);
/* A name may be stored: as above, one line, no control, bidi or zero-width characters (those that
 * join emoji and scripts are allowed between their neighbours), 1 to NAME_MAX_GRAPHEMES graphemes,
 * at most NAME_MAX_BYTES, no space at either end. */
bool text_is_name(const char *name, size_t length);
/* What a peer calls a file or folder: valid UTF-8, NFC, at most FILE_NAME_MAX bytes, not empty, not
 * "." or "..", without '/' and control characters. It may still look odd and is no name here. */
bool text_is_label(const char *label, size_t length);
/* At most FILE_DEPTH_MAX labels with '/' between them, at most FILE_PATH_MAX bytes. */
bool text_is_path(const char *path, size_t length);
/* Makes what a person typed or a stranger announced into a valid name; NULL when nothing is left.
 * Transfer full. */
char *text_make_name(const char *raw, size_t length);
/* Makes what a person typed into a valid message: NFC, CRLF to LF, C0/C1 but newline and tab
 * dropped; NULL when nothing is left or it is longer than TEXT_MAX. Transfer full. */
char *text_make_message(const char *raw, size_t length);
/* For showing a message: bidi controls and other invisible characters become visible escapes such
 * as ⟨U+202E⟩. Transfer full. */
char *text_visible(const char *text, size_t length);
/* For terminals and logs: also escapes newlines, ESC and all controls as \n, \x1b, …; quotes
 * nothing. Transfer full. */
char *text_escape(const char *text, size_t length);
/* The beginning of a valid text, with … when something is left out, at most `max` (3 or more)
 * bytes. Transfer full. */
char *text_cut(const char *text, size_t max);
/* Names that look alike fold to the same skeleton: case-folded, NFKC, marks and the commonest
 * confusable letters merged. Transfer full. */
char *text_skeleton(const char *name);
