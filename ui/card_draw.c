#include "ui/card.h"
#include "ui/file_words.h"
#include "ui/layout.h"

#include <string.h>

#define PAD 12
#define TILE 48

/* Where the ending begins that must be seen; at most a few letters count as one. */
static const char *ending_at(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name && g_utf8_strlen(dot, -1) <= 12 ? dot : name + strlen(name);
}

char *card_fit_name(View *view, const char *name, Label label, int width)
{
    if (view_text_width(view, name, label) <= width)
        return g_strdup(name);
    const char *ending = ending_at(name);
    glong low = 0;
    glong high = g_utf8_strlen(name, ending - name);
    g_autofree char *best = g_strconcat("…", ending, NULL);
    while (low < high) {
        glong middle = (low + high + 1) / 2;
        g_autofree char *start = g_utf8_substring(name, 0, middle);
        g_autofree char *tried = g_strconcat(start, "…", ending, NULL);
        if (view_text_width(view, tried, label) <= width) {
            low = middle;
            g_free(best);
            best = g_steal_pointer(&tried);
        } else {
            high = middle - 1;
        }
    }
    return g_steal_pointer(&best);
}

void card_bar(View *view, Rect rect, double fraction, bool moves)
{
    const Theme *theme = view->theme;
    draw_rect(view->draw, rect, rect.h / 2, theme->active);
    Rect done = {rect.x, rect.y, (int)(rect.w * fraction + 0.5), rect.h};
    if (done.w > 0)
        draw_rect(view->draw, done, MIN(rect.h, done.w) / 2, moves ? theme->link : theme->text3);
}

static void draw_picture_box(View *view, const Card *card, int x, int y)
{
    Rect box = card->picture_box;
    if (!box.w)
        return;
    box.x += x;
    box.y += y;
    int radius = px(view, 8);
    draw_rect(view->draw, box, radius, view->theme->hover);
    if (card->picture)
        draw_picture(view->draw, box, card->picture, radius, 0);
    bool opens = card->transfer && card->transfer->state == TRANSFER_DONE && card->transfer->path;
    if (!opens) {
        node_add(view->nodes, NULL, ROLE_GROUP, card->title, box);
        return;
    }
    g_autofree char *id = g_strconcat(card->id, "/picture", NULL);
    g_autofree char *hex = card_hex(card->transfer->id);
    Node *node = view_control(view, id, ROLE_BUTTON, card->title, box);
    node_set_command(view->nodes, node, "file-open", hex);
    view_focus_ring(view, node, rect_inset(box, -px(view, 3)), radius + px(view, 3));
}

static void draw_tile(View *view, const Card *card, int x, int y)
{
    int size = px(view, TILE);
    Rect tile = {x + px(view, PAD), y + card->head_y + (card->head_height - size) / 2, size, size};
    draw_rect(view->draw, tile, px(view, 8), view->theme->soft);
    view_icon(view, words_offer_icon(card->offer), 24, view->theme->link, tile);
}

/* A word to click on, as high as a small target. Moves `x` behind it. */
static void text_button(View *view, const Card *card, const char *what, const char *text, int *x,
                        int y, const char *command)
{
    const Theme *theme = view->theme;
    Label label = {TYPE_SECONDARY, 500, theme->link, ALIGN_CENTER};
    Rect rect = {*x, y, view_text_width(view, text, label) + px(view, 16), px(view, 24)};
    g_autofree char *id = g_strdup_printf("%s/%s", card->id, what);
    g_autofree char *hex = card_hex(card->transfer->id);
    Node *node = view_control(view, id, ROLE_BUTTON, text, rect);
    node_set_command(view->nodes, node, command, hex);
    unsigned state = node->state;
    Color fill = state & NODE_PRESSED ? theme->active : state & NODE_HOVERED ? theme->hover : 0;
    if (fill)
        draw_rect(view->draw, rect, px(view, 6), fill);
    view_label(view, text, label, rect);
    view_focus_ring(view, node, rect, px(view, 6));
    *x += rect.w;
}

static void draw_links(View *view, const Card *card, int x, int y)
{
    y += card->links_y;
    if (card->transfer->state == TRANSFER_FAILED) {
        text_button(view, card, "retry", "Retry", &x, y, "transfer-retry");
        return;
    }
    /* Of several, there is no one to open. */
    if (words_is_single(card->offer))
        text_button(view, card, "open", "Open", &x, y, "file-open");
    text_button(view, card, "show", "Show in folder", &x, y, "file-show");
}

int card_links_width(View *view)
{
    Label label = {TYPE_SECONDARY, 500, view->theme->link, ALIGN_CENTER};
    return view_text_width(view, "Open", label) + view_text_width(view, "Show in folder", label) +
           2 * px(view, 16);
}

