/* Each direction is a Flow: one quantum goes from a socket into its pipe, and from there into the
 * other socket; nothing more is read before the pipe is empty. So a receiver that stands still
 * costs one pipe, and "again" always means the socket, never the pipe.
 *
 * Sockets are level-triggered, and one that is over is reported without end, asked for or not: it
 * is not watched while nothing is wanted of it. */
#include "relay/junction.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_SIZE (256 * 1024)
#define QUANTUM (64 * 1024) /* bytes that one flow moves before it is the others' turn */

typedef struct {
    Junction *junction;
    int from, to; /* sockets */
    int pipe[2];  /* its read end and its write end; -1: none */
    size_t held;  /* bytes in the pipe */
    bool ended;   /* the last byte was read */
    bool shut;    /* and written, and the end told */
    ThrottleEntry entry;
} Flow;

typedef struct {
    Junction *junction;
    int fd;
    PollerWatch *watch; /* NULL: nothing is wanted of it */
    bool over;          /* hung up or broken, as the poller said */
    Flow *in, *out;
} End;

struct Junction {
    Poller *poller;
    Throttle *throttle;
    JunctionLimits limits;
    PollerWatch *timer;
    End ends[2];
    Flow flows[2]; /* flows[i] leads away from ends[i] */
    uint64_t bytes;
    int64_t moved_us; /* when the last byte moved */
    void (*over)(const char *why, void *user);
    void *user;
};

