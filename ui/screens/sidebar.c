#include "ui/file_words.h"
#include "ui/format.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

static const char *link_words(const Model *model)
{
    switch (model ? model_link(model) : LINK_SEARCHING) {
    case LINK_SEARCHING:
        return "Looking for people…";
    case LINK_JOINING:
        return "Joining…";
    case LINK_LOST:
        return "Reconnecting…";
    default:
        return "";
    }
}

/* Who carries the room, and how many are here. */
static char *place_line(Face *face, View *view)
{
    const Model *model = face->model;
    if (face_no_network(face, view))
        return g_strdup("No network");
    if (!model || model_link(model) != LINK_JOINED)
        return g_strdup(link_words(model));
    bool relay = model_carried_by(model) == CARRIED_BY_RELAY;
    g_autofree char *people = format_people(model_people_here(model));
    return g_strdup_printf("%s · %s", relay ? "Relay" : "Without a relay", people);
}

static void draw_place(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    const char *name = face->model ? model_place_name(face->model) : "";
    name = *name ? name : "Backfence";
    g_autofree char *line = place_line(face, view);
    Rect inner = rect_shrink(rect, px(view, 12), 0);
    Rect button = {rect.x + px(view, 6), rect.y + px(view, 6), rect.w - px(view, 12), px(view, 44)};
    g_autofree char *spoken = g_strdup_printf("%s, %s", name, line);
    Node *node = view_control(view, "place", ROLE_BUTTON, spoken, button);
    bool open = face->overlay == OVERLAY_PLACE;
    node_set_command(view->nodes, node, face->model ? "place-menu" : NULL, NULL);
    if (node->state & NODE_HOVERED || open)
        draw_rect(view->draw, button, px(view, 8), theme->hover);
    view_icon(view, "chevron-down", 16, theme->text2, cut_right(&inner, px(view, 16)));
    cut_right(&inner, px(view, 4));
    Rect logo = rect_center(cut_left(&inner, px(view, 32)), px(view, 32), px(view, 32));
    draw_rect(view->draw, logo, px(view, 8), theme->accent);
    view_icon(view, "wifi", 20, theme->on_accent, logo);
    cut_left(&inner, px(view, 10));
    Rect top = {inner.x, rect.y + px(view, 9), inner.w, px(view, 21)};
    view_label(view, name, (Label){TYPE_MESSAGE, 600, theme->text, ALIGN_START}, top);
    Rect below = {inner.x, rect.y + px(view, 29), inner.w, px(view, 16)};
    view_label(view, line, (Label){TYPE_META, 400, theme->text2, ALIGN_START}, below);
    view_focus_ring(view, node, button, px(view, 8));
}

static void draw_search(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, "search", ROLE_BUTTON, "Jump to", rect);
    node_set_command(view->nodes, node, "switcher", NULL);
    bool hovered = node->state & NODE_HOVERED;
    draw_rect(view->draw, rect, px(view, 8), hovered ? theme->hover : theme->surface);
    draw_border(view->draw, rect, px(view, 8), MAX(px(view, 1), 1), theme->line);
    view_focus_ring(view, node, rect, px(view, 8));
    Rect inner = rect_shrink(rect, px(view, 8), 0);
    view_icon(view, "search", 16, theme->text2, cut_left(&inner, px(view, 16)));
    cut_left(&inner, px(view, 8));
    Label key = {TYPE_BADGE, 500, theme->text3, ALIGN_END};
    view_label(view, "Ctrl K", key, cut_right(&inner, view_text_width(view, "Ctrl K", key) + 2));
    view_label(view, "Jump to…", (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START}, inner);
}

static void draw_section(View *view, const char *title, Rect rect)
{
    rect.x += px(view, 16);
    rect.w -= px(view, 32);
    view_label(view, title, (Label){TYPE_META, 600, view->theme->text3, ALIGN_START}, rect);
}

