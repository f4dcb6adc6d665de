#include "ui/chat.h"

#include <string.h>

#define ROW_ESTIMATE 44
#define MESSAGE_MAX_BYTES 16384
#define LOOKED_AT 64 /* rows at the end that may change their order */

Chat *chat_new(const char *id)
{
    Chat *chat = g_new0(Chat, 1);
    chat->id = g_strdup(id);
    chat->composer = field_new(true, MESSAGE_MAX_BYTES);
    chat->refs = g_array_new(FALSE, FALSE, sizeof(MessageRef));
    chat->heights = heights_new(ROW_ESTIMATE);
    chat->pinned = true;
    chat->asked_count = G_MAXSIZE;
    return chat;
}

void chat_free(Chat *chat)
{
    if (!chat)
        return;
    g_free(chat->id);
    field_free(chat->composer);
    g_array_unref(chat->refs);
    heights_free(chat->heights);
    g_free(chat);
}

MessageRef chat_ref(const Message *message)
{
    MessageRef ref = {0};
    memcpy(ref.id, message->id, sizeof ref.id);
    if (message->author)
        memcpy(&ref.author, message->author->key, sizeof ref.author);
    return ref;
}

bool chat_same(const MessageRef *a, const MessageRef *b)
{
    return a->author == b->author && memcmp(a->id, b->id, sizeof a->id) == 0;
}

size_t chat_count(const Chat *chat)
{
    return chat->refs->len;
}

static const MessageRef *row_ref(const Chat *chat, size_t row)
{
    return &g_array_index(chat->refs, MessageRef, row);
}

static MessageRef model_ref_at(const Model *model, const Conversation *conversation, size_t index)
{
    return chat_ref(model_message(model, conversation, index));
}

/* How many of the new messages stand before what was the first row; G_MAXSIZE when that is gone. */
static size_t prepended(const Chat *chat, const Model *model, const Conversation *conversation)
{
    size_t most = conversation->message_count;
    for (size_t i = 0; i < most; i++) {
        MessageRef ref = model_ref_at(model, conversation, i);
        if (chat_same(&ref, row_ref(chat, 0)))
            return i;
    }
    return G_MAXSIZE;
}

static void append_rows(Chat *chat, const Model *model, const Conversation *conversation)
{
    size_t old = chat->refs->len;
    size_t count = conversation->message_count;
    g_array_set_size(chat->refs, (guint)count);
    for (size_t i = old; i < count; i++)
        g_array_index(chat->refs, MessageRef, i) = model_ref_at(model, conversation, i);
    heights_insert(chat->heights, old, count - old);
}

static guint ref_hash(gconstpointer data)
{
    guint hash;
    memcpy(&hash, ((const MessageRef *)data)->id, sizeof hash);
    return hash;
}

static gboolean ref_equal(gconstpointer a, gconstpointer b)
{
    return chat_same(a, b);
}

#define NOT_MEASURED 0 /* else the height and 1 */

/* The end changed its order: its rows are made anew and take along the heights that were measured.
 * Returns how many rows at the end are new. */
static size_t replace_tail(Chat *chat, size_t from, const Model *model,
                           const Conversation *conversation)
{
    size_t old = chat->refs->len;
    g_autoptr(GHashTable) known = g_hash_table_new_full(ref_hash, ref_equal, g_free, NULL);
    for (size_t i = from; i < old; i++) {
        bool measured = heights_measured(chat->heights, i);
        int height = measured ? heights_get(chat->heights, i) + 1 : NOT_MEASURED;
        g_hash_table_insert(known, g_memdup2(row_ref(chat, i), sizeof(MessageRef)),
                            GINT_TO_POINTER(height));
    }
    heights_remove(chat->heights, from, old - from);
    g_array_set_size(chat->refs, (guint)from);
    append_rows(chat, model, conversation);
    for (size_t i = from; i < chat->refs->len; i++) {
        int height = GPOINTER_TO_INT(g_hash_table_lookup(known, row_ref(chat, i)));
        if (height != NOT_MEASURED)
            heights_set(chat->heights, i, height - 1);
    }
    size_t end = chat->refs->len;
    while (end > from && !g_hash_table_contains(known, row_ref(chat, end - 1)))
        end--;
    return chat->refs->len - end;
}

static bool row_is(const Chat *chat, size_t row, const Model *model,
                   const Conversation *conversation)
{
    if (row >= conversation->message_count)
        return false;
    MessageRef ref = model_ref_at(model, conversation, row);
    return chat_same(&ref, row_ref(chat, row));
}

/* How many rows from the start are as they were. Order changes only near the end, where what was
 * sent finds its place; so the last rows are looked at one by one, and those before only while they
 * differ. */
static size_t unchanged(const Chat *chat, const Model *model, const Conversation *conversation)
{
    size_t count = chat->refs->len;
    size_t start = count > LOOKED_AT ? count - LOOKED_AT : 0;
    while (start > 0 && !row_is(chat, start, model, conversation))
        start = start > LOOKED_AT ? start - LOOKED_AT : 0;
    while (start < count && row_is(chat, start, model, conversation))
        start++;
    return start;
}

size_t chat_sync(Chat *chat, const Model *model, const Conversation *conversation)
{
    size_t count = conversation->message_count;
    if (!chat->refs->len) {
        append_rows(chat, model, conversation);
        return 0;
    }
    size_t before =
        count && row_is(chat, 0, model, conversation) ? 0 : prepended(chat, model, conversation);
    if (before == G_MAXSIZE)
        return replace_tail(chat, 0, model, conversation);
    if (before) {
        g_autofree MessageRef *fresh = g_new(MessageRef, before);
        for (size_t i = 0; i < before; i++)
            fresh[i] = model_ref_at(model, conversation, i);
        g_array_insert_vals(chat->refs, 0, fresh, (guint)before);
        heights_insert(chat->heights, 0, before);
        chat->anchor_row += before;
    }
    size_t same = unchanged(chat, model, conversation);
    if (same < chat->refs->len)
        return replace_tail(chat, same, model, conversation);
    size_t old = chat->refs->len;
    append_rows(chat, model, conversation);
    return chat->refs->len - old;
}

bool chat_find(const Chat *chat, const MessageRef *ref, size_t hint, size_t *row)
{
    size_t count = chat->refs->len;
    if (hint < count && chat_same(row_ref(chat, hint), ref)) {
        *row = hint;
        return true;
    }
    /* What is looked for is mostly new. */
    for (size_t i = count; i-- > 0;) {
        if (chat_same(row_ref(chat, i), ref)) {
            *row = i;
            return true;
        }
    }
    return false;
}

bool chat_selection(const Chat *chat, size_t *first_row, size_t *first_offset, size_t *last_row,
                    size_t *last_offset)
{
    size_t from;
    size_t to;
    if (!chat->selected || !chat_find(chat, &chat->from.message, G_MAXSIZE, &from) ||
        !chat_find(chat, &chat->to.message, G_MAXSIZE, &to))
        return false;
    bool forward = from < to || (from == to && chat->from.offset <= chat->to.offset);
    *first_row = forward ? from : to;
    *first_offset = forward ? chat->from.offset : chat->to.offset;
    *last_row = forward ? to : from;
    *last_offset = forward ? chat->to.offset : chat->from.offset;
    return *first_row != *last_row || *first_offset != *last_offset;
}

void chat_deselect(Chat *chat)
{
    chat->selected = false;
    chat->selecting = false;
}
