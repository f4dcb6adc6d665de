#include "app/rows.h"

#include <string.h>

#define CHUNK_MAX 128

typedef struct {
    GPtrArray *rows;     /* Row, borrowed */
    MessageBlock *block; /* NULL: to be made */
} Chunk;

struct Rows {
    GPtrArray *chunks; /* Chunk, owned, none empty */
    GHashTable *by_id; /* id and author of a Row → itself, owned */
    size_t count;
};

static guint row_hash(gconstpointer data)
{
    const Row *row = data;
    guint hash = 0;
    memcpy(&hash, row->message.id, sizeof hash);
    return hash;
}

static gboolean row_equal(gconstpointer a, gconstpointer b)
{
    const Row *left = a, *right = b;
    return memcmp(left->message.id, right->message.id, MODEL_ID_SIZE) == 0 &&
           left->has_author == right->has_author &&
           memcmp(left->author, right->author, KEY_SIZE) == 0;
}

static void row_free(gpointer data)
{
    Row *row = data;
    g_free((char *)row->message.text);
    g_free((char *)row->message.why);
    offer_unref((Offer *)row->message.offer);
    g_free(row);
}

static Row *row_copy(const Row *row)
{
    Row *copy = g_memdup2(row, sizeof *row);
    copy->message.author = NULL;
    copy->message.text = g_strndup(row->message.text ? row->message.text : "", row->message.length);
    copy->message.why = g_strdup(row->message.why);
    if (row->message.offer)
        offer_ref((Offer *)row->message.offer);
    return copy;
}

static void chunk_free(gpointer data)
{
    Chunk *chunk = data;
    g_ptr_array_unref(chunk->rows);
    message_block_unref(chunk->block);
    g_free(chunk);
}

static Chunk *chunk_new(void)
{
    Chunk *chunk = g_new0(Chunk, 1);
    chunk->rows = g_ptr_array_new();
    return chunk;
}

Rows *rows_new(void)
{
    Rows *rows = g_new0(Rows, 1);
    rows->chunks = g_ptr_array_new_with_free_func(chunk_free);
    rows->by_id = g_hash_table_new_full(row_hash, row_equal, row_free, NULL);
    return rows;
}

void rows_free(Rows *rows)
{
    if (!rows)
        return;
    g_ptr_array_unref(rows->chunks);
    g_hash_table_unref(rows->by_id);
    g_free(rows);
}

int rows_compare(const LogPoint *a, const LogPoint *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return memcmp(a->hash, b->hash, HASH_SIZE);
}

LogPoint row_point(const Row *row)
{
    LogPoint point = {.time_ms = row->message.time_ms};
    memcpy(point.hash, row->hash, HASH_SIZE);
    return point;
}

static int compare(const Row *a, const Row *b)
{
    if (a->waiting != b->waiting)
        return a->waiting ? 1 : -1;
    LogPoint left = row_point(a), right = row_point(b);
    return rows_compare(&left, &right);
}

