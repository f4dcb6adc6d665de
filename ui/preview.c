#include "ui/preview.h"

#include "ui/decoder.h"
#include "ui/picture_header.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ENTRIES_MAX = 256,            /* those that cannot be shown included */
    BYTES_MAX = 48 * 1024 * 1024, /* of pixels */
    SIZES_MAX = 4096,
    HEAD_MAX = 128 * 1024, /* bytes of a file that are looked at for its size */
    WAITING_MAX = 64       /* further ones are asked again at a later frame */
};
#define DECODE_WITHIN_US (15 * G_USEC_PER_SEC)

typedef struct {
    char *key;        /* owned */
    Picture *picture; /* owned; NULL: not yet, or never */
    bool waiting;
    size_t bytes;
    uint64_t used; /* grows with each use of any */
} Entry;

typedef struct {
    char *key;     /* owned */
    char *path;    /* owned; NULL: bytes */
    GBytes *bytes; /* owned */
    int width, height;
    Decoded *decoded; /* owned; NULL: failed */
} Job;

typedef struct {
    uint32_t width, height; /* 0: not known */
} Size;

struct Previews {
    void (*wake)(void *user);
    void *user;
    GHashTable *entries; /* key → Entry, owned */
    GHashTable *sizes;   /* path → Size, both owned */
    size_t bytes;
    unsigned waiting;
    uint64_t uses;
    GThreadPool *pool; /* owned; one thread */
    GAsyncQueue *done; /* owned; Job */
    int stopping;      /* atomic */
};

static void entry_free(gpointer data)
{
    Entry *entry = data;
    picture_unref(entry->picture);
    g_free(entry->key);
    g_free(entry);
}

static void job_free(gpointer data)
{
    Job *job = data;
    decoded_free(job->decoded);
    g_clear_pointer(&job->bytes, g_bytes_unref);
    g_free(job->path);
    g_free(job->key);
    g_free(job);
}

static void decode(gpointer data, gpointer user)
{
    Job *job = data;
    Previews *previews = user;
    if (g_atomic_int_get(&previews->stopping)) {
        job_free(job);
        return;
    }
    g_autoptr(GError) error = NULL;
    job->decoded =
        job->path ? decoder_file(job->path, job->width, job->height, DECODE_WITHIN_US, &error)
                  : decoder_bytes(job->bytes, job->width, job->height, DECODE_WITHIN_US, &error);
    if (!job->decoded)
        g_debug("no preview: %s", error->message);
    g_async_queue_push(previews->done, job);
    previews->wake(previews->user);
}

Previews *previews_new(void (*wake)(void *user), void *user)
{
    Previews *previews = g_new0(Previews, 1);
    previews->wake = wake;
    previews->user = user;
    previews->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    previews->sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    previews->pool = g_thread_pool_new(decode, previews, 1, FALSE, NULL);
    previews->done = g_async_queue_new_full(job_free);
    return previews;
}

void previews_free(Previews *previews)
{
    if (!previews)
        return;
    g_atomic_int_set(&previews->stopping, 1);
    g_thread_pool_free(previews->pool, FALSE, TRUE);
    g_async_queue_unref(previews->done);
    g_hash_table_unref(previews->entries);
    g_hash_table_unref(previews->sizes);
    g_free(previews);
}

/* The entry of this key, new when there was none; takes `key`. */
static Entry *look_up(Previews *previews, char *key, bool *fresh)
{
    Entry *entry = g_hash_table_lookup(previews->entries, key);
    *fresh = !entry && previews->waiting < WAITING_MAX;
    if (!*fresh) {
        g_free(key);
    } else {
        entry = g_new0(Entry, 1);
        entry->key = key;
        entry->waiting = true;
        previews->waiting++;
        g_hash_table_insert(previews->entries, entry->key, entry);
    }
    if (entry)
        entry->used = ++previews->uses;
    return entry;
}

static void push(Previews *previews, const Entry *entry, const char *path, GBytes *bytes, int width,
                 int height)
{
    Job *job = g_new0(Job, 1);
    job->key = g_strdup(entry->key);
    job->path = g_strdup(path);
    job->bytes = bytes ? g_bytes_ref(bytes) : NULL;
    job->width = width;
    job->height = height;
    g_thread_pool_push(previews->pool, job, NULL);
}

Picture *previews_file(Previews *previews, const char *path, int width, int height)
{
    bool fresh;
    Entry *entry = look_up(previews, g_strdup_printf("%dx%d %s", width, height, path), &fresh);
    if (fresh)
        push(previews, entry, path, NULL, width, height);
    return entry ? entry->picture : NULL;
}

Picture *previews_bytes(Previews *previews, GBytes *encoded, int width, int height)
{
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, encoded);
    bool fresh;
    Entry *entry = look_up(previews, g_strdup_printf("%dx%d#%s", width, height, sum), &fresh);
    if (fresh)
        push(previews, entry, NULL, encoded, width, height);
    return entry ? entry->picture : NULL;
}

/* Nothing that waits (a pipe, say) is opened, and no more read than there is room for. */
static void read_size(const char *path, Size *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0)
        return;
    PictureHeader header;
    g_autofree uint8_t *head = g_malloc(HEAD_MAX);
    bool plain = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t length = plain ? pread(fd, head, HEAD_MAX, 0) : 0;
    if (length > 0 && picture_header_read(head, (size_t)length, &header))
        picture_header_upright(&header, &size->width, &size->height);
    close(fd);
}

bool previews_size(Previews *previews, const char *path, uint32_t *width, uint32_t *height)
{
    Size *size = g_hash_table_lookup(previews->sizes, path);
    if (!size) {
        if (g_hash_table_size(previews->sizes) >= SIZES_MAX)
            g_hash_table_remove_all(previews->sizes);
        size = g_new0(Size, 1);
        read_size(path, size);
        g_hash_table_insert(previews->sizes, g_strdup(path), size);
    }
    if (!size->width || !size->height)
        return false;
    *width = size->width;
    *height = size->height;
    return true;
}

/* What is used in this frame has just been used: it is never the oldest of many. */
static void forget_oldest(Previews *previews)
{
    while (previews->bytes > BYTES_MAX || g_hash_table_size(previews->entries) > ENTRIES_MAX) {
        Entry *oldest = NULL;
        GHashTableIter iter;
        gpointer value;
        g_hash_table_iter_init(&iter, previews->entries);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            Entry *entry = value;
            if (!entry->waiting && (!oldest || entry->used < oldest->used))
                oldest = entry;
        }
        if (!oldest)
            return;
        previews->bytes -= oldest->bytes;
        g_hash_table_remove(previews->entries, oldest->key);
    }
}

bool previews_dispatch(Previews *previews)
{
    bool news = false;
    Job *job;
    while ((job = g_async_queue_try_pop(previews->done))) {
        Entry *entry = g_hash_table_lookup(previews->entries, job->key);
        previews->waiting--;
        entry->waiting = false;
        news = true; /* also without a picture: others may be waiting for their turn */
        if (job->decoded) {
            const Decoded *decoded = job->decoded;
            entry->picture =
                picture_new(decoded->pixels, decoded->width, decoded->height, decoded->width);
            entry->bytes = (size_t)decoded->width * (size_t)decoded->height * 4;
            previews->bytes += entry->bytes;
        }
        job_free(job);
    }
    if (news)
        forget_oldest(previews);
    return news;
}
