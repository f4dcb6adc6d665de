#include "app/talk.h"

#include "app/timeline.h"

#include <string.h>

#define COUNT_MAX 1000 /* unread messages are not counted further */

static GBytes *bytes_of(const ConversationId *id)
{
    return g_bytes_new(id->id, id->direct ? KEY_SIZE : PLACE_SIZE);
}

Talk *talk_new(const ConversationId *id, Session *session, Store *store)
{
    Talk *talk = g_new0(Talk, 1);
    talk->id = *id;
    talk->name = timeline_conversation_name(id);
    talk->rows = rows_new();
    talk->typing = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) bytes = bytes_of(id);
    const uint8_t *place = session_place(session);
    talk->draft = store_draft(store, place, bytes, NULL);
    if (place)
        store_read_mark(store, place, bytes, &talk->has_mark, &talk->mark, NULL);
    talk->more_in_log = place != NULL;
    talk_load(talk, session);
    return talk;
}

void talk_free(Talk *talk)
{
    g_free(talk->name);
    rows_free(talk->rows);
    g_ptr_array_unref(talk->typing);
    g_free(talk->draft);
    g_free(talk);
}

static bool word_at(const char *text, const char *start, size_t length)
{
    gunichar before = start > text ? g_utf8_get_char(g_utf8_prev_char(start)) : ' ';
    gunichar after = start[length] ? g_utf8_get_char(start + length) : ' ';
    return !g_unichar_isalnum(before) && !g_unichar_isalnum(after);
}

static bool mentions(const char *text, const char *name)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    g_autofree char *wanted = g_utf8_casefold(name, -1);
    size_t length = strlen(wanted);
    const char *found = folded;
    while (length > 0 && (found = strstr(found, wanted)) != NULL) {
        if (word_at(folded, found, length))
            return true;
        found += length;
    }
    return false;
}

static MessageKind kind_of(const SessionMessage *message)
{
    if (message->kind == EVENT_OFFER && message->offer)
        return MESSAGE_OFFER;
    if (message->act && message->act->act == ACT_ANNOUNCE)
        return MESSAGE_ANNOUNCEMENT;
    if (message->act || message->kind == EVENT_TOPIC)
        return MESSAGE_MODERATION;
    if (message->kind != EVENT_MESSAGE)
        return MESSAGE_UNKNOWN;
    return message->action ? MESSAGE_ACTION : MESSAGE_TEXT;
}

static Row row_of(const SessionMessage *message, const char *own_name)
{
    static const Delivery deliveries[] = {DELIVERY_RECEIVED, DELIVERY_SENDING, DELIVERY_SENT,
                                          DELIVERY_FAILED};
    bool waiting =
        message->delivery == DELIVERY_STATE_QUEUED || message->delivery == DELIVERY_STATE_REFUSED;
    Row row = {.has_author = !message->by_relay,
               .waiting = waiting,
               .message = {.kind = kind_of(message),
                           .delivery = deliveries[message->delivery],
                           .time_ms = message->time_ms,
                           .text = message->text,
                           .length = strlen(message->text),
                           .why = message->why,
                           .offer = message->offer,
                           .position = message->position}};
    memcpy(row.message.id, message->token, MODEL_ID_SIZE);
    memcpy(row.author, message->author, KEY_SIZE);
    if (message->hash && !waiting)
        memcpy(row.hash, message->hash, HASH_SIZE);
    row.message.mention = message->delivery == DELIVERY_STATE_RECEIVED && own_name &&
                          mentions(message->text, own_name);
    return row;
}

/* Older than everything loaded: it will come with its page, so that nothing is missing between. */
static bool out_of_sight(const Talk *talk, const Row *row)
{
    const Row *oldest = rows_oldest(talk->rows);
    if (!oldest || row->waiting)
        return false;
    LogPoint point = row_point(row), first = row_point(oldest);
    return rows_compare(&point, &first) < 0 &&
           (talk->more_in_log || rows_count(talk->rows) >= TALK_PAGE);
}

bool talk_message(Talk *talk, const SessionMessage *message, const char *own_name)
{
    Row row = row_of(message, own_name);
    /* What waited and is in the log now is never put back among those that wait. */
    const Row *known = rows_find(talk->rows, row.author, row.message.id);
    if (known && !known->waiting && row.waiting)
        return false;
    if (!known && out_of_sight(talk, &row)) {
        bool new = !talk->more_in_log;
        talk->more_in_log = true;
        return new;
    }
    rows_put(talk->rows, &row);
    talk->counted = false;
    return true;
}

typedef struct {
    Talk *talk;
    const char *own_name;
} Loading;

static void load_one(const SessionMessage *message, void *user)
{
    const Loading *loading = user;
    Row row = row_of(message, loading->own_name);
    rows_put(loading->talk->rows, &row);
}

unsigned talk_load(Talk *talk, Session *session)
{
    if (!talk->more_in_log)
        return 0;
    const Row *oldest = rows_oldest(talk->rows);
    LogPoint before = {0};
    if (oldest)
        before = row_point(oldest);
    Loading loading = {talk, session_self(session)->name};
    unsigned count =
        session_history(session, &talk->id, oldest ? &before : NULL, TALK_PAGE, load_one, &loading);
    talk->more_in_log = count == TALK_PAGE;
    talk->counted = false;
    return count;
}