static void draw_status(View *view, const Card *card, int x, int y)
{
    Rect line = {x + card->text_x, y + card->status_y, card->text_width,
                 px(view, card->links ? 24 : 16)};
    Rect spoken = line;
    if (card->long_status)
        line.h = px(view, 16);
    bool done = card->links && !card->long_status;
    if (done) {
        line.w -= card_links_width(view);
        line.w = MAX(line.w, 0);
    }
    if (card->status_icon && line.w > px(view, 20)) {
        bool check = strcmp(card->status_icon, "check") == 0;
        view_icon(view, card->status_icon, 14, check ? view->theme->ok : card->status_color,
                  cut_left(&line, px(view, 14)));
        cut_left(&line, px(view, 6));
    }
    g_autofree char *id = g_strconcat(card->id, "/status", NULL);
    node_add(view->nodes, id, ROLE_STATUS, card->status, spoken);
    if (card->long_status) {
        draw_paragraph(view->draw, card->note, line.x, line.y);
        if (card->links)
            draw_links(view, card, x + card->text_x - px(view, 8), y);
        return;
    }
    Label label = {TYPE_META, 400, card->status_color, ALIGN_START};
    int used = 0;
    /* Where there is no room for all, what can be done is more than how large it is. */
    if (!done || view_text_width(view, card->status, label) <= line.w)
        used = view_label(view, card->status, label, line);
    else
        line.x -= px(view, card->status_icon ? 4 : 8);
    if (done)
        draw_links(view, card, line.x + used + (used ? px(view, 4) : 0), y);
}

static void draw_lines(View *view, const Card *card, int x, int y)
{
    const Theme *theme = view->theme;
    int left = x + card->text_x;
    Label title = {TYPE_UI, 600, theme->text, ALIGN_START};
    g_autofree char *name = card_fit_name(view, card->title, title, card->text_width);
    view_label(view, name, title, (Rect){left, y + card->title_y, card->text_width, px(view, 20)});
    view_label(view, card->names, (Label){TYPE_META, 400, theme->text2, ALIGN_START},
               (Rect){left, y + card->names_y, card->text_width, px(view, 16)});
    draw_status(view, card, x, y);
    if (card->bar) {
        Rect bar = {left, y + card->bar_y, card->text_width, px(view, 4)};
        card_bar(view, bar, words_fraction(card->transfer),
                 card->transfer->state != TRANSFER_PAUSED);
    }
    if (card->note && !card->long_status)
        draw_paragraph(view->draw, card->note, left, y + card->note_y);
}

static void draw_controls(View *view, const Card *card, int x, int y)
{
    if (!card->controls)
        return;
    int size = px(view, 32);
    Rect rest = {x, y + card->head_y, card->width - px(view, 6), card->head_height};
    g_autofree char *hex = card_hex(card->transfer->id);
    g_autofree char *cancel = g_strconcat(card->id, "/cancel", NULL);
    g_autofree char *pause = g_strconcat(card->id, "/pause", NULL);
    bool offered = card->transfer->state == TRANSFER_OFFERED;
    view_icon_button(view, cancel, "close", offered ? "Stop offering" : "Cancel",
                     rect_center(cut_right(&rest, size), size, size), "transfer-cancel", hex);
    if (card->controls < 2)
        return;
    bool paused = card->transfer->state == TRANSFER_PAUSED;
    view_icon_button(view, pause, paused ? "play" : "pause", paused ? "Resume" : "Pause",
                     rect_center(cut_right(&rest, size), size, size),
                     paused ? "transfer-resume" : "transfer-pause", hex);
}

static void draw_asking(View *view, const Card *card, int x, int y)
{
    static const struct {
        const char *what, *text, *command;
        ButtonKind kind;
    } buttons[] = {{"accept", "Accept", "transfer-accept", BUTTON_FILLED},
                   {"decline", "Decline", "transfer-decline", BUTTON_OUTLINED},
                   {"options", "Options…", "prompt-open", BUTTON_PLAIN}};
    if (!card->asks)
        return;
    Rect row = {x + px(view, PAD), y + card->buttons_y, card->width - 2 * px(view, PAD),
                px(view, 32)};
    g_autofree char *hex = card_hex(card->transfer->id);
    for (size_t i = 0; i < G_N_ELEMENTS(buttons); i++) {
        int width = view_button_width(view, buttons[i].text);
        if (width > row.w)
            return;
        g_autofree char *id = g_strdup_printf("%s/%s", card->id, buttons[i].what);
        view_button(view, id, buttons[i].kind, buttons[i].text, cut_left(&row, width),
                    buttons[i].command, hex);
        cut_left(&row, px(view, 8));
    }
}

/* --- receivers --- */

static char *receiver_words(const Transfer *transfer)
{
    g_autofree char *left = words_left(transfer->left_ms);
    int percent = (int)(words_fraction(transfer) * 100);
    switch (transfer->state) {
    case TRANSFER_OFFERED:
    case TRANSFER_WAITING:
        return g_strdup("waiting");
    case TRANSFER_RUNNING:
        return *left ? g_strdup_printf("%d %% · %s", percent, left)
                     : g_strdup_printf("%d %%", percent);
    case TRANSFER_CHECKING:
        return g_strdup("checking");
    case TRANSFER_PAUSED:
        return g_strdup_printf("paused · %d %%", percent);
    case TRANSFER_DONE:
        return g_strdup(transfer->missing ? "has it, not whole" : "has it");
    case TRANSFER_DECLINED:
        return g_strdup("declined");
    case TRANSFER_CANCELLED:
        return g_strdup("cancelled");
    case TRANSFER_FAILED:
        return g_strdup(*transfer->why ? transfer->why : "failed");
    }
    return g_strdup("");
}

