#pragma once
/* One row of the message list: measured, drawn, and asked what is under the pointer. A row is made
 * for a frame; what is costly in it (laid out text) stays in the typesetter's cache. UI thread
 * only. */

#include "ui/card.h"
#include "ui/chat.h"
#include "ui/markup.h"
#include "ui/view.h"

/* What all rows of a frame have in common. */
typedef struct {
    const Model *model;
    const Conversation *conversation;
    const Chat *chat;
    int width; /* of the list, device pixels */
    bool narrow;
    int64_t now_ms;               /* room time */
    const CardPictures *pictures; /* NULL: none */
} RowFrame;

typedef struct {
    Paragraph *paragraph; /* owned */
    Rect text;            /* where it stands in the row */
    Rect box;             /* of a block of code, around it */
    bool code;
    size_t start, length; /* of the row's shown text */
} RowPart;

typedef struct {
    size_t index;
    MessageRef ref;
    const Message *message;                      /* of the snapshot */
    char *id;                                    /* owned; of its node */
    bool group;                                  /* begins a group: avatar and name are shown */
    bool folded;                                 /* part of the line of an earlier row: no height */
    char *day;                                   /* owned; the day line's text, NULL: none */
    bool unread;                                 /* the unread line stands above */
    Markup *markup;                              /* owned; the shown text */
    GArray *parts;                               /* RowPart, owned */
    Card *card;                                  /* owned; of an offer, else NULL */
    int day_y, unread_y, head_y, body_y, foot_y; /* tops inside the row */
    int text_x;
    int height;
    Rect rect; /* where it was drawn */
} Row;

/* Said by somebody: avatar and name stand beside it. */
bool row_is_signed(const Message *message);
Row *row_new(View *view, const RowFrame *frame, size_t index);
void row_free(Row *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Row, row_free)

/* With its top left at (x, y). Bytes [start, end) of the shown text are selected. */
void row_draw(View *view, Row *row, const RowFrame *frame, int x, int y, size_t start, size_t end);
/* The place in the shown text nearest to a point of the window. */
size_t row_offset_at(const Row *row, int x, int y);
/* The link under a point, NULL when there is none. */
const char *row_url_at(const Row *row, int x, int y);
/* A point is on the text itself. */
bool row_over_text(const Row *row, int x, int y);
/* The word around an offset, for a double click. */
void row_word(const Row *row, size_t offset, size_t *start, size_t *end);