/* Tries to take a quantum into the pipe. Why all is over, or NULL. */
static const char *fill(Flow *flow)
{
    Junction *junction = flow->junction;
    size_t most = throttle_take(junction->throttle, &flow->entry, QUANTUM);
    if (most == 0)
        return NULL;
    ssize_t taken =
        splice(flow->from, NULL, flow->pipe[1], NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    throttle_give_back(junction->throttle, taken > 0 ? most - (size_t)taken : most);
    if (taken < 0)
        return errno == EAGAIN || errno == EINTR ? NULL : "a connection broke";
    if (taken == 0)
        flow->ended = true;
    flow->held = (size_t)taken;
    if (junction->limits.bytes_max > 0 && junction->bytes + flow->held > junction->limits.bytes_max)
        return "more bytes than one meeting may carry";
    return NULL;
}

/* Writes the pipe out, as far as the socket takes it. Why all is over, or NULL. */
static const char *drain(Flow *flow)
{
    Junction *junction = flow->junction;
    while (flow->held > 0) {
        ssize_t written = splice(flow->pipe[0], NULL, flow->to, NULL, flow->held,
                                 SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 && errno == EAGAIN ? NULL : "a connection broke";
        flow->held -= (size_t)written;
        junction->bytes += (uint64_t)written;
        junction->moved_us = g_get_monotonic_time();
    }
    if (flow->ended && !flow->shut) {
        flow->shut = true;
        shutdown(flow->to, SHUT_WR);
    }
    return NULL;
}

static const char *advance(Flow *flow)
{
    const char *why = NULL;
    if (flow->held == 0 && !flow->ended && !flow->entry.waiting)
        why = fill(flow);
    return why != NULL ? why : drain(flow);
}

static void serve(uint32_t events, void *user);

static void update_interest(End *end)
{
    bool reads = end->out->held == 0 && !end->out->ended && !end->out->entry.waiting;
    uint32_t wanted = (reads ? EPOLLIN : 0u) | (end->in->held > 0 ? EPOLLOUT : 0u);
    if (wanted == 0 && end->over)
        g_clear_pointer(&end->watch, poller_unwatch);
    else if (end->watch != NULL)
        poller_change(end->watch, wanted);
    else
        end->watch = poller_watch(end->junction->poller, end->fd, wanted, serve, end);
}

/* The junction may be gone after it. */
static void settle(Junction *junction, const char *why)
{
    if (why == NULL && junction->flows[0].shut && junction->flows[1].shut)
        why = "both have finished";
    if (why != NULL) {
        junction->over(why, junction->user);
        return;
    }
    update_interest(&junction->ends[0]);
    update_interest(&junction->ends[1]);
}

static void serve(uint32_t events, void *user)
{
    End *end = user;
    Junction *junction = end->junction;
    end->over = end->over || (events & (EPOLLHUP | EPOLLERR)) != 0;
    const char *why = NULL;
    if ((events & ~EPOLLOUT) != 0)
        why = advance(end->out);
    if (why == NULL && (events & ~EPOLLIN) != 0)
        why = drain(end->in);
    settle(junction, why);
}

static void turn_came(void *user)
{
    Flow *flow = user;
    settle(flow->junction, advance(flow));
}

static void check_silence(uint32_t events, void *user)
{
    Junction *junction = user;
    int64_t end_us = junction->moved_us + junction->limits.silence_us;
    if (g_get_monotonic_time() >= end_us)
        junction->over("nothing came for too long", junction->user);
    else
        poller_set_deadline(junction->timer, end_us);
}

static void set_up_flow(Junction *junction, int index)
{
    Flow *flow = &junction->flows[index];
    flow->junction = junction;
    flow->from = junction->ends[index].fd;
    flow->to = junction->ends[1 - index].fd;
    flow->entry = (ThrottleEntry){.turn = turn_came, .user = flow};
    junction->ends[index].out = flow;
    junction->ends[1 - index].in = flow;
}

static gboolean open_pipe(Flow *flow, GError **error)
{
    if (pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        int number = errno;
        flow->pipe[0] = flow->pipe[1] = -1;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "cannot make a pipe: %s",
                    g_strerror(number));
        return FALSE;
    }
    /* The smaller one, when there are many already, will do too. */
    (void)fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
    return TRUE;
}

static void start(Junction *junction)
{
    unsigned patience_ms = (unsigned)(junction->limits.silence_us / 1000);
    for (int i = 0; i < 2; i++) {
        End *end = &junction->ends[i];
        (void)setsockopt(end->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
        end->watch = poller_watch(junction->poller, end->fd, EPOLLIN, serve, end);
    }
    junction->moved_us = g_get_monotonic_time();
    junction->timer = poller_watch(junction->poller, -1, 0, check_silence, junction);
    poller_set_deadline(junction->timer, junction->moved_us + junction->limits.silence_us);
}

Junction *junction_new(Poller *poller, Throttle *throttle, const int fds[2],
                       const JunctionLimits *limits, void (*over)(const char *why, void *user),
                       void *user, GError **error)
{
    g_autoptr(Junction) junction = g_new0(Junction, 1);
    junction->poller = poller;
    junction->throttle = throttle;
    junction->limits = *limits;
    junction->over = over;
    junction->user = user;
    for (int i = 0; i < 2; i++) {
        junction->ends[i] = (End){.junction = junction, .fd = fds[i]};
        junction->flows[i].pipe[0] = junction->flows[i].pipe[1] = -1;
    }
    set_up_flow(junction, 0);
    set_up_flow(junction, 1);
    if (!open_pipe(&junction->flows[0], error) || !open_pipe(&junction->flows[1], error))
        return NULL;
    start(junction);
    return g_steal_pointer(&junction);
}

void junction_free(Junction *junction)
{
    if (junction == NULL)
        return;
    poller_unwatch(junction->timer);
    for (int i = 0; i < 2; i++) {
        throttle_leave(junction->throttle, &junction->flows[i].entry);
        for (int j = 0; j < 2; j++) {
            if (junction->flows[i].pipe[j] >= 0)
                close(junction->flows[i].pipe[j]);
        }
        poller_unwatch(junction->ends[i].watch);
        close(junction->ends[i].fd);
    }
    g_free(junction);
}

uint64_t junction_bytes(const Junction *junction)
{
    return junction->bytes;
}
