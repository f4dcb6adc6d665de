/* Jobs are taken one by one from a common counter, so nobody waits for a slow one of the others but
 * at the very end. */
#include "relay/verifier.h"

#include "relay/event.h"
#include "relay/urgency.h"

#define THREADS_MAX 3
#define WORTH_IT 3 /* jobs: waking a thread up costs about as much as verifying one */

struct Verifier {
    GThread *threads[THREADS_MAX];
    unsigned wanted, started;
    GMutex mutex;
    GCond begun, done;
    /* Guarded by `mutex`. */
    VerifierJob *jobs;
    unsigned count, working;
    uint64_t run; /* counts runs */
    bool over;

    int next; /* atomic: the next job to be taken */
};

static void work(Verifier *verifier, VerifierJob *jobs, unsigned count)
{
    for (;;) {
        unsigned number = (unsigned)g_atomic_int_add(&verifier->next, 1);
        if (number >= count)
            return;
        VerifierJob *job = &jobs[number];
        job->valid = event_verify(job->body, job->length, job->signature, job->author);
    }
}

static void *help(void *user)
{
    Verifier *verifier = user;
    urgency_raise(); /* who waits is urgent */
    uint64_t seen = 0;
    g_mutex_lock(&verifier->mutex);
    while (!verifier->over) {
        if (verifier->run == seen || verifier->jobs == NULL) {
            seen = verifier->run;
            g_cond_wait(&verifier->begun, &verifier->mutex);
            continue;
        }
        seen = verifier->run;
        VerifierJob *jobs = verifier->jobs;
        unsigned count = verifier->count;
        verifier->working++;
        g_mutex_unlock(&verifier->mutex);
        work(verifier, jobs, count);
        g_mutex_lock(&verifier->mutex);
        if (--verifier->working == 0)
            g_cond_signal(&verifier->done);
    }
    g_mutex_unlock(&verifier->mutex);
    return NULL;
}

Verifier *verifier_new(void)
{
    Verifier *verifier = g_new0(Verifier, 1);
    g_mutex_init(&verifier->mutex);
    g_cond_init(&verifier->begun);
    g_cond_init(&verifier->done);
    verifier->wanted = MIN(g_get_num_processors() - 1, THREADS_MAX);
    return verifier;
}

void verifier_free(Verifier *verifier)
{
    if (verifier == NULL)
        return;
    g_mutex_lock(&verifier->mutex);
    verifier->over = true;
    g_cond_broadcast(&verifier->begun);
    g_mutex_unlock(&verifier->mutex);
    for (unsigned i = 0; i < verifier->started; i++)
        g_thread_join(verifier->threads[i]);
    g_mutex_clear(&verifier->mutex);
    g_cond_clear(&verifier->begun);
    g_cond_clear(&verifier->done);
    g_free(verifier);
}

/* What cannot be started is not missed: the caller does the work itself. */
static void start_threads(Verifier *verifier)
{
    while (verifier->started < verifier->wanted) {
        GThread *thread = g_thread_try_new("verifier", help, verifier, NULL);
        if (thread == NULL)
            verifier->wanted = verifier->started;
        else
            verifier->threads[verifier->started++] = thread;
    }
}

void verifier_run(Verifier *verifier, VerifierJob *jobs, unsigned count)
{
    g_atomic_int_set(&verifier->next, 0);
    if (count < WORTH_IT || verifier->wanted == 0) {
        work(verifier, jobs, count);
        return;
    }
    start_threads(verifier);
    g_mutex_lock(&verifier->mutex);
    verifier->jobs = jobs;
    verifier->count = count;
    verifier->run++;
    g_cond_broadcast(&verifier->begun);
    g_mutex_unlock(&verifier->mutex);
    work(verifier, jobs, count);
    g_mutex_lock(&verifier->mutex);
    verifier->jobs = NULL; /* who wakes up only now comes too late */
    while (verifier->working > 0)
        g_cond_wait(&verifier->done, &verifier->mutex);
    g_mutex_unlock(&verifier->mutex);
}
