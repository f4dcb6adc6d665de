#pragma once
/* How a face takes keys, text and the pointer; only its own files include it. UI thread only. */

#include "ui/face_state.h"

#define FACE_WHEEL_STEP                                                                            \
    60 /* pixels at scale 1 that one notch of a wheel, or an arrow key, scrolls */

/* What the window was told; positions are device pixels. */
void face_key(Face *face, const SDL_Keysym *key);
void face_text(Face *face, const char *text);
void face_preedit(Face *face, const char *text, int caret);
void face_motion(Face *face, int x, int y);
void face_press(Face *face, const SDL_MouseButtonEvent *event);
void face_release(Face *face, const SDL_MouseButtonEvent *event);
/* The middle button pastes what was selected last. */
void face_middle(Face *face, int x, int y);
void face_wheel(Face *face, const SDL_MouseWheelEvent *event);
/* Does what a click on the node does. */
void face_activate(Face *face, Node *node);
/* Keys of the list of emoji; FALSE when the key is none of its. */
bool face_completion_key(Face *face, SDL_Keycode key);
/* ":tada:" becomes the emoji when the second colon is typed. */
bool face_close_emoji(Face *face, Editor *editor, const char *typed);
