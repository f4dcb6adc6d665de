#pragma once
/* How files come to be offered from the face: the paperclip's menu, what is dropped on the window
 * and what is pasted as a picture. UI thread only. */

#include "ui/actions.h"

/* The action of this name, when it is one about attaching; else NULL. */
const Action *attach_find(const char *name);
/* Events of dragging and dropping; FALSE when it is none. The strings of the event stay the
 * caller's. */
bool attach_event(Face *face, const SDL_Event *event);
/* What is dragged over the window, or dropped, would be offered in the conversation shown; NULL:
 * nothing is dragged. Transfer full. */
char *attach_drop_words(const Face *face);
/* Ctrl+V: TRUE when it means a picture, FALSE when text is to be pasted. */
bool attach_paste(Face *face);
/* Forgets everything, and removes a pasted picture that was not offered. */
void attach_clear(Face *face);
