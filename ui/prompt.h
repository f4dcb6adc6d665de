#pragma once
/* What is decided about files that somebody offers, in the prompt at the top right: which offer it
 * shows, and what the person has chosen in it so far. Offers queue, the oldest first; what is
 * decided or put off leaves at once, whatever the network does. UI thread only. */

#include "ui/actions.h"

/* The action of this name, when it is one of the prompt; else NULL. */
const Action *prompt_find(const char *name);
/* The offer to decide on, NULL when there is none; `count` (may be NULL) tells how many wait. A new
 * one begins with nothing chosen. */
const Transfer *prompt_front(Face *face, unsigned *count);
/* Rows to choose from: the items that have a name, and one for those without. 0: nothing to choose.
 */
size_t prompt_rows(const Offer *offer);
bool prompt_row_wanted(const Face *face, size_t row);
/* Files and bytes of what is chosen. */
size_t prompt_wanted(const Face *face, const Offer *offer, uint64_t *bytes);
void prompt_clear(Face *face);
