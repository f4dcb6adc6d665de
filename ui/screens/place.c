/* The menu of the place's name: who carries the room, and where else one could be. */
#include "ui/format.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#define MENU_WIDTH 320
#define MENU_CHOICES 8

static bool is_joined(const Model *model, const Choice *choice)
{
    return choice->joined && model_link(model) == LINK_JOINED;
}

const char *screen_choice_name(const Choice *choice)
{
    return *choice->name ? choice->name : "Typed address";
}

const char *screen_choice_state(const Model *model, const Choice *choice)
{
    if (choice->joined)
        return is_joined(model, choice) ? "joined" : "joining…";
    return choice->remembered ? "remembered" : "";
}

/* "Relay · 10.0.4.2:7667", "Without a relay · 3 people · 10.0.4.7:7667". */
char *screen_choice_words(const Model *model, const Choice *choice)
{
    GString *words = g_string_new(NULL);
    bool here = is_joined(model, choice);
    if (here || *choice->name)
        g_string_append(words, choice->relay ? "Relay" : "Without a relay");
    if (here) {
        g_autofree char *people = format_people(model_people_here(model));
        g_string_append_printf(words, " · %s", people);
    }
    if (*choice->address)
        g_string_append_printf(words, "%s%s", words->len ? " · " : "", choice->address);
    return g_string_free(words, FALSE);
}

static char *carrier_words(const Model *model)
{
    const Person *carrier = model_carrier(model);
    switch (model_link(model) == LINK_JOINED ? model_carried_by(model) : CARRIED_BY_NOBODY) {
    case CARRIED_BY_RELAY:
        return g_strdup("A relay carries the room.");
    case CARRIED_BY_SELF:
        return g_strdup("This computer carries the room.");
    case CARRIED_BY_PERSON:
        if (!carrier)
            return g_strdup("Somebody's computer carries the room.");
        return g_strdup_printf("%s's computer carries the room.", carrier->shown);
    case CARRIED_BY_NOBODY:
        break;
    }
    return g_strdup("Not in a room at the moment.");
}

static Node *begin_entry(View *view, Rect row, const char *id, const char *spoken)
{
    Node *node = view_control(view, id, ROLE_ITEM, spoken, row);
    if (node->state & (NODE_HOVERED | NODE_FOCUSED))
        draw_rect(view->draw, row, px(view, 8), view->theme->hover);
    view_focus_ring(view, node, row, px(view, 8));
    return node;
}

static void draw_choice(Face *face, View *view, const Choice *choice, Rect row)
{
    const Theme *theme = view->theme;
    bool here = is_joined(face->model, choice);
    const char *state = screen_choice_state(face->model, choice);
    g_autofree char *words = screen_choice_words(face->model, choice);
    g_autofree char *id = g_strconcat("place/", choice->id, NULL);
    g_autofree char *spoken =
        g_strdup_printf("%s, %s%s%s", screen_choice_name(choice), words, *state ? ", " : "", state);
    Node *node = begin_entry(view, row, id, spoken);
    node_set_command(view->nodes, node, "place-join", choice->id);
    node->state |= here ? NODE_CHECKED : 0;
    Rect inner = rect_shrink(row, px(view, 10), 0);
    Rect mark = cut_left(&inner, px(view, 20));
    if (here)
        view_icon(view, "check", 18, theme->link, mark);
    cut_left(&inner, px(view, 10));
    if (choice->locked)
        view_icon(view, "lock", 16, theme->text2, cut_right(&inner, px(view, 20)));
    Rect top = {inner.x, row.y + px(view, 4), inner.w, px(view, 20)};
    Rect below = {inner.x, row.y + px(view, 24), inner.w, px(view, 16)};
    if (!here) {
        Label side = {TYPE_META, 400, theme->text2, ALIGN_END};
        view_label(view, state, side, cut_right(&top, view_text_width(view, state, side) + 2));
        cut_right(&top, px(view, 8));
    }
    view_label(view, screen_choice_name(choice),
               (Label){TYPE_UI, here ? 600 : 500, theme->text, ALIGN_START}, top);
    view_label(view, words, (Label){TYPE_META, 400, theme->text2, ALIGN_START}, below);
}

static void draw_entries(Face *face, View *view, Rect rest, guint shown)
{
    const Theme *theme = view->theme;
    const GPtrArray *choices = model_choices(face->model);
    g_autofree char *carried = carrier_words(face->model);
    Rect line = rect_shrink(cut_top(&rest, px(view, 32)), px(view, 10), 0);
    node_add(view->nodes, "place-carrier", ROLE_TEXT, carried, line);
    view_label(view, carried, (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START}, line);
    for (guint i = 0; i < shown; i++) {
        draw_choice(face, view, choices->pdata[i], cut_top(&rest, px(view, 44)));
        cut_top(&rest, px(view, 2));
    }
    view_line(view,
              rect_shrink(rect_center(cut_top(&rest, px(view, 9)), rest.w, MAX(px(view, 1), 1)),
                          px(view, 10), 0));
    Rect row = cut_top(&rest, px(view, 36));
    Node *node = begin_entry(view, row, "place-other", "Connect to another place…");
    node_set_command(view->nodes, node, "connect-dialog", NULL);
    Rect inner = rect_shrink(row, px(view, 10), 0);
    view_icon(view, "link", 18, theme->text2, cut_left(&inner, px(view, 20)));
    cut_left(&inner, px(view, 10));
    view_label(view, "Connect to another place…", (Label){TYPE_UI, 400, theme->text, ALIGN_START},
               inner);
}

void screen_place(Face *face, View *view, Rect rect)
{
    Node *scrim = node_add(view->nodes, "scrim", ROLE_GROUP, "", rect);
    scrim->state |= NODE_BLOCKS;
    node_set_command(view->nodes, scrim, "close", NULL);
    const Node *name = node_find(view->nodes, "place");
    Rect from = name ? name->rect : (Rect){rect.x + px(view, 6), rect.y, 0, px(view, 56)};
    int top = from.y + from.h + px(view, 4);
    int fixed = px(view, 32 + 9 + 36 + 8);
    int room = (rect.y + rect.h - px(view, 8) - top - fixed) / px(view, 46);
    guint shown = MIN(model_choices(face->model)->len, (guint)CLAMP(room, 0, MENU_CHOICES));
    Rect card = {from.x, top, MIN(px(view, MENU_WIDTH), rect.w - 2 * from.x),
                 fixed + px(view, 46) * (int)shown};
    Node *menu = node_push(view->nodes, "place-menu", ROLE_DIALOG, "Places", card);
    menu->state |= NODE_BLOCKS;
    view_card(view, card, px(view, 10));
    draw_entries(face, view, rect_inset(card, px(view, 4)), shown);
    node_pop(view->nodes);
}
