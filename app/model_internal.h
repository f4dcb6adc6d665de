#pragma once
/* What a snapshot is made of, for app/model.c and app/model_build.c alone. */

#include "app/model_build.h"

/* Persons and blocks of messages are shared between snapshots and carry their own reference counts;
 * a snapshot keeps one string chunk for everything else. */

typedef struct {
    Person person; /* first: faces hold pointers to it */
    gint references;
} PersonBox;

struct MessageBlock {
    gint references;
    size_t count;
    Message *messages; /* owned, with their texts */
};

typedef struct {
    Conversation conversation; /* first: faces hold pointers to it */
    GPtrArray *blocks;         /* MessageBlock, owned references */
    GArray *ends;              /* size_t: messages up to the end of each block */
    GArray *loose;             /* Message: given one by one, not in a block yet; builder only */
    GPtrArray *typing;         /* owned references */
} ConversationBox;

struct Model {
    gint references;
    uint64_t version;
    LinkState link;
    int64_t link_since_us, no_network_since_us;
    int64_t room_offset_ms;
    bool first_run, wants_connect, wants_quit;
    bool people_sorted;
    CarriedBy carried_by;
    uint8_t carrier[MODEL_KEY_SIZE]; /* CARRIED_BY_PERSON */
    const char *why, *place_name, *finding_line;
    const char *motd, *silenced, *barred;
    const char *locked_name, *passphrase_why; /* NULL: no place asks */
    const Person *self;                       /* in `people` */
    GPtrArray *people;                        /* owned references */
    GPtrArray *conversations;                 /* ConversationBox, owned */
    GPtrArray *choices;                       /* Choice, owned */
    GPtrArray *transfers;                     /* owned references */
    GPtrArray *accepted;                      /* GBytes, owned */
    const char *folder;
    GStringChunk *strings;
};

/* For arrays of them. */
void person_unref_pointer(gpointer person);
void block_unref_pointer(gpointer block); /* a MessageBlock */
void conversation_box_free(gpointer data);
void model_free(Model *model);
