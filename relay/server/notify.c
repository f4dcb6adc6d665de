#include "relay/server/notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The service manager reads at once, unless it is in trouble itself: then this must not be, too. */
#define SEND_TIMEOUT_S 1

struct Notify {
    GMainContext *context; /* owned */
    int socket;            /* -1: nobody asks */
    struct sockaddr_un address;
    socklen_t address_length;
    int64_t watchdog_us; /* 0: none */
    GSource *feeding;    /* owned; NULL before it is ready */
    int64_t fed_us;
    char *line; /* owned; the last status */
};

/* "/path", or "@name" for the abstract socket "\0name". False: neither. */
static bool set_address(Notify *notify, const char *name)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, length);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/' ? 1 : 0));
    return true;
}

static void open_socket(Notify *notify, const char *name)
{
    const struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
    if (name == NULL || !set_address(notify, name))
        return;
    notify->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->socket >= 0)
        (void)setsockopt(notify->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* What is not delivered is lost: there is nobody to tell. */
static void tell(const Notify *notify, const char *text)
{
    if (notify->socket < 0)
        return;
    (void)sendto(notify->socket, text, strlen(text), MSG_NOSIGNAL,
                 (const struct sockaddr *)&notify->address, notify->address_length);
}

/* 0: nobody waits for this process. */
static int64_t wanted_watchdog_us(void)
{
    const char *interval = g_getenv("WATCHDOG_USEC");
    const char *process = g_getenv("WATCHDOG_PID");
    guint64 us = 0, pid = 0;
    if (interval == NULL || !g_ascii_string_to_unsigned(interval, 10, 1, G_MAXINT64, &us, NULL))
        return 0;
    if (process != NULL && (!g_ascii_string_to_unsigned(process, 10, 1, G_MAXINT32, &pid, NULL) ||
                            (pid_t)pid != getpid()))
        return 0;
    return (int64_t)us;
}

Notify *notify_new(GMainContext *context)
{
    Notify *notify = g_new0(Notify, 1);
    notify->context = g_main_context_ref(context != NULL ? context : g_main_context_default());
    notify->socket = -1;
    open_socket(notify, g_getenv("NOTIFY_SOCKET"));
    if (notify->socket >= 0)
        notify->watchdog_us = wanted_watchdog_us();
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    return notify;
}

void notify_free(Notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->feeding != NULL) {
        g_source_destroy(notify->feeding);
        g_source_unref(notify->feeding);
    }
    if (notify->socket >= 0)
        close(notify->socket);
    g_main_context_unref(notify->context);
    g_free(notify->line);
    g_free(notify);
}

static void feed(Notify *notify)
{
    tell(notify, "WATCHDOG=1");
    notify->fed_us = g_get_monotonic_time();
}

static gboolean feeding_due(void *user)
{
    feed(user);
    return G_SOURCE_CONTINUE;
}

/* Twice in the interval, as sd_watchdog_enabled(3) advises. */
static void feed_from_now_on(Notify *notify)
{
    feed(notify);
    notify->feeding = g_timeout_source_new((guint)CLAMP(notify->watchdog_us / 2000, 1, G_MAXINT));
    g_source_set_callback(notify->feeding, feeding_due, notify, NULL);
    g_source_attach(notify->feeding, notify->context);
}

void notify_ready(Notify *notify)
{
    tell(notify, "READY=1");
    if (notify->watchdog_us > 0 && notify->feeding == NULL)
        feed_from_now_on(notify);
}

void notify_status(Notify *notify, const char *line)
{
    if (notify->socket < 0 || g_strcmp0(notify->line, line) == 0)
        return;
    g_free(notify->line);
    notify->line = g_strdup(line);
    g_autofree char *text = g_strconcat("STATUS=", line, NULL);
    g_strdelimit(text, "\n", ' '); /* a line break would begin another assignment */
    tell(notify, text);
}

void notify_reloading(Notify *notify)
{
    /* CLOCK_MONOTONIC, which the service manager compares with its own. */
    g_autofree char *text =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    tell(notify, text);
}

void notify_stopping(Notify *notify)
{
    tell(notify, "STOPPING=1");
}

int64_t notify_watchdog_age_us(const Notify *notify)
{
    return notify->feeding != NULL ? g_get_monotonic_time() - notify->fed_us : -1;
}
