#include "ui/prompt.h"

#include "ui/card.h"
#include "ui/file_words.h"
#include "ui/format.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

#define WIDTH 400
#define ROW 30
#define ROWS_SHOWN 6
#define PAD 16
#define HEAD 56
#define HEAD_THUMBNAIL 80
#define THUMBNAIL_WIDEST 88
#define THUMBNAIL_HIGHEST 64

typedef struct {
    Face *face;
    View *view;
    const Transfer *transfer;
    const Person *author; /* NULL: unknown */
    unsigned count;
    size_t rows, shown; /* to choose from, and of these seen at once */
    Paragraph *title;   /* owned */
    Rect thumbnail;     /* what it covers; no width: there is none */
    int head_height, box_height, height;
} Layout;

static char *words_asked(const Layout *layout)
{
    const Offer *offer = layout->transfer->content;
    g_autofree char *name = format_name(layout->author ? layout->author->shown : "Somebody");
    g_autofree char *what = NULL;
    if (layout->rows)
        what = words_title(offer);
    else
        what = g_strdup(offer->items[0].folder ? "a folder" : "a file");
    if (layout->transfer->in_room)
        return g_strdup_printf("%s offers %s", name, what);
    return g_strdup_printf("%s wants to send you %s", name, what);
}

/* Its size is known before it is decoded, so nothing moves then. */
static void measure_thumbnail(Layout *layout)
{
    View *view = layout->view;
    const Offer *offer = layout->transfer->content;
    layout->head_height = px(view, HEAD);
    if (!offer->thumbnail || !offer->width || !offer->height || !words_is_picture(offer))
        return;
    double width = offer->width, height = offer->height;
    double scale = MIN(px(view, THUMBNAIL_WIDEST) / width, px(view, THUMBNAIL_HIGHEST) / height);
    scale = MIN(scale, view->scale);
    layout->thumbnail.w = MAX((int)(width * scale), 1);
    layout->thumbnail.h = MAX((int)(height * scale), 1);
    layout->head_height = px(view, HEAD_THUMBNAIL);
}

static void measure(Layout *layout, Rect rect)
{
    View *view = layout->view;
    measure_thumbnail(layout);
    int width = MIN(px(view, WIDTH), rect.w) - px(view, 2 * PAD + 52);
    g_autofree char *words = words_asked(layout);
    Label label = {TYPE_UI, 600, view->theme->text, ALIGN_START};
    layout->title = view_layout(view, words, label, width - px(view, 32), 2);
    int fixed = px(view, 2 * PAD) +
                MAX(px(view, 40), paragraph_height(layout->title) + px(view, 18)) +
                layout->head_height + px(view, 12 + 14 + 36 + 8 + 32 - 6);
    layout->shown = MIN(layout->rows, ROWS_SHOWN);
    while (layout->shown > 2 && fixed + (int)layout->shown * px(view, ROW) + px(view, 8) > rect.h)
        layout->shown--;
    layout->box_height =
        layout->head_height + (layout->rows ? (int)layout->shown * px(view, ROW) + px(view, 8) : 0);
    layout->height = fixed - layout->head_height + layout->box_height;
}

static void draw_who(const Layout *layout, Rect *rest)
{
    View *view = layout->view;
    const Theme *theme = view->theme;
    int text = paragraph_height(layout->title) + px(view, 18);
    Rect row = cut_top(rest, MAX(px(view, 40), text));
    Rect close = cut_right(&row, px(view, 32));
    close.h = px(view, 32);
    close.x += px(view, 8);
    close.y -= px(view, 6);
    view_icon_button(view, "prompt/later", "close", "Decide later", close, "prompt-later", NULL);
    Rect avatar = cut_left(&row, px(view, 40));
    avatar.h = avatar.w;
    if (layout->author)
        view_avatar(view, layout->author, avatar);
    cut_left(&row, px(view, 12));
    row.y += (row.h - text) / 2;
    draw_paragraph(view->draw, layout->title, row.x, row.y);
    Rect below = {row.x, row.y + paragraph_height(layout->title), row.w, px(view, 18)};
    g_autofree char *where =
        layout->transfer->in_room ? g_strdup("to everyone in #general") : g_strdup("to you alone");
    g_autofree char *line =
        layout->count > 1 ? g_strdup_printf("%s · 1 of %u", where, layout->count) : g_strdup(where);
    view_label(view, line, (Label){TYPE_META, 400, theme->text2, ALIGN_START}, below);
    node_add(view->nodes, "prompt/line", ROLE_TEXT, line, below);
}

static char *item_name(const Offer *offer, size_t row)
{
    if (row < offer->item_count)
        return transfer_item_shown(&offer->items[row]);
    g_autofree char *number = words_number(offer->unlisted);
    return g_strdup_printf("and %s more", number);
}

