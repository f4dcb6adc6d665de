#include "ui/emoji.h"

#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const Emoji table[] = {
#include "ui/emoji_table.inc"
};

/* What the list shows before anything was typed. */
static const char *const favourites[] = {"+1",   "joy",    "heart", "tada",  "pray",  "eyes",
                                         "fire", "rocket", "clap",  "smile", "check", "thinking"};

typedef struct {
    const char *name;
    size_t length;
} Wanted;

static int compare(const void *wanted_pointer, const void *emoji_pointer)
{
    const Wanted *wanted = wanted_pointer;
    const Emoji *emoji = emoji_pointer;
    int order = strncmp(wanted->name, emoji->name, wanted->length);
    return order ? order : -(emoji->name[wanted->length] != '\0');
}

const Emoji *emoji_find(const char *name, size_t length)
{
    Wanted wanted = {name, length};
    return bsearch(&wanted, table, G_N_ELEMENTS(table), sizeof table[0], compare);
}

static bool is_favourite(const Emoji *emoji)
{
    for (size_t i = 0; i < G_N_ELEMENTS(favourites); i++) {
        if (strcmp(favourites[i], emoji->name) == 0)
            return true;
    }
    return false;
}

/* 0: no match; else higher is better. */
static int rank(const Emoji *emoji, const char *prefix, size_t length)
{
    int bonus = is_favourite(emoji) ? 360 : emoji->common ? 300 : 0;
    int extra = (int)strlen(emoji->name); /* short names first */
    if (strncmp(emoji->name, prefix, length) == 0)
        return (emoji->name[length] == '\0' ? 1000 : 200) + bonus - extra;
    for (const char *word = strchr(emoji->name, '_'); word; word = strchr(word + 1, '_')) {
        if (strncmp(word + 1, prefix, length) == 0)
            return 100 + bonus / 3 - extra;
    }
    return 0;
}

static size_t match_favourites(const Emoji **out, size_t max)
{
    size_t count = MIN(max, G_N_ELEMENTS(favourites));
    for (size_t i = 0; i < count; i++)
        out[i] = emoji_find(favourites[i], strlen(favourites[i]));
    return count;
}

size_t emoji_match(const char *prefix, size_t length, const Emoji **out, size_t max)
{
    if (!length)
        return match_favourites(out, max);
    size_t count = 0;
    g_autofree int *ranks = g_new0(int, max + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        int r = rank(&table[i], prefix, length);
        if (!r || (count == max && r <= ranks[max - 1]))
            continue;
        size_t at = count < max ? count++ : max - 1;
        for (; at > 0 && ranks[at - 1] < r; at--) {
            ranks[at] = ranks[at - 1];
            out[at] = out[at - 1];
        }
        ranks[at] = r;
        out[at] = &table[i];
    }
    return count;
}
