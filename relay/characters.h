#pragma once
/* What relay/text.h needs to know of single characters and their neighbours. Texts are UCS-4 here,
 * positions are indices. The properties are GLib's; where GLib has none (emoji, default ignorable)
 * ranges of Unicode 15 stand in the code. */

#include <glib.h>
#include <stdbool.h>

/* C0, DEL, C1, line and paragraph separator. */
bool character_is_control(gunichar c);
/* U+FDD0–FDEF and the last two of every plane. */
bool character_is_noncharacter(gunichar c);
/* Draws nothing by itself: bidi controls, joiners, zero-width spaces, fillers, variation selectors,
 * tags. */
bool character_is_hidden(gunichar c);
/* About Extended_Pictographic. */
bool character_is_pictograph(gunichar c);

/* The hidden character at `i` does what it is made for, by its neighbours: a joiner in an emoji
 * sequence or between letters of a script that needs it (RFC 5892 A.1, A.2), a variation selector
 * behind what it varies, a tag in a flag. `strict`: a joiner also needs a letter behind it. */
bool character_is_proper(const gunichar *text, glong length, glong i, bool strict);

/* Index behind the grapheme that begins at `start`: UAX #29 extended grapheme clusters but for
 * Prepend (GB9b), with marks, emoji and Hangul recognised by general category and ranges. */
glong grapheme_end(const gunichar *text, glong length, glong start);
glong grapheme_count(const gunichar *text, glong length);