static bool find_act(const Row *row, void *user)
{
    *(bool *)user = row->message.kind == MESSAGE_MODERATION;
    return !*(bool *)user;
}

static void renew_act(const SessionMessage *message, void *user)
{
    Talk *talk = user;
    if (!message->act && message->kind != EVENT_TOPIC)
        return;
    Row row = row_of(message, NULL);
    const Row *known = rows_find(talk->rows, row.has_author ? row.author : NULL, row.message.id);
    if (known && strcmp(known->message.text, row.message.text) != 0)
        rows_put(talk->rows, &row);
}

void talk_renew_acts(Talk *talk, Session *session)
{
    bool any = false;
    rows_backwards(talk->rows, find_act, &any);
    if (any)
        session_history(session, &talk->id, NULL, (unsigned)rows_count(talk->rows), renew_act,
                        talk);
}

void talk_notice(Talk *talk, MessageKind kind, const uint8_t *author, const char *text,
                 int64_t time_ms)
{
    /* Ids need to be unique in this process only, which may run several engines. */
    static guint last;
    uint64_t number = (uint64_t)g_atomic_int_add(&last, 1) + 1;
    const Row *newest = rows_newest(talk->rows);
    int64_t least_ms = newest ? newest->message.time_ms : time_ms;
    Row row = {
        .has_author = author != NULL,
        .local = true,
        .message = {
            .kind = kind, .time_ms = MAX(time_ms, least_ms), .text = text, .length = strlen(text)}};
    memcpy(row.message.id, &number, sizeof number);
    if (author)
        memcpy(row.author, author, KEY_SIZE);
    /* Behind what has the same time: no hash is larger. */
    memset(row.hash, 0xff, HASH_SIZE);
    rows_put(talk->rows, &row);
}

/* The line about the last move, when only comings and goings were told since. */
static bool find_moved(const Row *row, void *user)
{
    MessageKind kind = row->message.kind;
    if (row->waiting)
        return true;
    if (row->local && kind == MESSAGE_MOVED)
        *(const Row **)user = row;
    return row->local && (kind == MESSAGE_JOINED || kind == MESSAGE_LEFT);
}

void talk_moved(Talk *talk, const char *text, int64_t time_ms)
{
    const Row *earlier = NULL;
    rows_backwards(talk->rows, find_moved, &earlier);
    if (earlier)
        rows_remove(talk->rows, earlier);
    talk_notice(talk, MESSAGE_MOVED, NULL, text, time_ms);
}

void talk_typing(Talk *talk, const uint8_t *key, bool types)
{
    for (guint i = 0; i < talk->typing->len; i++) {
        if (memcmp(talk->typing->pdata[i], key, KEY_SIZE) != 0)
            continue;
        if (!types)
            g_ptr_array_remove_index(talk->typing, i);
        return;
    }
    if (types)
        g_ptr_array_add(talk->typing, g_memdup2(key, KEY_SIZE));
}

bool talk_mark(Talk *talk, const Row *row, Store *store, const uint8_t *place)
{
    if (!row)
        row = rows_newest(talk->rows);
    if (!row || !place)
        return false;
    ReadMark mark = {.point = row_point(row)};
    memcpy(mark.token, row->message.id, TOKEN_SIZE);
    if (talk->has_mark && rows_compare(&mark.point, &talk->mark.point) <= 0)
        return false;
    talk->mark = mark;
    talk->has_mark = true;
    talk->counted = false;
    g_autoptr(GBytes) bytes = bytes_of(&talk->id);
    store_set_read_mark(store, place, bytes, &mark, NULL);
    return true;
}

typedef struct {
    Talk *talk;
    const uint8_t *self;
} Counting;

static bool count_one(const Row *row, void *user)
{
    const Counting *counting = user;
    Talk *talk = counting->talk;
    LogPoint point = row_point(row);
    if (!row->waiting && talk->has_mark && rows_compare(&point, &talk->mark.point) <= 0)
        return false;
    MessageKind kind = row->message.kind;
    bool said = kind == MESSAGE_TEXT || kind == MESSAGE_ACTION || kind == MESSAGE_OFFER ||
                kind == MESSAGE_ANNOUNCEMENT;
    bool others = said && memcmp(row->author, counting->self, KEY_SIZE) != 0;
    talk->unread += others;
    talk->mentions += others && row->message.mention;
    return talk->unread < COUNT_MAX;
}

void talk_count(Talk *talk, const uint8_t *self)
{
    if (talk->counted)
        return;
    talk->counted = true;
    talk->unread = talk->mentions = 0;
    Counting counting = {talk, self};
    rows_backwards(talk->rows, count_one, &counting);
}

int64_t talk_newest_ms(const Talk *talk)
{
    const Row *newest = rows_newest(talk->rows);
    return MAX(talk->opened_ms, newest ? newest->message.time_ms : 0);
}
