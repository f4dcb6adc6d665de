#include "ui/format.h"
#include "ui/layout.h"
#include "ui/picture.h"
#include "ui/screens/screens.h"

#include <string.h>

#define BOX_LEAST 48
#define BOX_MOST 184
#define STRIP 18
#define BEFORE_TEXT 48 /* the paperclip */
#define AFTER_TEXT 84  /* emoji and send */
#define PASTED 68      /* the picture that waits above the box */

static int text_width(View *view, int width)
{
    return width - px(view, 16 + 17) - px(view, BEFORE_TEXT) - px(view, AFTER_TEXT);
}

/* A picture was pasted here and waits for a decision. */
static bool pasted_here(const Face *face)
{
    return face->attach.pasted && g_strcmp0(face->attach.pasted_in, face->open) == 0;
}

static int box_height(Face *face, View *view, int width)
{
    Chat *chat = face_open_chat(face);
    int text = chat ? field_layout(chat->composer, view, TYPE_MESSAGE, text_width(view, width)) : 0;
    return CLAMP(text + px(view, 27), px(view, BOX_LEAST), px(view, BOX_MOST));
}

int screen_composer_height(Face *face, View *view, int width)
{
    int pasted = pasted_here(face) ? px(view, PASTED) : 0;
    return px(view, STRIP) + pasted + box_height(face, view, width) + px(view, 18);
}

/* Where the link under the pointer, or with the focus, leads: its text may say something else. */
static const char *link_target(const Face *face, const View *view)
{
    const char *ids[] = {face->hover, face->keyboard ? face->focus : NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        const Node *node =
            ids[i] && strstr(ids[i], "/link") ? node_find(view->nodes, ids[i]) : NULL;
        if (node && node->role == ROLE_LINK)
            return node->name;
    }
    return NULL;
}

/* What was told for some seconds; NULL when there is nothing any more. */
static const char *told(const Face *face, View *view)
{
    if (!face->told || view->now_us >= face->told_until_us)
        return NULL;
    view_wake_at(view, face->told_until_us);
    return face->told;
}

static void draw_strip(Face *face, View *view, const Conversation *conversation, Rect strip)
{
    g_autofree char *typing = format_typing(conversation ? conversation->typing : NULL);
    const char *target = link_target(face, view);
    const char *words = told(face, view);
    const char *line = target ? target : words ? words : typing;
    if (!*line)
        return;
    strip = rect_shrink(strip, px(view, 4), 0);
    view_label(view, line, (Label){TYPE_META, 400, view->theme->text2, ALIGN_START}, strip);
    const char *id = target ? "link-target" : words ? "told" : "typing";
    node_add(view->nodes, id, ROLE_STATUS, line, strip);
}

static void draw_pasted(Face *face, View *view, Rect row)
{
    const Theme *theme = view->theme;
    const char *path = face->attach.pasted;
    Rect card = rect_shrink(row, 0, px(view, 4));
    node_push(view->nodes, "pasted", ROLE_GROUP, "Pasted picture", card);
    draw_rect(view->draw, card, px(view, 10), theme->surface);
    draw_border(view->draw, card, px(view, 10), MAX(px(view, 1), 1), theme->line);
    Rect inner = rect_shrink(card, px(view, 8), px(view, 8));
    Rect box = cut_left(&inner, px(view, 66));
    Picture *picture =
        face->host->picture ? face->host->picture(path, box.w, box.h, face->user) : NULL;
    draw_rect(view->draw, box, px(view, 6), theme->hover);
    if (picture)
        draw_picture(view->draw,
                     rect_center(box, MIN(picture_width(picture), box.w),
                                 MIN(picture_height(picture), box.h)),
                     picture, px(view, 4), 0);
    else
        view_icon(view, "image", 20, theme->text2, box);
    cut_left(&inner, px(view, 12));
    int width = view_button_width(view, "Offer");
    Rect drop = rect_center(cut_right(&inner, px(view, 32)), px(view, 32), px(view, 32));
    cut_right(&inner, px(view, 4));
    Rect offer = rect_center(cut_right(&inner, width), width, px(view, 34));
    cut_right(&inner, px(view, 12));
    g_autofree char *name = g_path_get_basename(path);
    view_label(view, name, (Label){TYPE_UI, 500, theme->text, ALIGN_START}, inner);
    view_button(view, "pasted-offer", BUTTON_FILLED, "Offer", offer, "pasted-offer", NULL);
    view_icon_button(view, "pasted-drop", "close", "Do not offer it", drop, "pasted-drop", NULL);
    node_pop(view->nodes);
}

static void draw_send(Face *face, View *view, Chat *chat, Rect rect)
{
    const Theme *theme = view->theme;
    bool ready = chat && !editor_empty(field_editor(chat->composer));
    Node *node = view_control(view, "send", ROLE_BUTTON, "Send", rect);
    if (ready)
        node_set_command(view->nodes, node, "send", NULL);
    else
        node->state |= NODE_DISABLED;
    Color fill = !ready                       ? theme->hover
                 : node->state & NODE_PRESSED ? theme->accent_press
                 : node->state & NODE_HOVERED ? theme->accent_hover
                                              : theme->accent;
    draw_rect(view->draw, rect, px(view, 8), fill);
    view_icon(view, "send", 20, ready ? theme->on_accent : theme->text3, rect);
    view_focus_ring(view, node, rect_inset(rect, -px(view, 2)), px(view, 10));
}

