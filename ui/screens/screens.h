#pragma once
/* The screens: each draws one part of the face from its state and the model, and puts nodes with
 * actions where something can be done. */

#include "ui/face_state.h"

/* Each fills `rect`, device pixels. */
void screen_sidebar(Face *face, View *view, Rect rect);
void screen_header(Face *face, View *view, Rect rect);
void screen_messages(Face *face, View *view, Rect rect);
/* How high the composer with its strips wants to be. */
int screen_composer_height(Face *face, View *view, int width);
void screen_composer(Face *face, View *view, Rect rect);
/* The name field of the first run, in the place of the composer. */
int screen_first_run_height(Face *face, View *view, int width);
void screen_first_run(Face *face, View *view, Rect rect);
void screen_people(Face *face, View *view, Rect rect);
/* Over the top of the messages, when the link is lost. */
void screen_pill(Face *face, View *view, Rect rect);
/* One line above the messages about the network, or about finding; returns its height, 0 when there
 * is nothing to say. */
int screen_finding(Face *face, View *view, Rect rect);
/* The menu of the place's name. */
void screen_place(Face *face, View *view, Rect rect);
/* How a choice is spoken of: its name; what and where it is (transfer full); "joined", "joining…",
 * "remembered" or "". */
const char *screen_choice_name(const Choice *choice);
char *screen_choice_words(const Model *model, const Choice *choice);
const char *screen_choice_state(const Model *model, const Choice *choice);
void screen_connect(Face *face, View *view, Rect rect);
/* Asks for the passphrase of a locked place. */
void screen_passphrase(Face *face, View *view, Rect rect);
void screen_switcher(Face *face, View *view, Rect rect);
void screen_settings(Face *face, View *view, Rect rect);
void screen_shortcuts(Face *face, View *view, Rect rect);
/* Somebody wants to send files: over everything but dialogs. */
void screen_prompt(Face *face, View *view, Rect rect);
/* What is under way, at the lower end of `rest`; takes nothing when there is nothing. */
void screen_dock(Face *face, View *view, Rect *rest);
void screen_transfers(Face *face, View *view, Rect rect);
/* Settings about files. */
void screen_files(Face *face, View *view, Rect rect);
/* Transfers under way, their sums, and the oldest of them (untouched when there is none). */
unsigned transfers_active(const Model *model, uint64_t *bytes, uint64_t *total,
                          const Transfer **first);
/* A box to tick with words, the spoken name apart. */
Node *screen_check(View *view, Rect row, const char *id, const char *name, const char *text,
                   TypeSize size, bool on, const char *command);
/* The paperclip's menu. */
void screen_attach(Face *face, View *view, Rect rect);
/* Our own dialog for a path. */
void screen_chooser(Face *face, View *view, Rect rect);
/* Over the chat while something is dragged over the window. */
void screen_drop(Face *face, View *view, Rect rect);

/* Where `text` matches what is typed in the switcher: 0 not at all, more is better. */
int switcher_rank(const char *text, const char *typed);
/* What the switcher lists, best first: const Conversation* or const Person* by `is_person`. */
typedef struct {
    const Conversation *conversation; /* NULL: the person has none yet */
    const Person *person;             /* NULL: a room */
    const char *name;
    int rank;
} SwitcherEntry;
size_t switcher_entries(Face *face, SwitcherEntry *out, size_t max);

/* A field in a box: outline, focus, text. */
void screen_field(Face *face, View *view, const char *id, Field *field, const char *name,
                  const char *placeholder, Rect rect);
/* A centred card of a dialog over a scrim; opens its node, which node_pop() closes. Returns the
 * inside. */
Rect screen_dialog(Face *face, View *view, Rect rect, const char *id, const char *title, int width,
                   int height);
