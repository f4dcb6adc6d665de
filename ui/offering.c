#include "ui/offering.h"

#include "ui/thumbnail.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define THUMBNAIL_WITHIN_US (700 * 1000) /* an offer goes out at once, with or without */

struct Offerings {
    OfferingReady ready;
    void *user;
    GThreadPool *pool; /* owned; one thread */
};

typedef struct {
    char *conversation; /* owned */
    GStrv paths;        /* owned */
    bool sealed;
} Job;

static bool readable(const char *path)
{
    bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    return g_access(path, folder ? R_OK | X_OK : R_OK) == 0;
}

/* "a.txt cannot be read, so it was not offered." */
static char *complain(const char *first, unsigned count)
{
    if (!count)
        return NULL;
    g_autofree char *name = g_filename_display_basename(first);
    if (count == 1)
        return g_strdup_printf("%s cannot be read, so it was not offered.", name);
    return g_strdup_printf("%s and %u more cannot be read, so they were not offered.", name,
                           count - 1);
}

static void offer(gpointer data, gpointer user)
{
    Job *job = data;
    Offerings *offerings = user;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    const char *first = NULL;
    unsigned left_out = 0;
    for (size_t i = 0; job->paths[i]; i++) {
        if (readable(job->paths[i])) {
            g_ptr_array_add(paths, job->paths[i]);
            continue;
        }
        first = first ? first : job->paths[i];
        left_out++;
    }
    uint32_t width = 0;
    uint32_t height = 0;
    g_autoptr(GBytes) thumbnail = NULL;
    if (job->sealed && paths->len == 1)
        thumbnail =
            thumbnail_make(g_ptr_array_index(paths, 0), THUMBNAIL_WITHIN_US, &width, &height);
    g_autofree char *complaint = complain(first, left_out);
    g_ptr_array_add(paths, NULL);
    offerings->ready(job->conversation, paths->len > 1 ? (const char *const *)paths->pdata : NULL,
                     thumbnail, width, height, complaint, offerings->user);
    g_free(job->conversation);
    g_strfreev(job->paths);
    g_free(job);
}

Offerings *offerings_new(OfferingReady ready, void *user)
{
    Offerings *offerings = g_new0(Offerings, 1);
    offerings->ready = ready;
    offerings->user = user;
    offerings->pool = g_thread_pool_new(offer, offerings, 1, FALSE, NULL);
    return offerings;
}

void offerings_free(Offerings *offerings)
{
    if (!offerings)
        return;
    g_thread_pool_free(offerings->pool, FALSE, TRUE);
    g_free(offerings);
}

void offerings_add(Offerings *offerings, const char *conversation, const char *const *paths,
                   bool sealed)
{
    Job *job = g_new0(Job, 1);
    job->conversation = g_strdup(conversation);
    job->paths = g_strdupv((char **)paths);
    job->sealed = sealed;
    g_thread_pool_push(offerings->pool, job, NULL);
}
