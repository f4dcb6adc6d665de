#pragma once
/* What the files of moderation share; nobody else includes it. */

#include "relay/moderation.h"

#define TOPIC_ACT 0 /* content.act of a Topic */

typedef struct {
    Event *event;              /* owned */
    ModerationContent content; /* owned */
    bool counts;
} Item;

typedef struct {
    uint8_t key[KEY_SIZE]; /* first: the table's key */
    unsigned kept;
    bool trusted;
} Author;

/* What is in force of somebody. */
typedef struct {
    uint8_t key[KEY_SIZE]; /* first: the table's key */
    Role role;
    GPtrArray *bans;  /* Item that count, in order; bans and their ends */
    GPtrArray *mutes; /* the same */
} Member;

struct Moderation {
    bool has_keeper;
    uint8_t keeper[KEY_SIZE];
    GPtrArray *items;    /* Item, owned, in the order shown */
    GHashTable *by_hash; /* hash of the event → Item */
    GHashTable *authors; /* key → Author, owned */
    unsigned others;     /* items of who is not trusted */
    Event *left_out;     /* owned: the newest that was left out of who is not trusted, or NULL */
    bool trimmed;        /* events of who is trusted were left out */
    bool lacks;

    bool stale; /* what follows is to be found anew */
    bool has_grants;
    GHashTable *members; /* key → Member, owned */
    GHashTable *topics;  /* room → Item */
    const Item *motd, *name;
};

/* In the order shown: negative when `a` comes first. */
int moderation_compare(const Event *a, const Event *b);
static inline Item *moderation_item(const GPtrArray *items, guint i)
{
    return g_ptr_array_index(items, i);
}
/* How many of the items stand before this event. */
guint moderation_count_before(const GPtrArray *items, const Event *event);

/* moderation_state.c */
void moderation_state_init(Moderation *moderation);
void moderation_state_clear(Moderation *moderation);
/* Judges the newest event, when nothing is stale; what it does is done. */
void moderation_go_through(Moderation *moderation, Item *item);
/* Goes through everything if need be: it is put off until somebody asks. */
const Moderation *moderation_settled(const Moderation *moderation);
