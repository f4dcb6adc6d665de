#include "ui/window/signals.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>

struct Signals {
    pthread_t thread;
    sigset_t set;
    void (*quit)(void *user);
    void *user;
};

static void *wait_for_signals(void *data)
{
    Signals *signals = data;
    int number;
    while (sigwait(&signals->set, &number) == 0)
        signals->quit(signals->user);
    return NULL;
}

Signals *signals_start(void (*quit)(void *user), void *user)
{
    Signals *signals = g_new0(Signals, 1);
    signals->quit = quit;
    signals->user = user;
    sigemptyset(&signals->set);
    sigaddset(&signals->set, SIGTERM);
    sigaddset(&signals->set, SIGINT);
    sigaddset(&signals->set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals->set, NULL);
    if (pthread_create(&signals->thread, NULL, wait_for_signals, signals) != 0)
        g_error("cannot make a thread");
    return signals;
}

void signals_stop(Signals *signals)
{
    if (!signals)
        return;
    pthread_cancel(signals->thread);
    pthread_join(signals->thread, NULL);
    g_free(signals);
}
