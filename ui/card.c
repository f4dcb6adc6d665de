#include "ui/card.h"

#include "ui/file_words.h"
#include "ui/format.h"

#include <string.h>

#define WIDEST 400
#define PAD 12
#define TILE 48
#define HEAD 72 /* with one line of names less */
#define HEAD_NAMES 90
#define BUTTON 32
#define RECEIVERS_SHOWN 5
#define RECEIVER 32
#define PICTURE_WIDEST 360
#define PICTURE_HIGHEST 240

char *card_hex(const uint8_t *id)
{
    GString *hex = g_string_new(NULL);
    for (int i = 0; i < TRANSFER_SIZE; i++)
        g_string_append_printf(hex, "%02x", id[i]);
    return g_string_free(hex, FALSE);
}

static bool nobody(const uint8_t *key)
{
    static const uint8_t zero[KEY_SIZE];
    return memcmp(key, zero, KEY_SIZE) == 0;
}

/* --- what it shows --- */

/* A room's offer: those that are under way come first into the few places that there are. */
static void choose_receivers(Card *card, const GPtrArray *all)
{
    for (int round = 0; round < 2; round++) {
        for (guint i = all->len; i-- > 0;) {
            const Transfer *transfer = all->pdata[i];
            if (nobody(transfer->peer) || transfer_state_is_final(transfer->state) != (round == 1))
                continue;
            if (card->receivers->len < RECEIVERS_SHOWN)
                g_ptr_array_add(card->receivers, (gpointer)transfer);
            else
                card->others++;
        }
    }
}

/* The one for all: of an own offer in a room the one that nobody has taken, else the only one. */
static const Transfer *choose_transfer(const Card *card, const GPtrArray *all)
{
    const Transfer *found = NULL;
    for (guint i = 0; i < all->len; i++) {
        const Transfer *transfer = all->pdata[i];
        bool open = nobody(transfer->peer);
        if (card->room ? open : !found || !open)
            found = transfer;
    }
    return found;
}

static GPtrArray *transfers_of(const Model *model, const Message *message)
{
    GPtrArray *all = model_transfers_of(model, message->id);
    for (guint i = all->len; i-- > 0;) {
        const Transfer *transfer = all->pdata[i];
        /* Whoever copies an id offers something else. */
        if (!message->author || memcmp(transfer->author, message->author->key, KEY_SIZE) != 0)
            g_ptr_array_remove_index(all, i);
    }
    return all;
}

static GPtrArray *room_parts(const Card *card, const GPtrArray *all)
{
    unsigned done = 0, active = 0, declined = 0, failed = 0;
    for (guint i = 0; i < all->len; i++) {
        const Transfer *transfer = all->pdata[i];
        if (nobody(transfer->peer))
            continue;
        done += transfer->state == TRANSFER_DONE;
        declined += transfer->state == TRANSFER_DECLINED;
        failed += transfer->state == TRANSFER_FAILED || transfer->state == TRANSFER_CANCELLED;
        active += words_is_active(transfer);
    }
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(parts, words_total(card->offer));
    bool over = card->transfer && transfer_state_is_final(card->transfer->state);
    if (done)
        g_ptr_array_add(parts, g_strdup_printf(done == 1 ? "%u has it" : "%u have it", done));
    if (active)
        g_ptr_array_add(parts, g_strdup_printf("%u on the way", active));
    if (declined)
        g_ptr_array_add(parts, g_strdup_printf("%u declined", declined));
    if (failed)
        g_ptr_array_add(parts, g_strdup_printf("%u failed", failed));
    if (over)
        g_ptr_array_add(parts, g_strdup("no longer offered"));
    else if (parts->len == 1 && card->transfer)
        g_ptr_array_add(parts, g_strdup("offered to everyone"));
    return parts;
}

/* --- measuring --- */

static int control_count(const Card *card)
{
    const Transfer *transfer = card->transfer;
    if (!transfer)
        return 0;
    switch (transfer->state) {
    case TRANSFER_OFFERED:
        return transfer->outgoing ? 1 : 0;
    case TRANSFER_WAITING:
        return 1;
    case TRANSFER_RUNNING:
    case TRANSFER_CHECKING:
        return 2;
    case TRANSFER_PAUSED:
        return transfer->by_peer ? 1 : 2;
    default:
        return 0;
    }
}

