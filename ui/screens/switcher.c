#include "ui/layout.h"
#include "ui/screens/screens.h"

#include <string.h>

int switcher_rank(const char *text, const char *typed)
{
    if (!*typed)
        return 1;
    g_autofree char *hay = g_utf8_casefold(text, -1);
    g_autofree char *needle = g_utf8_casefold(*typed == '#' ? typed + 1 : typed, -1);
    const char *at = strstr(hay, needle);
    if (!at)
        return 0;
    return at == hay ? 3 : at[-1] == ' ' ? 2 : 1;
}

static size_t insert(SwitcherEntry *out, size_t count, size_t max, SwitcherEntry entry)
{
    if (!entry.rank || (count == max && out[max - 1].rank >= entry.rank))
        return count;
    size_t at = count < max ? count++ : max - 1;
    for (; at > 0 && out[at - 1].rank < entry.rank; at--)
        out[at] = out[at - 1];
    out[at] = entry;
    return count;
}

size_t switcher_entries(Face *face, SwitcherEntry *out, size_t max)
{
    const char *typed = editor_text(field_editor(face->search));
    size_t count = 0;
    const GPtrArray *conversations = model_conversations(face->model);
    for (guint i = 0; i < conversations->len; i++) {
        const Conversation *c = g_ptr_array_index(conversations, i);
        int rank = switcher_rank(c->name, typed);
        if (rank)
            rank += (c->mentions ? 40 : 0) + (c->unread ? 20 : 0) + 10 -
                    (g_strcmp0(c->id, face->open) == 0 ? 9 : 0);
        count = insert(out, count, max, (SwitcherEntry){c, c->person, c->name, rank});
    }
    const GPtrArray *people = model_people(face->model);
    for (guint i = 0; i < people->len; i++) {
        const Person *person = g_ptr_array_index(people, i);
        bool known = person->self;
        for (guint c = 0; c < conversations->len && !known; c++) {
            const Conversation *with = g_ptr_array_index(conversations, c);
            known = with->person && memcmp(with->person->key, person->key, MODEL_KEY_SIZE) == 0;
        }
        if (!known)
            count = insert(
                out, count, max,
                (SwitcherEntry){NULL, person, person->shown, switcher_rank(person->shown, typed)});
    }
    return count;
}

static void draw_entry(Face *face, View *view, const SwitcherEntry *entry, size_t index, Rect row)
{
    const Theme *theme = view->theme;
    char id[32];
    char argument[8];
    g_snprintf(id, sizeof id, "switcher/%zu", index);
    g_snprintf(argument, sizeof argument, "%zu", index);
    Node *node = view_control(view, id, ROLE_ITEM, entry->name, row);
    node->state |= NODE_TAB_SKIP;
    node_set_command(view->nodes, node, "switch", argument);
    bool chosen = index == face->switcher_chosen;
    node->state |= chosen ? NODE_SELECTED : 0;
    if (chosen || node->state & NODE_HOVERED)
        draw_rect(view->draw, row, px(view, 8), chosen ? theme->active : theme->hover);
    Rect inner = rect_shrink(row, px(view, 10), 0);
    Rect icon = rect_center(cut_left(&inner, px(view, 24)), px(view, 24), px(view, 24));
    if (entry->person)
        view_avatar(view, entry->person, icon);
    else
        view_icon(view, "hash", 18, theme->text2, icon);
    cut_left(&inner, px(view, 10));
    unsigned unread = entry->conversation ? entry->conversation->unread : 0;
    inner.w = view_badge(view, unread, inner.x + inner.w, row.y + row.h / 2) - inner.x;
    view_label(view, entry->name, (Label){TYPE_UI, unread ? 600 : 400, theme->text, ALIGN_START},
               inner);
}

void screen_switcher(Face *face, View *view, Rect rect)
{
    SwitcherEntry entries[SWITCHER_MAX];
    size_t count = switcher_entries(face, entries, G_N_ELEMENTS(entries));
    if (face->switcher_chosen >= MAX(count, 1))
        face->switcher_chosen = MAX(count, 1) - 1;
    int row = px(view, 40);
    int list = row * (int)MAX(count, 1);
    Rect rest = screen_dialog(face, view, rect, "switcher", "", px(view, 480),
                              px(view, 40 + 44 + 12) + list);
    Rect field = cut_top(&rest, px(view, 44));
    screen_field(face, view, "switcher-field", face->search, "Jump to",
                 "Jump to a room or a person", field);
    cut_top(&rest, px(view, 12));
    for (size_t i = 0; i < count; i++)
        draw_entry(face, view, &entries[i], i, cut_top(&rest, row));
    if (!count)
        view_label(view, "Nobody and nothing of that name",
                   (Label){TYPE_UI, 400, view->theme->text2, ALIGN_CENTER}, rest);
    node_pop(view->nodes);
    draw_pop_opacity(view->draw);
}
