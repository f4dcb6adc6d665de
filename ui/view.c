#include "ui/view.h"

#include "ui/layout.h"
#include "ui/picture.h"

#include <math.h>
#include <string.h>

int px(const View *view, double n)
{
    return (int)lround(n * view->scale);
}

void view_wake_at(View *view, int64_t us)
{
    view->wake_us = MIN(view->wake_us, us);
}

static const struct {
    int size, line;
} type_sizes[] = {
    [TYPE_BADGE] = {11, 14},  [TYPE_META] = {12, 16},    [TYPE_SECONDARY] = {13, 18},
    [TYPE_UI] = {14, 20},     [TYPE_MESSAGE] = {15, 21}, [TYPE_TITLE] = {16, 22},
    [TYPE_DIALOG] = {20, 28}, [TYPE_MONO] = {13, 20},
};

TextStyle view_style(TypeSize size, int weight, Color color)
{
    return (TextStyle){.face = size == TYPE_MONO ? FACE_MONO : FACE_UI,
                       .size = type_sizes[size].size,
                       .line_height = type_sizes[size].line,
                       .weight = weight,
                       .color = color};
}

int view_line_height(const View *view, TypeSize size)
{
    return px(view, type_sizes[size].line);
}

Paragraph *view_layout(View *view, const char *text, Label label, int width, int max_lines)
{
    ParagraphSpec spec = {.style = view_style(label.size, label.weight, label.color),
                          .width = width,
                          .max_lines = max_lines,
                          .align = label.align};
    return paragraph_new(view->typesetter, text, strlen(text), &spec);
}

int view_label(View *view, const char *text, Label label, Rect rect)
{
    if (!*text || rect.w <= 0)
        return 0;
    g_autoptr(Paragraph) line = view_layout(view, text, label, rect.w, 1);
    int y = rect.y + (rect.h - paragraph_height(line)) / 2;
    draw_paragraph(view->draw, line, rect.x, y);
    return MIN(paragraph_width(line), rect.w);
}

int view_text(View *view, const char *text, Label label, Rect rect)
{
    g_autoptr(Paragraph) paragraph = view_layout(view, text, label, rect.w, 0);
    draw_paragraph(view->draw, paragraph, rect.x, rect.y);
    return paragraph_height(paragraph);
}

int view_text_width(View *view, const char *text, Label label)
{
    if (!*text)
        return 0;
    g_autoptr(Paragraph) line = view_layout(view, text, label, -1, 1);
    return paragraph_width(line);
}

void view_icon(View *view, const char *name, int size, Color color, Rect rect)
{
    int pixels = px(view, size);
    Picture *picture = picture_icon(name, pixels);
    if (picture)
        draw_picture(view->draw, rect_center(rect, pixels, pixels), picture, 0, color);
}

static bool has_case(gunichar c)
{
    return g_unichar_toupper(c) != c || g_unichar_tolower(c) != c;
}

/* A mark that belongs to the letter before it. */
static bool joins(gunichar c)
{
    return g_unichar_ismark(c) || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) ||
           (c >= 0x1F3FB && c <= 0x1F3FF);
}

static const char *append_letter(GString *out, const char *at)
{
    g_string_append_unichar(out, g_unichar_toupper(g_utf8_get_char(at)));
    at = g_utf8_next_char(at);
    while (*at && joins(g_utf8_get_char(at))) {
        bool glue = g_utf8_get_char(at) == 0x200D;
        g_string_append_unichar(out, g_utf8_get_char(at));
        at = g_utf8_next_char(at);
        if (glue && *at) {
            g_string_append_unichar(out, g_utf8_get_char(at));
            at = g_utf8_next_char(at);
        }
    }
    return at;
}

char *view_initials(const char *name)
{
    GString *out = g_string_new(NULL);
    while (*name && !g_unichar_isalnum(g_utf8_get_char(name)) && g_utf8_get_char(name) < 0x2000)
        name = g_utf8_next_char(name);
    if (!*name)
        return g_string_free(g_string_append_c(out, '?'), FALSE);
    bool two = has_case(g_utf8_get_char(name));
    const char *rest = append_letter(out, name);
    const char *space = strchr(rest, ' ');
    if (two && space && g_unichar_isalnum(g_utf8_get_char(space + 1)))
        append_letter(out, space + 1);
    else if (two && *rest && g_unichar_isalnum(g_utf8_get_char(rest)))
        append_letter(out, rest);
    return g_string_free(out, FALSE);
}

static unsigned identity(const Person *person)
{
    return theme_identity(person->key, sizeof person->key);
}

Color view_name_color(const View *view, const Person *person)
{
    return view->theme->names[identity(person)];
}

void view_avatar(View *view, const Person *person, Rect rect)
{
    g_autofree char *initials = view_initials(person->name);
    draw_rect(view->draw, rect, rect.w / 2, theme_avatar(identity(person)));
    TypeSize size = rect.w >= px(view, 36)   ? TYPE_MESSAGE
                    : rect.w >= px(view, 30) ? TYPE_UI
                    : rect.w >= px(view, 26) ? TYPE_META
                                             : TYPE_BADGE;
    /* There is room for one letter only. */
    if (rect.w < px(view, 22) && g_ascii_isalnum(initials[0]))
        initials[1] = '\0';
    Label label = {size, 600, 0xFFFFFFFF, ALIGN_CENTER};
    view_label(view, initials, label, rect);
}