static Node *begin_item(Face *face, View *view, const Conversation *conversation, Rect rect)
{
    const Theme *theme = view->theme;
    g_autofree char *id = g_strconcat("sidebar/", conversation->id, NULL);
    g_autofree char *spoken =
        conversation->unread
            ? g_strdup_printf("%s, %u unread", conversation->name, conversation->unread)
            : g_strdup(conversation->name);
    Node *node = view_control(view, id, ROLE_ITEM, spoken, rect);
    node_set_command(view->nodes, node, "open", conversation->id);
    bool open = g_strcmp0(face->open, conversation->id) == 0 &&
                !(face_shape(face) == SHAPE_NARROW && face->list_shown);
    if (open)
        node->state |= NODE_SELECTED;
    Color fill = open ? theme->active : node->state & NODE_HOVERED ? theme->hover : 0;
    if (fill)
        draw_rect(view->draw, rect, px(view, 8), fill);
    view_focus_ring(view, node, rect, px(view, 8));
    return node;
}

static void draw_room(Face *face, View *view, const Conversation *room, Rect rect)
{
    const Theme *theme = view->theme;
    Node *node = begin_item(face, view, room, rect);
    bool open = node->state & NODE_SELECTED;
    bool strong = open || room->unread;
    Rect inner = rect_shrink(rect, px(view, 8), 0);
    view_icon(view, "hash", 16,
              open     ? theme->link
              : strong ? theme->text
                       : theme->text3,
              cut_left(&inner, px(view, 16)));
    cut_left(&inner, px(view, 8));
    int right = view_badge(view, open && face->focused ? 0 : room->unread, inner.x + inner.w,
                           rect.y + rect.h / 2);
    inner.w = right - inner.x - px(view, 8);
    Label label = {TYPE_UI, strong ? 600 : 400, strong ? theme->text : theme->text2, ALIGN_START};
    view_label(view, room->name, label, inner);
}

/* The newest words of a direct, or who types. */
static char *preview(Face *face, const Conversation *direct)
{
    if (direct->typing && direct->typing->len)
        return g_strdup("typing…");
    if (!direct->message_count)
        return g_strdup("");
    const Message *last = model_message(face->model, direct, direct->message_count - 1);
    if (last->offer) {
        g_autofree char *title = words_title(last->offer);
        return g_strdup_printf(last->author && last->author->self ? "You: 📎 %s" : "📎 %s", title);
    }
    g_autoptr(Markup) markup = markup_parse(last->text, MIN(last->length, 400));
    g_autofree char *line = g_strdelimit(g_strdup(markup->text), "\n\t", ' ');
    bool mine = last->author && last->author->self;
    return mine ? g_strconcat("You: ", line, NULL) : g_steal_pointer(&line);
}

static int draw_direct_side(Face *face, View *view, const Conversation *direct, Rect inner,
                            bool open)
{
    int right = inner.x + inner.w;
    if (direct->unread && !(open && face->focused))
        return view_badge(view, direct->unread, right, inner.y + inner.h / 2) - px(view, 8);
    if (!direct->message_count || (direct->typing && direct->typing->len))
        return right;
    const Message *last = model_message(face->model, direct, direct->message_count - 1);
    g_autofree char *when = format_short(last->time_ms, face_room_ms(face));
    Label label = {TYPE_BADGE, 400, open ? view->theme->text2 : view->theme->text3, ALIGN_END};
    int width = view_text_width(view, when, label) + 2;
    view_label(view, when, label,
               (Rect){right - width, inner.y + px(view, 7), width, px(view, 16)});
    return right - width - px(view, 8);
}

static void draw_direct(Face *face, View *view, const Conversation *direct, Rect rect)
{
    const Theme *theme = view->theme;
    Node *node = begin_item(face, view, direct, rect);
    bool open = node->state & NODE_SELECTED;
    Color behind = open ? theme->active : node->state & NODE_HOVERED ? theme->hover : theme->side;
    Rect inner = rect_shrink(rect, px(view, 8), 0);
    Rect avatar = rect_center(cut_left(&inner, px(view, 32)), px(view, 32), px(view, 32));
    if (direct->person) {
        view_avatar(view, direct->person, avatar);
        view_presence(view, direct->person->presence, avatar, behind);
    }
    cut_left(&inner, px(view, 10));
    int right = draw_direct_side(face, view, direct, inner, open);
    bool strong = direct->unread && !open;
    bool here = direct->person && direct->person->presence != PRESENCE_OFFLINE;
    Rect top = {inner.x, rect.y + px(view, 5), right - inner.x, px(view, 20)};
    Rect below = {inner.x, rect.y + px(view, 25), inner.w, px(view, 16)};
    if (direct->unread)
        below.w = right - inner.x;
    g_autofree char *words = preview(face, direct);
    if (!*words)
        top.y = rect.y + (rect.h - top.h) / 2;
    Label name = {TYPE_UI, strong ? 600 : 500, here || open || strong ? theme->text : theme->text2,
                  ALIGN_START};
    view_label(view, direct->name, name, top);
    bool typing = direct->typing && direct->typing->len;
    Label line = {TYPE_META, 400,
                  typing ? theme->link
                  : open ? theme->text2
                         : theme->text3,
                  ALIGN_START};
    view_label(view, words, line, below);
}

