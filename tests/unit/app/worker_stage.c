#include "tests/unit/app/worker_stage.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US (30 * INT64_C(1000000))

WorkerStage *worker_stage_new(void)
{
    WorkerStage *stage = g_new0(WorkerStage, 1);
    (void)g_main_context_default(); /* made before there are threads */
    stage->dir = g_dir_make_tmp("backfence-worker-XXXXXX", NULL);
    ck_assert_ptr_nonnull(stage->dir);
    stage->from = g_build_filename(stage->dir, "from", NULL);
    stage->into = g_build_filename(stage->dir, "into", NULL);
    stage->state = g_build_filename(stage->dir, "state", NULL);
    ck_assert_int_eq(g_mkdir(stage->from, 0700), 0);
    ck_assert_int_eq(g_mkdir(stage->into, 0700), 0);
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32] = {(uint8_t)(i + 1)};
        g_autoptr(Identity) identity = identity_from_seed(seed);
        memcpy(stage->key[i], identity_key(identity), KEY_SIZE);
        stage->tls[i] = tls_new(identity, NULL);
        ck_assert_ptr_nonnull(stage->tls[i]);
    }
    memset(stage->token, 0x70, TOKEN_SIZE);
    memset(stage->transfer, 0x71, TRANSFER_SIZE);
    return stage;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

void worker_stage_free(WorkerStage *stage)
{
    if (stage == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        worker_free(stage->worker[i]);
        tls_free(stage->tls[i]);
    }
    g_clear_pointer(&stage->listing, listing_unref);
    g_clear_pointer(&stage->offer, offer_unref);
    (void)nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(stage->dir);
    g_free(stage->from);
    g_free(stage->into);
    g_free(stage->state);
    g_free(stage);
}

/* --- connections --- */

static void make_sockets(int fd[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    fd[RECEIVER] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd[RECEIVER], (struct sockaddr *)&address, sizeof address), 0);
    fd[SENDER] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd[SENDER], 0);
    close(listener);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(fd[i], F_SETFL, O_NONBLOCK), 0);
}

void worker_stage_connect(WorkerStage *stage, int fd[2], SSL *ssl[2])
{
    make_sockets(fd);
    ssl[RECEIVER] = tls_connect(stage->tls[RECEIVER], TLS_ALPN_DATA);
    ssl[SENDER] = tls_accept(stage->tls[SENDER]);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(SSL_set_fd(ssl[i], fd[i]), 1);
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    for (int done = 0; done != 3;) {
        for (int i = 0; i < 2; i++)
            done |= SSL_do_handshake(ssl[i]) == 1 ? 1 << i : 0;
        ck_assert_int_lt(g_get_monotonic_time(), end_us);
    }
}

void worker_stage_channels(WorkerStage *stage, Channel *channel[2])
{
    int fd[2];
    SSL *ssl[2];
    worker_stage_connect(stage, fd, ssl);
    for (int i = 0; i < 2; i++) {
        channel[i] = channel_new(fd[i]);
        channel_adopt(channel[i], ssl[i]);
        channel_widen(channel[i]);
    }
}

/* --- sources --- */

