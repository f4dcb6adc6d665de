#include "ui/format.h"
#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

/* The next whole minute, because "away 12 min" becomes 13; only while somebody looks. */
static void wake_for_minutes(Face *face, View *view)
{
    if (face->focused)
        view_wake_at(view, view->now_us + 60 * G_USEC_PER_SEC);
}

static void draw_person(Face *face, View *view, const Person *person, Rect rect)
{
    const Theme *theme = view->theme;
    g_autofree char *own = format_name(person->shown);
    g_autofree char *shown =
        person->self ? g_strdup_printf("%s (you)", own) : g_strdup(person->shown);
    g_autofree char *presence = format_presence(person, face_room_ms(face));
    const char *role = person->muted ? "muted" : person->admin ? "admin" : "";
    g_autofree char *state = *role && *presence ? g_strdup_printf("%s · %s", role, presence)
                                                : g_strdup(*role ? role : presence);
    GString *hex = g_string_new("@");
    for (int i = 0; i < MODEL_KEY_SIZE; i++)
        g_string_append_printf(hex, "%02x", person->key[i]);
    g_autofree char *key = g_string_free(hex, FALSE);
    g_autofree char *id = g_strconcat("people/", key, NULL);
    Node *node = view_control(view, id, ROLE_ITEM, shown, rect);
    if (person->self)
        node->state &= ~(unsigned)NODE_FOCUSABLE;
    else
        node_set_command(view->nodes, node, "direct", key);
    bool hovered = node->state & NODE_HOVERED && !person->self;
    if (hovered)
        draw_rect(view->draw, rect, px(view, 8), theme->hover);
    view_focus_ring(view, node, rect, px(view, 8));
    Rect inner = rect_shrink(rect, px(view, 7), 0);
    Rect avatar = rect_center(cut_left(&inner, px(view, 32)), px(view, 32), px(view, 32));
    view_avatar(view, person, avatar);
    Color behind = hovered ? theme->hover : face->drawer ? theme->surface : theme->bg;
    bool lost = person->self && model_link(face->model) != LINK_JOINED;
    view_presence(view, lost ? PRESENCE_OFFLINE : person->presence, avatar, behind);
    cut_left(&inner, px(view, 10));
    bool here = person->presence != PRESENCE_OFFLINE;
    Label name = {TYPE_UI, 500, here ? theme->text : theme->text2, ALIGN_START};
    if (!*state) {
        view_label(view, shown, name, inner);
        return;
    }
    view_label(view, shown, name, (Rect){inner.x, rect.y + px(view, 3), inner.w, px(view, 20)});
    view_label(view, state, (Label){TYPE_META, 400, theme->text3, ALIGN_START},
               (Rect){inner.x, rect.y + px(view, 22), inner.w, px(view, 16)});
    wake_for_minutes(face, view);
}

static void draw_group(Face *face, View *view, Rect *rest, Rect visible, bool here)
{
    const GPtrArray *people = model_people(face->model);
    unsigned count = 0;
    for (guint i = 0; i < people->len; i++) {
        const Person *person = g_ptr_array_index(people, i);
        count += (person->presence != PRESENCE_OFFLINE) == here;
    }
    if (!count)
        return;
    g_autofree char *title = g_strdup_printf("%s — %u", here ? "Online" : "Offline", count);
    Rect line = rect_shrink(cut_top(rest, px(view, 34)), px(view, 15), 0);
    view_label(view, title, (Label){TYPE_META, 600, view->theme->text3, ALIGN_START},
               (Rect){line.x, line.y + px(view, 2), line.w, line.h - px(view, 2)});
    for (guint i = 0; i < people->len; i++) {
        const Person *person = g_ptr_array_index(people, i);
        if ((person->presence != PRESENCE_OFFLINE) != here)
            continue;
        Rect row = rect_shrink(cut_top(rest, px(view, 44)), px(view, 8), px(view, 1));
        if (row.y < visible.y + visible.h && row.y + row.h > visible.y)
            draw_person(face, view, person, row);
    }
}

void screen_people(Face *face, View *view, Rect rect)
{
    Node *pane = node_push(view->nodes, "people", ROLE_PANE, "People", rect);
    pane->state |= NODE_BLOCKS;
    draw_rect(view->draw, rect, 0, face->drawer ? view->theme->surface : view->theme->bg);
    if (face->drawer) {
        Rect top = cut_top(&rect, px(view, 56));
        Rect close = rect_center(cut_right(&top, px(view, 48)), px(view, 32), px(view, 32));
        view_icon_button(view, "people-close", "close", "Close", close, "people", NULL);
        cut_left(&top, px(view, 15));
        view_label(view, "People", (Label){TYPE_TITLE, 600, view->theme->text, ALIGN_START}, top);
    } else {
        cut_top(&rect, px(view, 6));
    }
    node_push_clip(view->nodes, rect);
    draw_push_clip(view->draw, rect);
    Rect rest = {rect.x, rect.y - face->people_scroll, rect.w, 1 << 28};
    face->people_rect = rect;
    if (face->model) {
        draw_group(face, view, &rest, rect, true);
        cut_top(&rest, px(view, 2));
        draw_group(face, view, &rest, rect, false);
    }
    int content = rest.y + face->people_scroll - rect.y + px(view, 8);
    face->people_scroll = CLAMP(face->people_scroll, 0, MAX(content - rect.h, 0));
    draw_pop_clip(view->draw);
    node_pop_clip(view->nodes);
    node_pop(view->nodes);
}
