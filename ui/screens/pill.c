#include "ui/layout.h"
#include "ui/screens/screens.h"

#define SHORT_US (3 * G_USEC_PER_SEC)
#define LONG_US (30 * G_USEC_PER_SEC)

static int place(View *view, Rect rect, int width, Rect *pill)
{
    int height = px(view, 36);
    width = MIN(width, rect.w - px(view, 16));
    *pill = (Rect){rect.x + (rect.w - width) / 2, rect.y + px(view, 12), width, height};
    draw_shadow(view->draw, *pill, height / 2, px(view, 16), view->theme->shadow);
    draw_rect(view->draw, *pill, height / 2, view->theme->warn_bg);
    draw_border(view->draw, *pill, height / 2, MAX(px(view, 1), 1), view->theme->warn);
    return height;
}

static void draw_short(View *view, Rect rect)
{
    const char *words = rect.w < px(view, 420) ? "Reconnecting…"
                                               : "Reconnecting… messages go out when you're back.";
    Label label = {TYPE_SECONDARY, 500, view->theme->text, ALIGN_START};
    Rect pill;
    int height = place(view, rect, view_text_width(view, words, label) + px(view, 58), &pill);
    Node *node = node_add(view->nodes, "pill", ROLE_STATUS, words, pill);
    node->state |= NODE_BLOCKS;
    cut_left(&pill, px(view, 14));
    view_icon(view, "retry", 16, view->theme->warn, cut_left(&pill, px(view, 16)));
    cut_left(&pill, px(view, 8));
    view_label(view, words, label, (Rect){pill.x, pill.y, pill.w, height});
}

static void draw_long(View *view, Rect rect)
{
    const char *words = rect.w < px(view, 560) ? "" : "Not connected.";
    Label label = {TYPE_SECONDARY, 500, view->theme->text, ALIGN_START};
    int text = view_text_width(view, words, label);
    int try = view_button_width(view, "Try now") - px(view, 12);
    int other = view_button_width(view, "Connect another way") - px(view, 12);
    Rect pill;
    place(view, rect, px(view, 14 + 16 + 8 + 8 + 8) + text + try + other, &pill);
    Node *node = node_push(view->nodes, "pill", ROLE_STATUS, "Not connected", pill);
    node->state |= NODE_BLOCKS;
    cut_left(&pill, px(view, 14));
    view_icon(view, "warning", 16, view->theme->warn, cut_left(&pill, px(view, 16)));
    cut_left(&pill, px(view, 8));
    view_label(view, words, label, cut_left(&pill, text));
    cut_left(&pill, px(view, 8));
    pill = rect_shrink(pill, 0, px(view, 4));
    view_button(view, "try-now", BUTTON_PLAIN, "Try now", cut_left(&pill, try), "try-now", NULL);
    view_button(view, "connect-other", BUTTON_PLAIN, "Connect another way", cut_left(&pill, other),
                "connect-dialog", NULL);
    node_pop(view->nodes);
}

void screen_pill(Face *face, View *view, Rect rect)
{
    if (!face->model || model_link(face->model) != LINK_LOST || face_no_network(face, view))
        return;
    int64_t since = model_link_since_us(face->model);
    int64_t lost = view->now_us - since;
    if (lost < SHORT_US) {
        view_wake_at(view, since + SHORT_US);
    } else if (lost < LONG_US) {
        view_wake_at(view, since + LONG_US);
        draw_short(view, rect);
    } else {
        draw_long(view, rect);
    }
}

int screen_finding(Face *face, View *view, Rect rect)
{
    const Theme *theme = view->theme;
    bool offline = face_no_network(face, view);
    bool barred = face->model && *model_barred(face->model);
    const char *line = offline       ? "No network. Messages go out when there is one."
                       : barred      ? model_barred(face->model)
                       : face->model ? model_finding_line(face->model)
                                     : "";
    if (!*line)
        return 0;
    Rect strip = {rect.x, rect.y, rect.w, px(view, 32)};
    draw_rect(view->draw, strip, 0, theme->warn_bg);
    const char *id = offline ? "no-network" : barred ? "barred" : "finding";
    node_add(view->nodes, id, ROLE_STATUS, line, strip);
    Rect inner = rect_shrink(strip, px(view, 20), 0);
    view_icon(view, offline || barred ? "warning" : "info", 16, theme->warn,
              cut_left(&inner, px(view, 16)));
    cut_left(&inner, px(view, 8));
    view_label(view, line, (Label){TYPE_META, 400, theme->text, ALIGN_START}, inner);
    return strip.h;
}