static void draw_receiver_state(View *view, const Transfer *transfer, Rect row)
{
    const Theme *theme = view->theme;
    bool failed = transfer->state == TRANSFER_FAILED;
    g_autofree char *words = receiver_words(transfer);
    Label label = {TYPE_META, 400, failed ? theme->err : theme->text2, ALIGN_END};
    int icon = px(view, 20);
    int width = MIN(view_text_width(view, words, label) + 2, MAX(row.w - icon, 0));
    view_label(view, words, label, cut_right(&row, width));
    if (transfer->state == TRANSFER_DONE || failed) {
        cut_right(&row, px(view, 6));
        view_icon(view, failed ? "warning" : "check", 14, failed ? theme->err : theme->ok,
                  cut_right(&row, px(view, 14)));
    }
    cut_right(&row, px(view, 10));
    bool bar = transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_CHECKING ||
               transfer->state == TRANSFER_PAUSED;
    if (bar && row.w > px(view, 24))
        card_bar(view, rect_center(row, row.w, px(view, 4)), words_fraction(transfer),
                 transfer->state != TRANSFER_PAUSED);
}

static void draw_receiver(View *view, const Card *card, guint index, Rect row)
{
    const Transfer *transfer = card->receivers->pdata[index];
    const Person *person = model_person(card->model, transfer->peer);
    const char *name = person ? person->shown : "Somebody";
    g_autofree char *id = g_strdup_printf("%s/to%u", card->id, index);
    g_autofree char *hex = card_hex(transfer->id);
    g_autofree char *words = receiver_words(transfer);
    g_autofree char *spoken = g_strdup_printf("%s: %s", name, words);
    node_push(view->nodes, id, ROLE_STATUS, spoken, row);
    cut_left(&row, px(view, PAD));
    Rect end = cut_right(&row, px(view, 8 + 24));
    int size = px(view, 24);
    if (words_is_active(transfer)) {
        g_autofree char *button = g_strconcat(id, "/cancel", NULL);
        g_autofree char *what = g_strdup_printf("Cancel for %s", name);
        view_icon_button(view, button, "close", what, rect_center(cut_left(&end, size), size, size),
                         "transfer-cancel", hex);
    } else {
        row.w += px(view, 32 - PAD);
    }
    cut_right(&row, px(view, 4));
    Rect avatar = rect_center(cut_left(&row, px(view, 20)), px(view, 20), px(view, 20));
    if (person)
        view_avatar(view, person, avatar);
    cut_left(&row, px(view, 8));
    Label label = {TYPE_SECONDARY, 400, view->theme->text, ALIGN_START};
    view_label(view, name, label, cut_left(&row, MIN(px(view, 124), row.w * 45 / 100)));
    cut_left(&row, px(view, 10));
    draw_receiver_state(view, transfer, row);
    node_pop(view->nodes);
}

static void draw_receivers(View *view, const Card *card, int x, int y)
{
    if (!card->receivers->len)
        return;
    Rect rest = {x, y + card->receivers_y, card->width, card->height - card->receivers_y};
    view_line(view, rect_shrink(cut_top(&rest, MAX(px(view, 1), 1)), px(view, PAD), 0));
    cut_top(&rest, px(view, 5));
    for (guint i = 0; i < card->receivers->len; i++)
        draw_receiver(view, card, i, cut_top(&rest, px(view, 32)));
    if (!card->others)
        return;
    g_autofree char *words =
        g_strdup_printf(card->others == 1 ? "and %u other" : "and %u others", card->others);
    Rect line = cut_top(&rest, px(view, 24));
    cut_left(&line, px(view, PAD + 28));
    view_label(view, words, (Label){TYPE_META, 400, view->theme->text3, ALIGN_START}, line);
    node_add(view->nodes, NULL, ROLE_TEXT, words, line);
}

void card_draw(View *view, const Card *card, int x, int y)
{
    Rect rect = {x, y, card->width, card->height};
    g_autofree char *id = g_strconcat(card->id, "/card", NULL);
    node_push(view->nodes, id, ROLE_GROUP, card->spoken, rect);
    draw_rect(view->draw, rect, px(view, 10), view->theme->surface);
    draw_border(view->draw, rect, px(view, 10), MAX(px(view, 1), 1), view->theme->line);
    draw_picture_box(view, card, x, y);
    draw_tile(view, card, x, y);
    draw_lines(view, card, x, y);
    draw_controls(view, card, x, y);
    draw_asking(view, card, x, y);
    draw_receivers(view, card, x, y);
    node_pop(view->nodes);
}
