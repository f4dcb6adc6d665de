#pragma once
/* An offer of files as a card: what it is, how far it is, what can be done. In a message it shows
 * the offer, with all receivers of an own one in a room; in the list of transfers one transfer. Its
 * height depends on the kind of state, never on progress. A card is made for a frame. UI thread
 * only. */

#include "app/model.h"
#include "ui/picture.h"
#include "ui/view.h"

/* Where pictures come from: FaceHost's functions of these names. Each may be NULL. */
typedef struct {
    Picture *(*picture)(const char *path, int width, int height, void *user);
    bool (*size)(const char *path, uint32_t *width, uint32_t *height, void *user);
    Picture *(*thumbnail)(GBytes *encoded, int width, int height, void *user);
    void *user;
} CardPictures;

typedef struct {
    const Offer *offer;       /* of the snapshot */
    const Transfer *transfer; /* of the snapshot; NULL: nothing is known of it */
    const Person *other;      /* NULL: not known */
    char *other_name;         /* owned; for sentences */
    bool room;                /* an own offer in a room: `receivers` counts */
    bool listed;              /* in the list of transfers: says who */
    GPtrArray *receivers;     /* owned, const Transfer*: those shown */
    unsigned others;          /* receivers that are not */
    const Model *model;
    char *id;                              /* owned; begins the ids of its nodes */
    char *title, *names, *status, *spoken; /* owned */
    const char *status_icon;               /* NULL: none */
    Color status_color;
    Paragraph *note;  /* owned; what does not fit into the line of the status; NULL: none */
    Picture *picture; /* NULL: none */
    Rect picture_box; /* where it is in the card; no width: none */
    int controls;     /* icon buttons at the right */
    bool long_status; /* `note` is the status, of several lines */
    bool bar, links, asks;
    int head_y, head_height, title_y, names_y, status_y, bar_y, note_y, links_y, buttons_y,
        receivers_y;
    int text_x, text_width;
    int width, height; /* device pixels */
} Card;

/* `width`: what there is room for. */
Card *card_of_message(View *view, const Model *model, const Conversation *conversation,
                      const Message *message, const CardPictures *pictures, const char *id,
                      int width);
Card *card_of_transfer(View *view, const Model *model, const Transfer *transfer, const char *id,
                       int width);
void card_free(Card *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Card, card_free)

/* With its top left at (x, y). */
void card_draw(View *view, const Card *card, int x, int y);
/* One line that fits, shortened before the ending, so that this is always seen. Transfer full. */
char *card_fit_name(View *view, const char *name, Label label, int width);
/* The 4 pixels of progress. */
void card_bar(View *view, Rect rect, double fraction, bool moves);
/* Of "Open" and "Show in folder" side by side. */
int card_links_width(View *view);
/* 32 hexadecimal digits; transfer full. */
char *card_hex(const uint8_t *id);
