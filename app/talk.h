#pragma once
/* A conversation as the timeline keeps it: its rows, what was read of it, its draft and who types.
 * Used by app/timeline.c only. One thread. */

#include "app/rows.h"
#include "app/session.h"

#define TALK_PAGE 100 /* messages loaded at a time */

typedef struct {
    ConversationId id;
    char *name; /* as Conversation.id */
    Rows *rows;
    bool more_in_log;
    bool loading;        /* the relay was asked for older ones */
    size_t loading_from; /* how many there were then */
    bool has_mark;
    ReadMark mark;
    bool counted; /* `unread` and `mentions` are right */
    unsigned unread, mentions;
    char *draft;
    GPtrArray *typing; /* keys, owned */
    int64_t opened_ms; /* by the person, for the order shown */
} Talk;

Talk *talk_new(const ConversationId *id, Session *session, Store *store);
void talk_free(Talk *talk);

/* One message, new or changed; `own_name` decides what a mention is. Returns whether a face would
 * see a difference. */
bool talk_message(Talk *talk, const SessionMessage *message, const char *own_name);
/* The page before what is loaded; returns how many the log had. */
unsigned talk_load(Talk *talk, Session *session);
/* Says acts of moderation anew, with the names of today. */
void talk_renew_acts(Talk *talk, Session *session);
/* A line without id: joins, leaves, the program's own. `author` may be NULL. */
void talk_notice(Talk *talk, MessageKind kind, const uint8_t *author, const char *text,
                 int64_t time_ms);
/* Another node carries the room: takes the place of an earlier line about it, when nothing but
 * comings and goings stands between. */
void talk_moved(Talk *talk, const char *text, int64_t time_ms);
void talk_typing(Talk *talk, const uint8_t *key, bool types);
/* `row` NULL: the newest. False when that is no news. */
bool talk_mark(Talk *talk, const Row *row, Store *store, const uint8_t *place);
void talk_count(Talk *talk, const uint8_t *self);
/* Room time of what is newest, for sorting directs. */
int64_t talk_newest_ms(const Talk *talk);
