#pragma once
/* What a face remembers of one conversation between frames: which rows there are and how high,
 * where it is scrolled to, what was unread when the visit began, what is selected, and what is
 * being written. UI thread only.
 *
 * The place in the list is a message and a distance, never a pixel count: nothing jumps when rows
 * above change height or older ones are loaded. */

#include "app/model.h"
#include "ui/field.h"
#include "ui/heights.h"

/* Names a message across snapshots. */
typedef struct {
    uint8_t id[MODEL_ID_SIZE];
    uint64_t author; /* the start of the author's key; 0: none */
} MessageRef;

/* A place in the shown text of a message. */
typedef struct {
    MessageRef message;
    size_t offset; /* bytes */
} TextPlace;

typedef struct {
    char *id; /* owned; of the conversation */
    Field *composer;
    GArray *refs; /* MessageRef of each row */
    Heights *heights;
    int width; /* that the heights belong to */
    double scale;

    bool pinned;       /* the end of the list is kept in view */
    MessageRef anchor; /* when not pinned: this row's top … */
    size_t anchor_row; /* … which was at this index … */
    int anchor_y;      /* … is so many pixels below the top of the list */

    bool visited;       /* the visit has begun */
    bool has_unread;    /* the unread line is shown … */
    MessageRef unread;  /* … before this message */
    MessageRef marked;  /* told to be read last */
    size_t asked_count; /* rows there were when older ones were asked for last; they come once */

    bool selecting; /* the pointer is down */
    bool selected;
    TextPlace from, to; /* of the selection, in the order in which it was made */

    uint64_t draft_serial; /* of the composer, when the draft was kept last */
} Chat;

Chat *chat_new(const char *id);
void chat_free(Chat *chat);

MessageRef chat_ref(const Message *message);
/* Whether both name the same message. */
bool chat_same(const MessageRef *a, const MessageRef *b);
/* Follows the snapshot: rows appear, go and change places; measured heights stay with their
 * messages. Returns how many were added at the end. */
size_t chat_sync(Chat *chat, const Model *model, const Conversation *conversation);
/* The row of a message; `hint` is looked at first. FALSE when it is not loaded. */
bool chat_find(const Chat *chat, const MessageRef *ref, size_t hint, size_t *row);
size_t chat_count(const Chat *chat);
/* The selection in the order of rows; FALSE when there is none or its ends are gone. */
bool chat_selection(const Chat *chat, size_t *first_row, size_t *first_offset, size_t *last_row,
                    size_t *last_offset);
void chat_deselect(Chat *chat);