void worker_stage_file(WorkerStage *stage, const char *path, size_t length, unsigned seed)
{
    g_autofree char *whole = g_build_filename(stage->from, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
    g_autofree uint8_t *bytes = g_malloc(length + 1);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    ck_assert(g_file_set_contents_full(whole, (char *)bytes, (gssize)length,
                                       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

void worker_stage_folder(WorkerStage *stage, const char *path)
{
    g_autofree char *whole = g_build_filename(stage->from, path, NULL);
    ck_assert_int_eq(g_mkdir_with_parents(whole, 0700), 0);
}

void worker_stage_offer(WorkerStage *stage, const char *const *names)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    for (; *names != NULL; names++)
        g_ptr_array_add(paths, g_build_filename(stage->from, *names, NULL));
    g_ptr_array_add(paths, NULL);
    g_autofree char *directory = g_build_filename(stage->dir, "listing", NULL);
    g_autoptr(GError) error = NULL;
    stage->listing =
        listing_make((const char *const *)paths->pdata, directory, NULL, &stage->offer, &error);
    ck_assert_msg(stage->listing != NULL, "%s", error != NULL ? error->message : "");
}

/* --- workers --- */

static void ended(const WorkerResult *result, void *user)
{
    const StageListener *listener = user;
    WorkerStage *stage = listener->stage;
    StageEnd *end = &stage->end[listener->who];
    end->ended++;
    end->end = result->end;
    end->opened = result->opened;
    end->why = result->why;
    end->missing = result->missing;
    end->code = result->code;
    g_strlcpy(end->text, result->text, sizeof end->text);
    g_strlcpy(end->path, result->path != NULL ? result->path : "", sizeof end->path);
    g_clear_pointer(&stage->worker[listener->who], worker_free);
}

static WorkerConfig make_config(WorkerStage *stage, int who)
{
    stage->listener[who] = (StageListener){stage, who};
    WorkerConfig config = {.ended = ended, .user = &stage->listener[who]};
    memcpy(config.offer, stage->token, TOKEN_SIZE);
    memcpy(config.transfer, stage->transfer, TRANSFER_SIZE);
    return config;
}

static void start_receiver(WorkerStage *stage, int fd, SSL *ssl, GBytes *left_out)
{
    Opening opening = {.kind = OPENING_PRESENT, .fd = fd, .ssl = ssl};
    WorkerTarget target = {.state_dir = stage->state,
                           .into = stage->into,
                           .offer = stage->offer,
                           .left_out = left_out};
    WorkerConfig config = make_config(stage, RECEIVER);
    stage->end[RECEIVER] = (StageEnd){0};
    stage->worker[RECEIVER] = worker_receive(&config, &opening, &target);
}

static void start_sender(WorkerStage *stage, int fd, SSL *ssl)
{
    Opening opening = {.kind = OPENING_ADMIT, .fd = fd, .ssl = ssl};
    WorkerConfig config = make_config(stage, SENDER);
    stage->end[SENDER] = (StageEnd){0};
    stage->worker[SENDER] = worker_send(&config, &opening, stage->listing);
}

/* The door of the sender reads Present, and nothing after it. */
static void read_present(SSL *ssl, int fd)
{
    uint8_t bytes[256];
    size_t length = 0;
    while (SSL_read_ex(ssl, bytes, sizeof bytes, &length) != 1) {
        ck_assert_int_eq(SSL_get_error(ssl, 0), SSL_ERROR_WANT_READ);
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        ck_assert_int_eq(poll(&polled, 1, (int)(PATIENCE_US / 1000)), 1);
    }
    ck_assert_uint_gt(length, 4 + 2 * TRANSFER_SIZE);
}

void worker_stage_start(WorkerStage *stage, GBytes *left_out)
{
    int fd[2];
    SSL *ssl[2];
    worker_stage_connect(stage, fd, ssl);
    start_receiver(stage, fd[RECEIVER], ssl[RECEIVER], left_out);
    read_present(ssl[SENDER], fd[SENDER]);
    start_sender(stage, fd[SENDER], ssl[SENDER]);
}

Channel *worker_stage_start_one(WorkerStage *stage, int who, GBytes *left_out)
{
    int fd[2];
    SSL *ssl[2];
    worker_stage_connect(stage, fd, ssl);
    if (who == RECEIVER)
        start_receiver(stage, fd[RECEIVER], ssl[RECEIVER], left_out);
    else
        start_sender(stage, fd[SENDER], ssl[SENDER]);
    Channel *channel = channel_new(fd[1 - who]);
    channel_adopt(channel, ssl[1 - who]);
    channel_widen(channel);
    const Wire__DataFrame *frame = channel_receive(channel, NULL);
    ck_assert_ptr_nonnull(frame);
    ck_assert_int_eq(frame->body_case, who == RECEIVER ? WIRE__DATA_FRAME__BODY_PRESENT
                                                       : WIRE__DATA_FRAME__BODY_ADMITTED);
    return channel;
}

static gboolean wake_up(gpointer user)
{
    return G_SOURCE_CONTINUE;
}

/* Bytes tell nobody that they grew, so they are looked at often. */
void worker_stage_await_bytes(WorkerStage *stage, int who, uint64_t bytes)
{
    guint often = g_timeout_add(1, wake_up, NULL);
    int64_t end_us = g_get_monotonic_time() + PATIENCE_US;
    while (stage->worker[who] != NULL && worker_bytes(stage->worker[who]) < bytes &&
           g_get_monotonic_time() < end_us)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(often);
}

void worker_stage_await(WorkerStage *stage, int who)
{
    worker_stage_await_bytes(stage, who, UINT64_MAX);
    ck_assert_uint_eq(stage->end[who].ended, 1);
}

/* --- what landed --- */

static bool same_file(const char *one, const char *other)
{
    g_autoptr(GMappedFile) a = g_mapped_file_new(one, FALSE, NULL);
    g_autoptr(GMappedFile) b = g_mapped_file_new(other, FALSE, NULL);
    if (a == NULL || b == NULL || g_mapped_file_get_length(a) != g_mapped_file_get_length(b))
        return false;
    return g_mapped_file_get_length(a) == 0 ||
           memcmp(g_mapped_file_get_contents(a), g_mapped_file_get_contents(b),
                  g_mapped_file_get_length(a)) == 0;
}

static size_t count_names(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    size_t count = 0;
    while (dir != NULL && g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

bool worker_stage_same(const char *one, const char *other)
{
    if (!g_file_test(one, G_FILE_TEST_IS_DIR))
        return g_file_test(other, G_FILE_TEST_IS_REGULAR) && same_file(one, other);
    if (!g_file_test(other, G_FILE_TEST_IS_DIR) || count_names(one) != count_names(other))
        return false;
    g_autoptr(GDir) dir = g_dir_open(one, 0, NULL);
    bool same = true;
    for (const char *name; same && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *a = g_build_filename(one, name, NULL);
        g_autofree char *b = g_build_filename(other, name, NULL);
        same = worker_stage_same(a, b);
    }
    return same;
}

bool worker_stage_has_parts(WorkerStage *stage)
{
    g_autoptr(GDir) dir = g_dir_open(stage->into, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        if (g_str_has_suffix(name, ".part"))
            return true;
    }
    return false;
}
