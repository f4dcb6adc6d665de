#include "app/files/batches.h"

#include <sys/mman.h>

/* As many as the disk takes in one step, and twice as many to be filled meanwhile: whoever waits
 * for the disk may get the processor late. */
#define BATCH_COUNT 12
#define HUGE_PAGE (2 * 1024 * 1024)

struct Batches {
    GMutex mutex;
    GCond changed;
    Batch *all[BATCH_COUNT]; /* owned */
    uint8_t *memory;         /* owned: of all */
    GQueue empty;            /* guarded by mutex, like what follows */
    GQueue full;
    unsigned out; /* taken full and not given back */
    bool ended, closed;
};

Batches *batches_new(void)
{
    Batches *batches = g_new0(Batches, 1);
    g_mutex_init(&batches->mutex);
    g_cond_init(&batches->changed);
    batches->memory = g_aligned_alloc(BATCH_COUNT, CHUNK_SIZE, HUGE_PAGE);
    (void)madvise(batches->memory, BATCH_COUNT * CHUNK_SIZE, MADV_HUGEPAGE);
    for (size_t i = 0; i < BATCH_COUNT; i++) {
        batches->all[i] = g_new0(Batch, 1);
        batches->all[i]->bytes = batches->memory + i * CHUNK_SIZE;
        g_queue_push_tail(&batches->empty, batches->all[i]);
    }
    return batches;
}

void batches_free(Batches *batches)
{
    if (batches == NULL)
        return;
    for (size_t i = 0; i < BATCH_COUNT; i++)
        g_free(batches->all[i]);
    g_aligned_free(batches->memory);
    g_queue_clear(&batches->empty);
    g_queue_clear(&batches->full);
    g_cond_clear(&batches->changed);
    g_mutex_clear(&batches->mutex);
    g_free(batches);
}

/* The head of a queue of this object; waits for one. With the mutex. */
static Batch *await_head(Batches *batches, GQueue *queue, int64_t until_us)
{
    while (!batches->closed && queue->head == NULL &&
           !(queue == &batches->full && batches->ended)) {
        if (!g_cond_wait_until(&batches->changed, &batches->mutex, until_us))
            break;
    }
    return batches->closed ? NULL : g_queue_pop_head(queue);
}

Batch *batches_take_empty(Batches *batches, int64_t until_us)
{
    g_mutex_lock(&batches->mutex);
    Batch *batch = await_head(batches, &batches->empty, until_us);
    g_mutex_unlock(&batches->mutex);
    return batch;
}

void batches_give_full(Batches *batches, Batch *batch)
{
    g_mutex_lock(&batches->mutex);
    g_queue_push_tail(&batches->full, batch);
    g_cond_broadcast(&batches->changed);
    g_mutex_unlock(&batches->mutex);
}

void batches_end(Batches *batches)
{
    g_mutex_lock(&batches->mutex);
    batches->ended = true;
    g_cond_broadcast(&batches->changed);
    g_mutex_unlock(&batches->mutex);
}

bool batches_wait_drained(Batches *batches, int64_t until_us)
{
    g_mutex_lock(&batches->mutex);
    while (!batches->closed && (batches->full.head != NULL || batches->out > 0)) {
        if (!g_cond_wait_until(&batches->changed, &batches->mutex, until_us))
            break;
    }
    bool drained = batches->full.head == NULL && batches->out == 0;
    g_mutex_unlock(&batches->mutex);
    return drained;
}

Batch *batches_take_full(Batches *batches, int64_t until_us)
{
    g_mutex_lock(&batches->mutex);
    Batch *batch = await_head(batches, &batches->full, until_us);
    batches->out += batch != NULL ? 1 : 0;
    g_mutex_unlock(&batches->mutex);
    return batch;
}

static void give_empty(Batches *batches, Batch *batch, unsigned taken)
{
    batch->length = 0;
    batch->count = 0;
    g_mutex_lock(&batches->mutex);
    batches->out -= taken;
    /* The one used last is the one still in the cache. */
    g_queue_push_head(&batches->empty, batch);
    g_cond_broadcast(&batches->changed);
    g_mutex_unlock(&batches->mutex);
}

void batches_give_empty(Batches *batches, Batch *batch)
{
    give_empty(batches, batch, 1);
}

void batches_give_back(Batches *batches, Batch *batch)
{
    give_empty(batches, batch, 0);
}

bool batches_at_end(Batches *batches)
{
    g_mutex_lock(&batches->mutex);
    bool end = batches->closed || (batches->ended && batches->full.head == NULL);
    g_mutex_unlock(&batches->mutex);
    return end;
}

void batches_close(Batches *batches)
{
    g_mutex_lock(&batches->mutex);
    batches->closed = true;
    g_cond_broadcast(&batches->changed);
    g_mutex_unlock(&batches->mutex);
}

bool batches_closed(Batches *batches)
{
    g_mutex_lock(&batches->mutex);
    bool closed = batches->closed;
    g_mutex_unlock(&batches->mutex);
    return closed;
}

bool batch_has_room(const Batch *batch, size_t length)
{
    return batch->count < BATCH_ENTRIES && batch->length + length <= CHUNK_SIZE;
}
