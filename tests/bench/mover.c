#include "tests/bench/mover.h"

#include "app/files/worker.h"
#include "relay/urgency.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One pair of sender and receiver. */
typedef struct {
    const MoverConfig *config;
    unsigned receiver;
    int listener; /* sending directly */
    Listing *listing;
    Offer *offer;
} Lane;

typedef struct {
    bool over;
    WorkerEnd end;
    char *path; /* owned */
} LaneEnd;

static Identity *make_identity(unsigned number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {0xbe}; /* as in a Crowd */
    memcpy(seed + 1, &number, sizeof number);
    return identity_from_seed(seed);
}

static void shake_hands(SSL *ssl, int fd)
{
    if (SSL_set_fd(ssl, fd) != 1 || SSL_do_handshake(ssl) != 1)
        g_error("handshake: %s", tls_why());
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        g_error("cannot connect to port %u", port);
    return fd;
}

static int open_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        g_error("cannot listen");
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The frame that a door reads. */
static void skip_present(SSL *ssl)
{
    uint8_t bytes[256];
    size_t length = 0;
    if (SSL_read_ex(ssl, bytes, sizeof bytes, &length) != 1)
        g_error("nobody presented itself: %s", tls_why());
}

static Opening open_way(const Lane *lane)
{
    const MoverConfig *config = lane->config;
    unsigned own = config->sends ? 0 : 1 + lane->receiver;
    unsigned other = config->sends ? 1 + lane->receiver : 0;
    g_autoptr(Identity) identity = make_identity(own);
    g_autoptr(Identity) theirs = make_identity(other);
    g_autoptr(Tls) tls = tls_new(identity, NULL);
    Opening opening = {.kind = OPENING_PRESENT};
    memset(opening.ticket, (int)lane->receiver, sizeof opening.ticket);
    memcpy(opening.peer, identity_key(theirs), KEY_SIZE);
    if (config->sends && !config->meets) {
        opening.kind = OPENING_ADMIT;
        opening.fd = accept4(lane->listener, NULL, NULL, SOCK_CLOEXEC);
        opening.ssl = tls_accept(tls);
        shake_hands(opening.ssl, opening.fd);
        skip_present(opening.ssl);
        return opening;
    }
    opening.fd = dial(config->port);
    opening.ssl = tls_connect(tls, TLS_ALPN_DATA);
    shake_hands(opening.ssl, opening.fd);
    if (config->meets) {
        opening.kind = OPENING_MEET;
        opening.inner = config->sends ? tls_accept(tls) : tls_connect(tls, TLS_ALPN_DATA);
    }
    return opening;
}

static void ended(const WorkerResult *result, void *user)
{
    LaneEnd *end = user;
    end->over = true;
    end->end = result->end;
    end->path = g_strdup(result->path);
    if (result->end == WORKER_FAILED)
        g_error("a transfer failed: %s", result->text);
}

/* A person keeps what came. Freeing half a GiB takes the kernel tens of milliseconds, which must
 * not be what chat is seen to wait for. */
static gpointer remove_landed(gpointer path)
{
    urgency_lower();
    (void)g_unlink(path);
    return NULL;
}

static WorkerEnd move_once(const Lane *lane)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    LaneEnd end = {0};
    WorkerConfig config = {.context = context, .ended = ended, .user = &end};
    Opening opening = open_way(lane);
    g_autofree char *state = g_build_filename(lane->config->own, "state", NULL);
    WorkerTarget target = {.state_dir = state, .into = lane->config->own, .offer = lane->offer};
    Worker *worker = lane->config->sends ? worker_send(&config, &opening, lane->listing)
                                         : worker_receive(&config, &opening, &target);
    while (!end.over)
        g_main_context_iteration(context, TRUE);
    worker_free(worker);
    if (!lane->config->sends) {
        landing_forget(state);
        if (end.path != NULL)
            g_thread_join(g_thread_new("remove", remove_landed, end.path));
    }
    g_free(end.path);
    return end.end;
}

static gpointer send_over_and_over(gpointer user)
{
    for (;;)
        move_once(user);
    return NULL;
}

G_GNUC_NORETURN static void send_all(Lane *first)
{
    const MoverConfig *config = first->config;
    if (!config->meets)
        first->listener = open_listener();
    Lane *lanes = g_new(Lane, config->count);
    for (unsigned i = 0; i < config->count; i++) {
        lanes[i] = *first;
        lanes[i].receiver = i;
        g_thread_unref(g_thread_new("lane", send_over_and_over, &lanes[i]));
    }
    for (;;)
        pause();
}

int mover_run(const MoverConfig *config)
{
    g_autoptr(GError) error = NULL;
    Lane lane = {.config = config, .receiver = config->number, .listener = -1};
    g_autofree char *list = g_build_filename(config->own, "listing", NULL);
    lane.listing =
        listing_make((const char *const[]){config->file, NULL}, list, NULL, &lane.offer, &error);
    if (lane.listing == NULL)
        g_error("%s", error->message);
    if (config->sends)
        send_all(&lane);
    WorkerEnd end;
    do
        end = move_once(&lane);
    while (!config->once || end != WORKER_DONE);
    return EXIT_SUCCESS;
}