/* As many parts as there is room for; who it is about stands first in a list. */
/* As many parts as there is room for. */
static char *fit_parts(View *view, const Card *card, const GPtrArray *parts)
{
    Label label = {TYPE_META, 400, view->theme->text2, ALIGN_START};
    bool beside = card->links && card->transfer->state == TRANSFER_DONE;
    int room = card->text_width - (card->status_icon ? px(view, 20) : 0) -
               (beside ? card_links_width(view) : 0);
    for (guint count = parts->len; count > 1; count--) {
        g_autofree char *line = words_join(parts, count);
        if (view_text_width(view, line, label) <= room)
            return g_steal_pointer(&line);
    }
    return words_join(parts, 1);
}

/* In a list it begins with who it is about. */
static char *fit_status(View *view, const Card *card)
{
    g_autoptr(GPtrArray) parts = words_state(card->transfer, card->other_name);
    bool says_who = strstr(parts->pdata[0], card->other_name) != NULL;
    const char *way = card->transfer->outgoing ? "to" : "from";
    if (card->listed && card->other && !says_who)
        g_ptr_array_insert(parts, 0, g_strdup_printf("%s %s", way, card->other_name));
    return fit_parts(view, card, parts);
}

static void look_of_state(View *view, Card *card)
{
    const Theme *theme = view->theme;
    card->status_color = theme->text2;
    if (!card->transfer || card->room)
        return;
    switch (card->transfer->state) {
    case TRANSFER_DONE:
        card->status_icon = "check";
        break;
    case TRANSFER_FAILED:
        card->status_icon = "warning";
        card->status_color = theme->err;
        break;
    case TRANSFER_WAITING:
        card->status_icon = "clock";
        break;
    default:
        break;
    }
}

/* The box is there before the picture is, so that nothing moves when it comes. */
static void measure_picture(View *view, Card *card, const CardPictures *pictures)
{
    const Transfer *transfer = card->transfer;
    int widest = MIN(px(view, PICTURE_WIDEST), card->width - 2 * px(view, PAD));
    int highest = px(view, PICTURE_HIGHEST);
    if (!pictures || !words_is_picture(card->offer))
        return;
    bool here =
        transfer && transfer->path && (transfer->outgoing || transfer->state == TRANSFER_DONE);
    if (here && pictures->picture)
        card->picture = pictures->picture(transfer->path, widest, highest, pictures->user);
    if (!card->picture && card->offer->thumbnail && pictures->thumbnail)
        card->picture =
            pictures->thumbnail(card->offer->thumbnail, widest, highest, pictures->user);
    uint32_t pixels_x = card->offer->width, pixels_y = card->offer->height;
    bool known = card->offer->thumbnail && pixels_x && pixels_y;
    if (!known && here && pictures->size)
        known = pictures->size(transfer->path, &pixels_x, &pixels_y, pictures->user);
    double width = pixels_x, height = pixels_y;
    if (!known) {
        width = card->picture ? picture_width(card->picture) / view->scale : 0;
        height = card->picture ? picture_height(card->picture) / view->scale : 0;
    }
    if (width < 1 || height < 1)
        return;
    double scale = MIN(MIN(widest / width, highest / height), view->scale);
    card->picture_box = (Rect){px(view, PAD), px(view, PAD), MAX((int)(width * scale), 1),
                               MAX((int)(height * scale), 1)};
}

static bool fits(View *view, const Card *card)
{
    Label label = {TYPE_META, 400, card->status_color, ALIGN_START};
    int room = card->text_width - (card->status_icon ? px(view, 20) : 0);
    return card->transfer->state == TRANSFER_DONE ||
           view_text_width(view, card->status, label) <= room;
}

/* The status when it is a sentence of several lines, or what is to be said beside it. */
static Paragraph *note_of(View *view, const Card *card)
{
    const Transfer *transfer = card->transfer;
    if (!transfer || card->room)
        return NULL;
    bool failed = transfer->state == TRANSFER_FAILED;
    bool done = transfer->state == TRANSFER_DONE;
    g_autofree char *words = NULL;
    if (failed || !fits(view, card)) {
        words = g_strdup(card->status);
    } else if (done && transfer->why && *transfer->why) {
        words = g_strdup(transfer->why);
    } else if (done && transfer->missing) {
        g_autofree char *number = words_number(transfer->missing);
        words = g_strdup_printf(transfer->missing == 1
                                    ? "%s file could not be read there and is missing."
                                    : "%s files could not be read there and are missing.",
                                number);
    }
    if (!words)
        return NULL;
    Color color = done ? view->theme->warn : card->status_color;
    Label label = {TYPE_META, 400, color, ALIGN_START};
    return view_layout(view, words, label, card->text_width - px(view, 20), 3);
}