/* The last chunk that does not begin after `row`, or the first. */
static guint find_chunk(const Rows *rows, const Row *row)
{
    guint low = 0, high = rows->chunks->len;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        const Chunk *chunk = rows->chunks->pdata[middle];
        if (compare(chunk->rows->pdata[0], row) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void split(Rows *rows, guint index)
{
    Chunk *chunk = rows->chunks->pdata[index];
    /* At the end, where most are added, the full chunk stays as it is. */
    guint keep = index + 1 == rows->chunks->len ? chunk->rows->len - 1 : chunk->rows->len / 2;
    Chunk *second = chunk_new();
    for (guint i = keep; i < chunk->rows->len; i++)
        g_ptr_array_add(second->rows, chunk->rows->pdata[i]);
    g_ptr_array_set_size(chunk->rows, (gint)keep);
    g_ptr_array_insert(rows->chunks, (gint)index + 1, second);
}

static void insert(Rows *rows, Row *row)
{
    if (rows->chunks->len == 0)
        g_ptr_array_add(rows->chunks, chunk_new());
    guint index = find_chunk(rows, row);
    Chunk *chunk = rows->chunks->pdata[index];
    guint at = chunk->rows->len;
    while (at > 0 && compare(chunk->rows->pdata[at - 1], row) > 0)
        at--;
    g_ptr_array_insert(chunk->rows, (gint)at, row);
    g_clear_pointer(&chunk->block, message_block_unref);
    if (chunk->rows->len > CHUNK_MAX)
        split(rows, index);
}

static void take_out(Rows *rows, Row *row)
{
    for (guint index = rows->chunks->len; index-- > 0;) {
        Chunk *chunk = rows->chunks->pdata[index];
        if (!g_ptr_array_remove(chunk->rows, row))
            continue;
        g_clear_pointer(&chunk->block, message_block_unref);
        if (chunk->rows->len == 0)
            g_ptr_array_remove_index(rows->chunks, index);
        return;
    }
}

bool rows_put(Rows *rows, const Row *row)
{
    Row *known = g_hash_table_lookup(rows->by_id, row);
    Row *copy = row_copy(row);
    if (known) {
        take_out(rows, known);
        g_hash_table_remove(rows->by_id, known);
    } else {
        rows->count++;
    }
    g_hash_table_add(rows->by_id, copy);
    insert(rows, copy);
    return !known;
}

void rows_remove(Rows *rows, const Row *row)
{
    Row *known = g_hash_table_lookup(rows->by_id, row);
    if (!known)
        return;
    take_out(rows, known);
    g_hash_table_remove(rows->by_id, known);
    rows->count--;
}

const Row *rows_find(Rows *rows, const uint8_t *author, const uint8_t *id)
{
    Row key = {.has_author = author != NULL};
    memcpy(key.message.id, id, MODEL_ID_SIZE);
    if (author) {
        memcpy(key.author, author, KEY_SIZE);
        return g_hash_table_lookup(rows->by_id, &key);
    }
    GHashTableIter iter;
    void *row = NULL;
    for (g_hash_table_iter_init(&iter, rows->by_id); g_hash_table_iter_next(&iter, &row, NULL);)
        if (memcmp(((Row *)row)->message.id, id, MODEL_ID_SIZE) == 0)
            return row;
    return NULL;
}

static bool is_event(const Row *row)
{
    return !row->waiting && !row->local;
}

const Row *rows_oldest(const Rows *rows)
{
    for (guint i = 0; i < rows->chunks->len; i++) {
        const Chunk *chunk = rows->chunks->pdata[i];
        for (guint j = 0; j < chunk->rows->len; j++)
            if (is_event(chunk->rows->pdata[j]))
                return chunk->rows->pdata[j];
    }
    return NULL;
}

void rows_backwards(const Rows *rows, bool (*each)(const Row *row, void *user), void *user)
{
    for (guint i = rows->chunks->len; i-- > 0;) {
        const Chunk *chunk = rows->chunks->pdata[i];
        for (guint j = chunk->rows->len; j-- > 0;)
            if (!each(chunk->rows->pdata[j], user))
                return;
    }
}

static bool take_newest(const Row *row, void *user)
{
    if (!is_event(row))
        return true;
    *(const Row **)user = row;
    return false;
}

const Row *rows_newest(const Rows *rows)
{
    const Row *newest = NULL;
    rows_backwards(rows, take_newest, &newest);
    return newest;
}

size_t rows_count(const Rows *rows)
{
    return rows->count;
}

static bool has_author(const Chunk *chunk, const uint8_t *author)
{
    for (guint i = 0; i < chunk->rows->len; i++) {
        const Row *row = chunk->rows->pdata[i];
        if (row->has_author && (!author || memcmp(row->author, author, KEY_SIZE) == 0))
            return true;
    }
    return false;
}

void rows_author_changed(Rows *rows, const uint8_t *author)
{
    for (guint i = 0; i < rows->chunks->len; i++) {
        Chunk *chunk = rows->chunks->pdata[i];
        if (chunk->block && has_author(chunk, author))
            g_clear_pointer(&chunk->block, message_block_unref);
    }
}

void rows_build(Rows *rows, ModelBuilder *builder,
                const Person *(*person)(const uint8_t *key, void *user), void *user)
{
    Message messages[CHUNK_MAX];
    for (guint i = 0; i < rows->chunks->len; i++) {
        Chunk *chunk = rows->chunks->pdata[i];
        for (guint j = 0; !chunk->block && j < chunk->rows->len; j++) {
            const Row *row = chunk->rows->pdata[j];
            messages[j] = row->message;
            messages[j].author = row->has_author ? person(row->author, user) : NULL;
        }
        if (!chunk->block)
            chunk->block = message_block_new(messages, chunk->rows->len);
        model_builder_block(builder, chunk->block);
    }
}