static uint64_t item_bytes(const Offer *offer, size_t row)
{
    if (row < offer->item_count)
        return offer->items[row].bytes;
    uint64_t listed = 0;
    for (size_t i = 0; i < offer->item_count; i++)
        listed += offer->items[i].bytes;
    return offer->bytes > listed ? offer->bytes - listed : 0;
}

static void draw_item(const Layout *layout, size_t row, Rect rect)
{
    View *view = layout->view;
    const Offer *offer = layout->transfer->content;
    bool wanted = prompt_row_wanted(layout->face, row);
    g_autofree char *id = g_strdup_printf("prompt/item%zu", row);
    g_autofree char *argument = g_strdup_printf("%zu", row);
    g_autofree char *name = item_name(offer, row);
    g_autofree char *size = words_size(item_bytes(offer, row));
    Label meta = {TYPE_META, 400, view->theme->text2, ALIGN_END};
    int width = view_text_width(view, size, meta) + 2;
    int room = rect.w - px(view, 4 + 20 + 10 + 10) - width;
    Label label = {TYPE_SECONDARY, 400, view->theme->text, ALIGN_START};
    g_autofree char *fits = card_fit_name(view, name, label, room);
    Node *node = screen_check(view, rect, id, name, fits, TYPE_SECONDARY, wanted, "prompt-item");
    node_set_command(view->nodes, node, "prompt-item", argument);
    Rect end = {rect.x + rect.w - width - px(view, 6), rect.y, width, rect.h};
    view_label(view, size, meta, end);
}

/* One more row than is seen keeps a sliver at each end, so that the keyboard goes on there. */
static void draw_items(const Layout *layout, Rect rect)
{
    View *view = layout->view;
    Prompt *prompt = &layout->face->prompt;
    int row_height = px(view, ROW);
    int most = (int)layout->rows * row_height - rect.h;
    unsigned focused;
    if (view->focus && view->show_focus && g_str_has_prefix(view->focus, "prompt/item")) {
        focused = (unsigned)g_ascii_strtoull(view->focus + strlen("prompt/item"), NULL, 10);
        int top = (int)focused * row_height;
        prompt->scroll = CLAMP(prompt->scroll, top + row_height - rect.h, top);
    }
    prompt->scroll = CLAMP(prompt->scroll, 0, MAX(most, 0));
    node_push(view->nodes, "prompt/items", ROLE_LIST, "Files", rect);
    draw_push_clip(view->draw, rect);
    for (size_t i = 0; i < layout->rows; i++) {
        Rect row = {rect.x, rect.y + (int)i * row_height - prompt->scroll, rect.w, row_height};
        if (row.y + row.h < rect.y || row.y > rect.y + rect.h)
            continue;
        node_push_clip(view->nodes, rect_inset(rect, -1));
        draw_item(layout, i, row);
        node_pop_clip(view->nodes);
    }
    draw_pop_clip(view->draw);
    node_pop(view->nodes);
    prompt->list = rect;
    if (most <= 0)
        return;
    int length = MAX(rect.h * rect.h / ((int)layout->rows * row_height), px(view, 16));
    int y = rect.y + (int)((int64_t)(rect.h - length) * prompt->scroll / most);
    Rect thumb = {rect.x + rect.w + px(view, 3), y, px(view, 4), length};
    draw_rect(view->draw, thumb, thumb.w / 2, view->theme->edge);
}

static char *words_chosen(const Layout *layout)
{
    const Offer *offer = layout->transfer->content;
    const Prompt *prompt = &layout->face->prompt;
    g_autofree char *folder =
        words_folder(prompt->into ? prompt->into : model_folder(layout->face->model));
    uint64_t bytes;
    size_t all = offer->item_count + offer->unlisted;
    size_t wanted = prompt_wanted(layout->face, offer, &bytes);
    if (wanted == all) {
        g_autofree char *total = words_total(offer);
        return g_strdup_printf("%s · to %s", total, folder);
    }
    if (!wanted)
        return g_strdup("Nothing is chosen");
    g_autofree char *size = words_size(bytes);
    return g_strdup_printf("%zu of %zu · %s · to %s", wanted, all, size, folder);
}

/* What is offered, small; else by the kind of it. */
static void draw_sign(const Layout *layout, Rect *head)
{
    View *view = layout->view;
    const FaceHost *host = layout->face->host;
    const Offer *offer = layout->transfer->content;
    Rect box = layout->thumbnail;
    if (!box.w) {
        view_icon(view, words_offer_icon(offer), 22, view->theme->link,
                  cut_left(head, px(view, 24)));
        return;
    }
    int radius = px(view, 6);
    head->x -= px(view, 4);
    head->w += px(view, 4);
    Rect column = cut_left(head, MAX(box.w, px(view, 24)));
    box = rect_center(column, box.w, box.h);
    Picture *picture = host->thumbnail
                           ? host->thumbnail(offer->thumbnail, px(view, THUMBNAIL_WIDEST),
                                             px(view, THUMBNAIL_HIGHEST), layout->face->user)
                           : NULL;
    draw_rect(view->draw, box, radius, view->theme->hover);
    if (picture)
        draw_picture(view->draw, box, picture, radius, 0);
}