static void measure(View *view, Card *card)
{
    bool named = *card->names;
    card->long_status = card->note && card->transfer->state != TRANSFER_DONE;
    int head = px(view, named ? HEAD_NAMES : HEAD);
    int status = px(view, card->links ? 24 : 16) + px(view, card->bar ? 11 : 0);
    if (card->long_status)
        status = paragraph_height(card->note) + px(view, card->links ? 28 : card->bar ? 11 : 0);
    int lines = px(view, 20 + (named ? 18 : 0)) + status;
    head = MAX(head, lines + px(view, 2 * PAD));
    int y = card->head_y + (head - lines) / 2;
    card->title_y = y;
    card->names_y = y + px(view, 20);
    card->status_y = y + px(view, 20 + (named ? 18 : 0));
    card->bar_y = y + lines - px(view, 4);
    card->head_height = head;
    y = card->head_y + head;
    card->note_y = card->long_status ? card->status_y : y - px(view, 4);
    card->links_y = card->long_status ? y - (head - lines) / 2 - px(view, 24) : card->status_y;
    if (card->note && !card->long_status)
        y += paragraph_height(card->note) + px(view, 8);
    card->buttons_y = y;
    if (card->asks)
        y += px(view, BUTTON + PAD);
    card->receivers_y = y;
    if (card->receivers->len)
        y += px(view, 12) + (int)card->receivers->len * px(view, RECEIVER) +
             (card->others ? px(view, 24) : 0);
    card->height = y;
}

static void fill(View *view, Card *card, const GPtrArray *all, const CardPictures *pictures)
{
    const Transfer *transfer = card->transfer;
    bool single = transfer && !card->room;
    g_autoptr(GPtrArray) room = room_parts(card, all);
    card->other_name = format_name(card->other ? card->other->shown : "the other side");
    if (!card->listed)
        card->width = MIN(card->width, px(view, WIDEST));
    card->text_x = px(view, PAD + TILE + PAD);
    card->controls = control_count(card);
    int controls = card->controls ? px(view, card->controls * 32 + 6) : px(view, PAD);
    card->text_width = MAX(card->width - card->text_x - controls, px(view, 40));
    card->title = words_title(card->offer);
    card->names = words_items(card->offer);
    look_of_state(view, card);
    card->links =
        single && ((transfer->state == TRANSFER_DONE && !transfer->outgoing && transfer->path) ||
                   (transfer->state == TRANSFER_FAILED && transfer->retryable));
    if (single)
        card->status = fit_status(view, card);
    else
        card->status = fit_parts(view, card, room);
    card->bar = single && words_is_active(transfer);
    card->asks = single && transfer->state == TRANSFER_OFFERED && !transfer->outgoing;
    card->note = note_of(view, card);
    card->spoken = g_strdup_printf("%s, %s", card->title, card->status);
    measure_picture(view, card, pictures);
    if (card->picture_box.w)
        card->head_y = card->picture_box.y + card->picture_box.h;
    measure(view, card);
}

static Card *card_new(const Model *model, const Offer *offer, const char *id, int width)
{
    Card *card = g_new0(Card, 1);
    card->model = model;
    card->offer = offer;
    card->id = g_strdup(id);
    card->width = width;
    card->receivers = g_ptr_array_new();
    return card;
}

Card *card_of_message(View *view, const Model *model, const Conversation *conversation,
                      const Message *message, const CardPictures *pictures, const char *id,
                      int width)
{
    Card *card = card_new(model, message->offer, id, width);
    g_autoptr(GPtrArray) all = transfers_of(model, message);
    bool own = message->author && message->author->self;
    card->room = own && !conversation->person;
    card->transfer = choose_transfer(card, all);
    card->other = own ? conversation->person : message->author;
    if (card->room)
        choose_receivers(card, all);
    fill(view, card, all, pictures);
    return card;
}

Card *card_of_transfer(View *view, const Model *model, const Transfer *transfer, const char *id,
                       int width)
{
    Card *card = card_new(model, transfer->content, id, width);
    card->transfer = transfer;
    card->other = nobody(transfer->peer) ? NULL : model_person(model, transfer->peer);
    card->listed = true;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    fill(view, card, none, NULL);
    return card;
}

void card_free(Card *card)
{
    if (!card)
        return;
    g_ptr_array_unref(card->receivers);
    paragraph_unref(card->note);
    char *owned[] = {card->id,    card->other_name, card->title,
                     card->names, card->status,     card->spoken};
    for (size_t i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
    g_free(card);
}