void view_presence(View *view, Presence presence, Rect avatar, Color behind)
{
    int size = px(view, 10);
    int ring = px(view, 2);
    Rect dot = {avatar.x + avatar.w - size + ring / 2, avatar.y + avatar.h - size + ring / 2, size,
                size};
    Rect halo = rect_inset(dot, -ring);
    draw_rect(view->draw, halo, halo.w / 2, behind);
    if (presence == PRESENCE_ONLINE) {
        draw_rect(view->draw, dot, size / 2, view->theme->ok);
    } else if (presence == PRESENCE_AWAY) {
        draw_crescent(view->draw, dot, view->theme->warn);
    } else {
        draw_border(view->draw, dot, size / 2, MAX(ring, 1), view->theme->text3);
    }
}

int view_badge(View *view, unsigned count, int right, int middle)
{
    if (!count)
        return right;
    char text[16];
    g_snprintf(text, sizeof text, count > 99 ? "99+" : "%u", count);
    Label label = {TYPE_BADGE, 600, view->theme->on_accent, ALIGN_CENTER};
    int height = px(view, 18);
    int width = MAX(view_text_width(view, text, label) + px(view, 12), px(view, 24));
    Rect pill = {right - width, middle - height / 2, width, height};
    draw_rect(view->draw, pill, height / 2, view->theme->accent);
    view_label(view, text, label, pill);
    return pill.x;
}

void view_line(View *view, Rect rect)
{
    draw_rect(view->draw, rect, 0, view->theme->line);
}

void view_focus_ring(View *view, const Node *node, Rect rect, int radius)
{
    if (!(node->state & NODE_FOCUSED) || !view->show_focus)
        return;
    draw_border(view->draw, rect, radius, px(view, view->theme->focus_width), view->theme->link);
}

void view_card(View *view, Rect rect, int radius)
{
    draw_shadow(view->draw, rect, radius, px(view, 24), view->theme->shadow);
    draw_rect(view->draw, rect, radius, view->theme->surface);
    draw_border(view->draw, rect, radius, MAX(px(view, 1), 1), view->theme->line);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

Node *view_control(View *view, const char *id, Role role, const char *name, Rect rect)
{
    Node *node = node_add(view->nodes, id, role, name, rect);
    node->state |= NODE_FOCUSABLE;
    if (same(id, view->focus))
        node->state |= NODE_FOCUSED;
    if (same(id, view->hover))
        node->state |= NODE_HOVERED;
    if (same(id, view->pressed) && same(id, view->hover))
        node->state |= NODE_PRESSED;
    return node;
}

static Color button_fill(const Theme *theme, ButtonKind kind, unsigned state)
{
    if (kind == BUTTON_FILLED) {
        return state & NODE_PRESSED   ? theme->accent_press
               : state & NODE_HOVERED ? theme->accent_hover
                                      : theme->accent;
    }
    return state & NODE_PRESSED ? theme->active : state & NODE_HOVERED ? theme->hover : 0;
}

Node *view_button(View *view, const char *id, ButtonKind kind, const char *text, Rect rect,
                  const char *command, const char *argument)
{
    const Theme *theme = view->theme;
    Node *node = view_control(view, id, ROLE_BUTTON, text, rect);
    node_set_command(view->nodes, node, command, argument);
    if (!command)
        node->state |= NODE_DISABLED;
    int radius = px(view, 8);
    Color fill = command ? button_fill(theme, kind, node->state) : theme->hover;
    if (fill)
        draw_rect(view->draw, rect, radius, fill);
    if (kind == BUTTON_OUTLINED)
        draw_border(view->draw, rect, radius, MAX(px(view, 1), 1), theme->edge);
    Color color = !command                ? theme->text3
                  : kind == BUTTON_FILLED ? theme->on_accent
                  : kind == BUTTON_PLAIN  ? theme->link
                                          : theme->text;
    Label label = {TYPE_UI, kind == BUTTON_FILLED ? 600 : 500, color, ALIGN_CENTER};
    view_label(view, text, label, rect);
    view_focus_ring(view, node, rect_inset(rect, -px(view, 3)), radius + px(view, 3));
    return node;
}

int view_button_width(View *view, const char *text)
{
    Label label = {TYPE_UI, 600, view->theme->text, ALIGN_START};
    return view_text_width(view, text, label) + px(view, 32);
}

Node *view_icon_button(View *view, const char *id, const char *icon, const char *name, Rect rect,
                       const char *command, const char *argument)
{
    Node *node = view_control(view, id, ROLE_BUTTON, name, rect);
    node_set_command(view->nodes, node, command, argument);
    Color fill = button_fill(view->theme, BUTTON_PLAIN, node->state);
    int radius = px(view, 8);
    if (fill)
        draw_rect(view->draw, rect, radius, fill);
    view_icon(view, icon, 20, node->state & NODE_HOVERED ? view->theme->text : view->theme->text2,
              rect);
    view_focus_ring(view, node, rect, radius);
    return node;
}