static void draw_completion(Face *face, View *view, Rect box)
{
    const Theme *theme = view->theme;
    Completion *completion = &face->completion;
    if (!completion->count)
        return;
    int row = px(view, 34);
    int height = row * (int)completion->count + px(view, 8);
    Rect card = {box.x, box.y - height - px(view, 6), MIN(px(view, 300), box.w), height};
    Node *list = node_push(view->nodes, "completion", ROLE_LIST, "Emoji", card);
    list->state |= NODE_BLOCKS;
    view_card(view, card, px(view, 10));
    Rect rest = rect_inset(card, px(view, 4));
    for (size_t i = 0; i < completion->count; i++) {
        const Emoji *emoji = completion->matches[i];
        Rect item = cut_top(&rest, row);
        char id[32];
        char argument[8];
        g_snprintf(id, sizeof id, "completion/%zu", i);
        g_snprintf(argument, sizeof argument, "%zu", i);
        Node *node = view_control(view, id, ROLE_ITEM, emoji->name, item);
        node->state |= NODE_TAB_SKIP;
        node_set_command(view->nodes, node, "complete", argument);
        bool chosen = i == completion->chosen;
        if (chosen)
            node->state |= NODE_SELECTED;
        if (chosen || node->state & NODE_HOVERED)
            draw_rect(view->draw, item, px(view, 8),
                      chosen && completion->entered ? theme->active : theme->hover);
        Rect inner = rect_shrink(item, px(view, 10), 0);
        view_label(view, emoji->emoji, (Label){TYPE_TITLE, 400, theme->text, ALIGN_START},
                   cut_left(&inner, px(view, 32)));
        g_autofree char *name = g_strdup_printf(":%s:", emoji->name);
        view_label(view, name, (Label){TYPE_SECONDARY, 400, theme->text, ALIGN_START}, inner);
        if (chosen)
            view_label(view, completion->entered ? "Enter" : "Tab",
                       (Label){TYPE_BADGE, 500, theme->text2, ALIGN_END}, inner);
    }
    node_pop(view->nodes);
}

static char *placeholder(const Conversation *conversation)
{
    if (!conversation)
        return g_strdup("Message");
    return g_strconcat("Message ", conversation->person ? "" : "#", conversation->name, NULL);
}

static void draw_box(Face *face, View *view, Chat *chat, Rect box)
{
    const Theme *theme = view->theme;
    const Conversation *conversation = face_open_conversation(face);
    g_autofree char *hint = placeholder(conversation);
    draw_rect(view->draw, box, px(view, 12), theme->surface);
    Node *field = view_control(view, "composer", ROLE_FIELD, hint, box);
    bool focused = field->state & NODE_FOCUSED;
    draw_border(view->draw, box, px(view, 12),
                focused ? px(view, theme->focus_width) : MAX(px(view, 1), 1),
                focused ? theme->link : theme->edge);
    Rect inner = box;
    Rect right = cut_right(&inner, px(view, AFTER_TEXT));
    Rect left = cut_left(&inner, px(view, BEFORE_TEXT));
    if (chat) {
        int text = field_layout(chat->composer, view, TYPE_MESSAGE, inner.w);
        int room = box.h - px(view, 20);
        Rect area = {inner.x, box.y + px(view, 10), inner.w, room};
        if (text < room) {
            area.y = box.y + (box.h - text) / 2;
            area.h = text;
        }
        field_draw(chat->composer, view, area, hint, focused && face->focused,
                   face_caret_on(face, view));
    }
    Rect send = {right.x + right.w - px(view, 42), box.y + box.h - px(view, 42), px(view, 36),
                 px(view, 36)};
    Rect smile = {send.x - px(view, 36), send.y + px(view, 2), px(view, 32), px(view, 32)};
    Rect clip = {left.x + px(view, 8), smile.y, smile.w, smile.h};
    Node *attach =
        view_icon_button(view, "attach", "paperclip", "Offer files", clip, "attach", NULL);
    if (!chat)
        attach->state |= NODE_DISABLED;
    view_icon_button(view, "emoji", "smile", "Emoji", smile, "emoji", NULL);
    draw_send(face, view, chat, send);
}

void screen_composer(Face *face, View *view, Rect rect)
{
    Chat *chat = face_open_chat(face);
    Node *pane = node_push(view->nodes, "composer-pane", ROLE_PANE, "Write", rect);
    pane->state |= NODE_BLOCKS;
    draw_rect(view->draw, rect, 0, view->theme->bg);
    Rect strip = cut_top(&rect, px(view, STRIP));
    cut_bottom(&rect, px(view, 18));
    cut_left(&rect, px(view, 16));
    cut_right(&rect, px(view, 17));
    strip.x = rect.x;
    strip.w = rect.w;
    draw_strip(face, view, face_open_conversation(face), strip);
    if (pasted_here(face))
        draw_pasted(face, view, cut_top(&rect, px(view, PASTED)));
    draw_box(face, view, chat, rect);
    draw_completion(face, view, rect);
    node_pop(view->nodes);
}
