/* The dock in the sidebar, the list of all transfers, and the settings about files. */
#include "ui/card.h"
#include "ui/file_words.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

unsigned transfers_active(const Model *model, uint64_t *bytes, uint64_t *total,
                          const Transfer **first)
{
    unsigned count = 0;
    const GPtrArray *all = model_transfers(model);
    *bytes = *total = 0;
    for (guint i = 0; i < all->len; i++) {
        const Transfer *transfer = all->pdata[i];
        if (!words_is_active(transfer))
            continue;
        count++;
        *bytes += transfer->bytes;
        *total += transfer->total;
        *first = transfer;
    }
    return count;
}

static bool moves(const Model *model)
{
    const GPtrArray *all = model_transfers(model);
    for (guint i = 0; i < all->len; i++) {
        const Transfer *transfer = all->pdata[i];
        if (transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_CHECKING)
            return true;
    }
    return false;
}

void screen_dock(Face *face, View *view, Rect *rest)
{
    const Theme *theme = view->theme;
    const Transfer *first = NULL;
    uint64_t bytes, total;
    unsigned count = transfers_active(face->model, &bytes, &total, &first);
    if (!count)
        return;
    Rect dock = cut_bottom(rest, px(view, 64));
    double fraction = total ? (double)bytes / (double)total : 0.0;
    g_autofree char *title =
        count == 1 ? words_title(first->content) : g_strdup_printf("%u transfers", count);
    g_autofree char *percent = g_strdup_printf("%d%%", (int)(fraction * 100));
    g_autofree char *spoken = g_strdup_printf("Transfers: %s, %s", title, percent);
    Node *node = view_control(view, "dock", ROLE_BUTTON, spoken, dock);
    node_set_command(view->nodes, node, "transfers", NULL);
    if (node->state & NODE_HOVERED)
        draw_rect(view->draw, dock, 0, theme->hover);
    view_line(view, (Rect){dock.x, dock.y, dock.w, MAX(px(view, 1), 1)});
    Rect inner = rect_shrink(dock, px(view, 16), 0);
    Rect top = {inner.x, dock.y + px(view, 10), inner.w, px(view, 18)};
    view_label(view, "Transfers", (Label){TYPE_META, 600, theme->text2, ALIGN_START}, top);
    Rect line = {inner.x, dock.y + px(view, 31), inner.w, px(view, 18)};
    Label right = {TYPE_META, 400, theme->text2, ALIGN_END};
    int width = view_text_width(view, percent, right) + 2;
    view_label(view, percent, right, cut_right(&line, width));
    cut_right(&line, px(view, 8));
    Label label = {TYPE_SECONDARY, 500, theme->text, ALIGN_START};
    g_autofree char *fits = card_fit_name(view, title, label, line.w);
    view_label(view, fits, label, line);
    card_bar(view, (Rect){inner.x, dock.y + px(view, 52), inner.w, px(view, 4)}, fraction,
             moves(face->model));
    view_focus_ring(view, node, rect_inset(dock, px(view, 2)), px(view, 8));
}

/* --- the list --- */

#define LIST_MAX 100 /* the newest: cards are laid out for each frame */

static void draw_scrolled(Face *face, View *view, GPtrArray *cards, Rect list, int height)
{
    int gap = px(view, 8);
    face->sheet_rect = list;
    face->sheet_scroll = CLAMP(face->sheet_scroll, 0, MAX(height - list.h, 0));
    node_push_clip(view->nodes, list);
    draw_push_clip(view->draw, list);
    int y = list.y - face->sheet_scroll;
    for (guint i = 0; i < cards->len; i++) {
        const Card *card = cards->pdata[i];
        if (y < list.y + list.h && y + card->height > list.y)
            card_draw(view, card, list.x, y);
        y += card->height + gap;
    }
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
    if (height <= list.h)
        return;
    int length = MAX(list.h * list.h / height, px(view, 24));
    int at = (int)((int64_t)(list.h - length) * face->sheet_scroll / (height - list.h));
    Rect thumb = {list.x + list.w + px(view, 8), list.y + at, px(view, 6), length};
    draw_rect(view->draw, thumb, thumb.w / 2, view->theme->line);
}

static GPtrArray *make_cards(Face *face, View *view, int width, int *height)
{
    const GPtrArray *all = model_transfers(face->model);
    GPtrArray *cards = g_ptr_array_new_with_free_func((GDestroyNotify)card_free);
    *height = 0;
    for (guint i = 0; i < all->len; i++) {
        const Transfer *transfer = all->pdata[i];
        if (i >= LIST_MAX && !words_is_active(transfer))
            continue;
        g_autofree char *hex = card_hex(transfer->id);
        g_autofree char *id = g_strconcat("transfer/", hex, NULL);
        Card *card = card_of_transfer(view, face->model, transfer, id, width);
        *height += card->height + (cards->len ? px(view, 8) : 0);
        g_ptr_array_add(cards, card);
    }
    return cards;
}