static void draw_box(const Layout *layout, Rect box)
{
    View *view = layout->view;
    const Theme *theme = view->theme;
    const Offer *offer = layout->transfer->content;
    draw_rect(view->draw, box, px(view, 8), theme->bg);
    draw_border(view->draw, box, px(view, 8), MAX(px(view, 1), 1), theme->line);
    Rect inner = rect_shrink(box, px(view, 12), 0);
    Rect head = cut_top(&inner, layout->head_height);
    Label plain = {TYPE_UI, 500, theme->link, ALIGN_CENTER};
    int width = view_text_width(view, "Change…", plain) + px(view, 20);
    Rect change = rect_center(cut_right(&head, width), width, px(view, 32));
    change.x += px(view, 6);
    view_button(view, "prompt/change", BUTTON_PLAIN, "Change…", change, "prompt-change", NULL);
    cut_right(&head, px(view, 4));
    draw_sign(layout, &head);
    cut_left(&head, px(view, 12));
    head = rect_center(head, head.w, px(view, HEAD));
    g_autofree char *title = words_title(offer);
    g_autofree char *line = words_chosen(layout);
    Label name = {TYPE_UI, 500, theme->text, ALIGN_START};
    g_autofree char *fits = card_fit_name(view, title, name, head.w);
    view_label(view, fits, name, (Rect){head.x, head.y + px(view, 9), head.w, px(view, 20)});
    Rect below = {head.x, head.y + px(view, 30), head.w, px(view, 16)};
    view_label(view, line, (Label){TYPE_META, 400, theme->text2, ALIGN_START}, below);
    node_add(view->nodes, "prompt/what", ROLE_TEXT, title, head);
    node_add(view->nodes, "prompt/chosen", ROLE_STATUS, line, below);
    if (!layout->rows)
        return;
    inner = rect_shrink(box, px(view, 10), 0);
    cut_top(&inner, layout->head_height);
    draw_items(layout, cut_top(&inner, (int)layout->shown * px(view, ROW)));
}

static void draw_buttons(const Layout *layout, Rect row)
{
    View *view = layout->view;
    uint64_t bytes;
    bool any = prompt_wanted(layout->face, layout->transfer->content, &bytes) > 0;
    view_button(view, "prompt/accept", BUTTON_FILLED, "Accept",
                cut_left(&row, view_button_width(view, "Accept")), any ? "prompt-accept" : NULL,
                NULL);
    cut_left(&row, px(view, 8));
    view_button(view, "prompt/decline", BUTTON_OUTLINED, "Decline",
                cut_left(&row, view_button_width(view, "Decline")), "prompt-decline", NULL);
    Label keys = {TYPE_META, 400, view->theme->text3, ALIGN_END};
    const char *words = "Alt+A · Alt+R";
    if (row.w > view_text_width(view, words, keys) + px(view, 12))
        view_label(view, words, keys, row);
}

static void draw_card(const Layout *layout, Rect card)
{
    View *view = layout->view;
    g_autofree char *name = words_asked(layout);
    Node *pane = node_push(view->nodes, "prompt", ROLE_PANE, name, card);
    pane->state |= NODE_BLOCKS;
    view_card(view, card, px(view, 14));
    Rect rest = rect_inset(card, px(view, PAD));
    draw_who(layout, &rest);
    cut_top(&rest, px(view, 12));
    draw_box(layout, cut_top(&rest, layout->box_height));
    cut_top(&rest, px(view, 14));
    draw_buttons(layout, cut_top(&rest, px(view, 36)));
    cut_top(&rest, px(view, 8));
    const char *always = "Always accept from this person";
    screen_check(view, cut_top(&rest, px(view, 32)), "prompt/always", always, always, TYPE_UI,
                 layout->face->prompt.always, "prompt-always");
    node_pop(view->nodes);
}

void screen_prompt(Face *face, View *view, Rect rect)
{
    Layout layout = {.face = face, .view = view};
    face->prompt.list = (Rect){0};
    layout.transfer = prompt_front(face, &layout.count);
    if (!layout.transfer || face_asks_name(face))
        return;
    layout.author = model_person(face->model, layout.transfer->author);
    layout.rows = prompt_rows(layout.transfer->content);
    int margin = px(view, face_shape(face) == SHAPE_NARROW ? 8 : 16);
    cut_top(&rect, px(view, 56) + margin);
    rect = rect_shrink(rect, margin, 0);
    measure(&layout, rect);
    int width = face_shape(face) == SHAPE_NARROW ? rect.w : MIN(px(view, WIDTH), rect.w);
    draw_card(&layout, (Rect){rect.x + rect.w - width, rect.y, width, layout.height});
    paragraph_unref(layout.title);
}