static void draw_conversations(Face *face, View *view, Rect rect)
{
    node_push(view->nodes, "conversations", ROLE_LIST, "Conversations", rect);
    node_push_clip(view->nodes, rect);
    draw_push_clip(view->draw, rect);
    Rect rest = {rect.x, rect.y - face->sidebar_scroll, rect.w, 1 << 28};
    const GPtrArray *all = model_conversations(face->model);
    int8_t section = -1;
    for (guint i = 0; i < all->len; i++) {
        const Conversation *conversation = g_ptr_array_index(all, i);
        bool direct = conversation->person != NULL;
        if (section != direct) {
            cut_top(&rest, px(view, section < 0 ? 8 : 14));
            draw_section(view, direct ? "Direct messages" : "Rooms", cut_top(&rest, px(view, 30)));
            section = direct;
        }
        Rect item = rect_shrink(cut_top(&rest, px(view, direct ? 48 : 32)), px(view, 8), 0);
        if (item.y < rect.y + rect.h && item.y + item.h > rect.y) {
            if (direct)
                draw_direct(face, view, conversation, item);
            else
                draw_room(face, view, conversation, item);
        }
        cut_top(&rest, px(view, 2));
    }
    int content = rest.y + face->sidebar_scroll - rect.y;
    face->sidebar_scroll = CLAMP(face->sidebar_scroll, 0, MAX(content - rect.h, 0));
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
    node_pop(view->nodes);
}

static const char *own_state(const Model *model)
{
    if (model_link(model) != LINK_JOINED)
        return "Offline";
    return model_self(model)->presence == PRESENCE_AWAY ? "Away" : "Available";
}

static void draw_self(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    const Person *self = model_self(face->model);
    view_line(view, cut_top(&rect, MAX(px(view, 1), 1)));
    Rect inner = rect_shrink(rect, px(view, 12), 0);
    Rect button = rect_center(cut_right(&inner, px(view, 32)), px(view, 32), px(view, 32));
    view_icon_button(view, "settings", "settings", "Settings", button, "settings", NULL);
    Rect avatar = rect_center(cut_left(&inner, px(view, 32)), px(view, 32), px(view, 32));
    view_avatar(view, self, avatar);
    bool joined = model_link(face->model) == LINK_JOINED;
    view_presence(view, joined ? self->presence : PRESENCE_OFFLINE, avatar, theme->side);
    cut_left(&inner, px(view, 10));
    Rect top = {inner.x, rect.y + px(view, 7), inner.w, px(view, 20)};
    Rect below = {inner.x, rect.y + px(view, 26), inner.w, px(view, 16)};
    view_label(view, self->shown, (Label){TYPE_UI, 600, theme->text, ALIGN_START}, top);
    view_label(view, own_state(face->model), (Label){TYPE_META, 400, theme->text2, ALIGN_START},
               below);
}

void screen_sidebar(Face *face, View *view, Rect rect)
{
    Node *pane = node_push(view->nodes, "sidebar", ROLE_PANE, "Conversations", rect);
    pane->state |= NODE_BLOCKS;
    draw_rect(view->draw, rect, 0, view->theme->side);
    draw_place(face, view, cut_top(&rect, px(view, 56)));
    Rect search = rect_shrink(cut_top(&rect, px(view, 32)), px(view, 12), 0);
    if (face_has_place(face))
        draw_search(face, view, search);
    if (face->model) {
        Rect self = cut_bottom(&rect, px(view, 52));
        screen_dock(face, view, &rect);
        face->sidebar_rect = rect;
        draw_conversations(face, view, rect);
        draw_self(face, view, self);
    }
    node_pop(view->nodes);
}
