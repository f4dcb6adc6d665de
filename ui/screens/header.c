#include "ui/layout.h"
#include "ui/screens/screens.h"

static void draw_direct_title(View *view, const Conversation *conversation, Rect *rest)
{
    Rect avatar = rect_center(cut_left(rest, px(view, 28)), px(view, 28), px(view, 28));
    view_avatar(view, conversation->person, avatar);
    view_presence(view, conversation->person->presence, avatar, view->theme->bg);
    cut_left(rest, px(view, 12));
}

static void draw_title(Face *face, View *view, Rect rest)
{
    const Theme *theme = view->theme;
    const Conversation *conversation = face_open_conversation(face);
    if (!conversation)
        return;
    if (conversation->person) {
        draw_direct_title(view, conversation, &rest);
    } else {
        view_icon(view, "hash", 18, theme->text2, cut_left(&rest, px(view, 18)));
        cut_left(&rest, px(view, 6));
    }
    node_add(view->nodes, "title", ROLE_TEXT, conversation->name, rest);
    Label name = {TYPE_TITLE, 600, theme->text, ALIGN_START};
    cut_left(&rest, view_label(view, conversation->name, name, rest));
    const char *topic = conversation->topic;
    if (!*topic)
        topic =
            conversation->person ? "Only the two of you can read this" : "Everyone on this network";
    if (rest.w < px(view, 140) || face_shape(face) == SHAPE_NARROW)
        return;
    cut_left(&rest, px(view, 12));
    Rect bar = cut_left(&rest, MAX(px(view, 1), 1));
    view_line(view, rect_center(bar, bar.w, px(view, 16)));
    cut_left(&rest, px(view, 11));
    view_label(view, topic, (Label){TYPE_SECONDARY, 400, theme->text2, ALIGN_START}, rest);
}

/* There as soon as files were ever offered. */
static void draw_transfers(Face *face, View *view, Rect *rest)
{
    const Transfer *first;
    uint64_t bytes, total;
    if (!model_transfers(face->model)->len)
        return;
    unsigned active = transfers_active(face->model, &bytes, &total, &first);
    int size = px(view, 32);
    Rect button = rect_center(cut_right(rest, size), size, size);
    cut_right(rest, px(view, 8));
    g_autofree char *name =
        active ? g_strdup_printf("Transfers, %u under way", active) : g_strdup("Transfers");
    view_icon_button(view, "transfers-button", "transfers", name, button, "transfers", NULL);
    view_badge(view, active, button.x + size + px(view, 8), button.y + px(view, 6));
}

void screen_header(Face *face, View *view, Rect rect)
{
    Node *pane = node_push(view->nodes, "header", ROLE_GROUP, "Header", rect);
    pane->state |= NODE_BLOCKS;
    int thick = MAX(px(view, 1), 1);
    draw_rect(view->draw, rect, 0, view->theme->bg);
    view_line(view, cut_bottom(&rect, thick));
    bool narrow = face_shape(face) == SHAPE_NARROW;
    cut_left(&rect, px(view, narrow ? 8 : 20));
    /* Over the panel of people there is nothing, so that the button stands at the panel's edge. */
    if (face_people_beside(face))
        cut_right(&rect, px(view, 216));
    cut_right(&rect, px(view, 11));
    if (narrow) {
        Rect back = rect_center(cut_left(&rect, px(view, 36)), px(view, 36), px(view, 36));
        view_icon_button(view, "back", "arrow-left", "Conversations", back, "back", NULL);
        cut_left(&rect, px(view, 8));
    }
    if (!face_has_place(face)) {
        draw_title(face, view, rect);
        node_pop(view->nodes);
        return;
    }
    Rect people = rect_center(cut_right(&rect, px(view, 32)), px(view, 32), px(view, 32));
    view_icon_button(view, "people-button", "people", "People", people, "people", NULL);
    cut_right(&rect, px(view, 8));
    draw_transfers(face, view, &rect);
    draw_title(face, view, rect);
    node_pop(view->nodes);
}