void screen_transfers(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    int width = MIN(px(view, 520), rect.w - px(view, 24));
    int height;
    g_autoptr(GPtrArray) cards = make_cards(face, view, width - px(view, 48), &height);
    int list = cards->len ? height : px(view, 64);
    int around = px(view, 40 + 44 + 12 + 32);
    Rect rest = screen_dialog(face, view, rect, "transfers-dialog", "Transfers", width,
                              MIN(list + around, px(view, 600)));
    Rect bottom = cut_bottom(&rest, px(view, 32));
    cut_bottom(&rest, px(view, 12));
    if (cards->len) {
        draw_scrolled(face, view, cards, rest, height);
    } else {
        const char *words = "Nothing yet. Drop files on the chat to offer them.";
        view_text(view, words, (Label){TYPE_UI, 400, theme->text2, ALIGN_START}, rest);
        node_add(view->nodes, "transfers-empty", ROLE_STATUS, words, rest);
    }
    const char *settings = "Where files go…";
    view_button(view, "transfers-files", BUTTON_OUTLINED, settings,
                cut_left(&bottom, view_button_width(view, settings)), "files", NULL);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}

/* --- settings --- */

static char *key_hex(const uint8_t *key)
{
    GString *hex = g_string_new(NULL);
    for (int i = 0; i < MODEL_KEY_SIZE; i++)
        g_string_append_printf(hex, "%02x", key[i]);
    return g_string_free(hex, FALSE);
}

static void draw_heading(View *view, Rect *rest, const char *title)
{
    view_label(view, title, (Label){TYPE_META, 600, view->theme->text3, ALIGN_START},
               cut_top(rest, px(view, 24)));
}

static void draw_accepted(Face *face, View *view, const uint8_t *key, Rect row)
{
    const Theme *theme = view->theme;
    const Person *person = model_person(face->model, key);
    g_autofree char *hex = key_hex(key);
    g_autofree char *id = g_strconcat("accepted/", hex, NULL);
    g_autofree char *name = person ? g_strdup(person->shown) : g_strndup(hex, 8);
    g_autofree char *spoken = g_strdup_printf("Remove %s", name);
    int width = view_button_width(view, "Remove");
    Rect button = rect_center(cut_right(&row, width), width, px(view, 32));
    Node *node = view_button(view, id, BUTTON_OUTLINED, "Remove", button, "accept-no-more", hex);
    node->name = node_tree_copy(view->nodes, spoken);
    cut_right(&row, px(view, 8));
    Rect avatar = rect_center(cut_left(&row, px(view, 28)), px(view, 28), px(view, 28));
    if (person)
        view_avatar(view, person, avatar);
    cut_left(&row, px(view, 10));
    view_label(view, name, (Label){TYPE_UI, 500, theme->text, ALIGN_START}, row);
}

static void draw_accepted_list(Face *face, View *view, Rect list)
{
    const GPtrArray *keys = model_accepted_people(face->model);
    int row = px(view, 44);
    face->sheet_rect = list;
    face->sheet_scroll = CLAMP(face->sheet_scroll, 0, MAX((int)keys->len * row - list.h, 0));
    if (!keys->len) {
        view_text(view, "Nobody. You are asked each time.",
                  (Label){TYPE_UI, 400, view->theme->text2, ALIGN_START}, list);
        return;
    }
    node_push_clip(view->nodes, list);
    draw_push_clip(view->draw, list);
    Rect rest = {list.x, list.y - face->sheet_scroll, list.w, 1 << 24};
    for (guint i = 0; i < keys->len; i++) {
        if (g_bytes_get_size(keys->pdata[i]) == MODEL_KEY_SIZE)
            draw_accepted(face, view, g_bytes_get_data(keys->pdata[i], NULL), cut_top(&rest, row));
    }
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
}

void screen_files(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    int people = (int)MAX(model_accepted_people(face->model)->len, 1);
    Rect rest =
        screen_dialog(face, view, rect, "files-dialog", "Files", px(view, 440),
                      px(view, 40 + 44 + 24 + 40 + 16 + 24) + px(view, 44) * MIN(people, 6));
    draw_heading(view, &rest, "Received files go to");
    Rect row = cut_top(&rest, px(view, 40));
    int width = view_button_width(view, "Change…");
    Rect button = rect_center(cut_right(&row, width), width, px(view, 36));
    cut_right(&row, px(view, 12));
    view_button(view, "folder-change", BUTTON_OUTLINED, "Change…", button, "folder-change", NULL);
    const char *folder = model_folder(face->model);
    folder = *folder ? folder : "Downloads";
    view_icon(view, "folder", 20, theme->text2, cut_left(&row, px(view, 20)));
    cut_left(&row, px(view, 10));
    view_label(view, folder, (Label){TYPE_UI, 500, theme->text, ALIGN_START}, row);
    node_add(view->nodes, "folder", ROLE_TEXT, folder, row);
    cut_top(&rest, px(view, 16));
    draw_heading(view, &rest, "Accepted without asking");
    draw_accepted_list(face, view, rest);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
