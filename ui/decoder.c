#include "ui/decoder.h"

#include "ui/decoder_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void decoded_free(Decoded *decoded)
{
    if (!decoded)
        return;
    g_free(decoded->pixels);
    g_free(decoded);
}

/* Starts this program again with `input` as its standard input; -1 with an error. */
static int start_child(int input, int width, int height, pid_t *child, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "no pipe: %s",
                    g_strerror(errno));
        return -1;
    }
    char wide[16];
    char high[16];
    g_snprintf(wide, sizeof wide, "%d", width);
    g_snprintf(high, sizeof high, "%d", height);
    char *arguments[] = {(char *)"backfence", (char *)DECODER_OPTION, wide, high, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    /* Threads here have signals blocked; the child begins with none. */
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawn(child, "/proc/self/exe", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!failed)
        return ends[0];
    close(ends[0]);
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(failed), "no decoder: %s",
                g_strerror(failed));
    return -1;
}

/* FALSE with an error at the deadline or when it ends too early. */
static gboolean read_all(int fd, void *to, size_t length, int64_t deadline_us, GError **error)
{
    uint8_t *at = to;
    while (length) {
        int64_t left = deadline_us - g_get_monotonic_time();
        GPollFD wait = {.fd = fd, .events = G_IO_IN};
        int ready = left > 0 ? g_poll(&wait, 1, (int)(left / 1000) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "decoding takes too long");
            return FALSE;
        }
        ssize_t got = read(fd, at, length);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it cannot be decoded");
            return FALSE;
        }
        at += got;
        length -= (size_t)got;
    }
    return TRUE;
}

/* The child is judged like any stranger: it may have been taken over by the picture. */
static Decoded *read_frame(int fd, int width, int height, int64_t deadline_us, GError **error)
{
    DecoderFrame frame;
    if (!read_all(fd, &frame, sizeof frame, deadline_us, error))
        return NULL;
    bool fits = frame.width >= 1 && frame.height >= 1 && frame.width <= (uint32_t)width &&
                frame.height <= (uint32_t)height && frame.source_width >= 1 &&
                frame.source_height >= 1 && frame.source_width <= DECODER_SOURCE_SIDE_MAX &&
                frame.source_height <= DECODER_SOURCE_SIDE_MAX;
    if (frame.magic != DECODER_FRAME_MAGIC || !fits) {
        bool unknown = frame.magic == DECODER_FRAME_NONE;
        g_set_error(error, G_IO_ERROR, unknown ? G_IO_ERROR_NOT_SUPPORTED : G_IO_ERROR_INVALID_DATA,
                    "%s", unknown ? "not a picture that is shown here" : "it cannot be decoded");
        return NULL;
    }
    g_autoptr(Decoded) decoded = g_new0(Decoded, 1);
    decoded->source_width = frame.source_width;
    decoded->source_height = frame.source_height;
    decoded->width = (int)frame.width;
    decoded->height = (int)frame.height;
    size_t count = (size_t)frame.width * frame.height;
    decoded->pixels = g_new(uint32_t, count);
    if (!read_all(fd, decoded->pixels, count * sizeof *decoded->pixels, deadline_us, error))
        return NULL;
    return g_steal_pointer(&decoded);
}

static Decoded *decode(int input, int width, int height, int64_t timeout_us, GError **error)
{
    g_return_val_if_fail(width >= 1 && height >= 1, NULL);
    width = MIN(width, DECODER_SIDE_MAX);
    height = MIN(height, DECODER_SIDE_MAX);
    int64_t deadline_us = g_get_monotonic_time() + timeout_us;
    pid_t child;
    int fd = start_child(input, width, height, &child, error);
    if (fd < 0)
        return NULL;
    Decoded *decoded = read_frame(fd, width, height, deadline_us, error);
    close(fd);
    /* It has nothing more to say. */
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return decoded;
}

Decoded *decoder_file(const char *path, int width, int height, int64_t timeout_us, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int why = errno;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(why), "%s", g_strerror(why));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    Decoded *decoded = NULL;
    if (S_ISREG(status.st_mode) && status.st_size <= DECODER_INPUT_MAX)
        decoded = decode(fd, width, height, timeout_us, error);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "not a file of at most 32 MiB");
    close(fd);
    return decoded;
}

Decoded *decoder_bytes(GBytes *bytes, int width, int height, int64_t timeout_us, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    int fd = length && length <= DECODER_INPUT_MAX ? memfd_create("picture", MFD_CLOEXEC) : -1;
    for (gsize at = 0; fd >= 0 && at < length;) {
        ssize_t put = pwrite(fd, data + at, length - at, (off_t)at);
        if (put <= 0) {
            close(fd);
            fd = -1;
        } else {
            at += (gsize)put;
        }
    }
    if (fd < 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "not a picture of this size");
        return NULL;
    }
    Decoded *decoded = decode(fd, width, height, timeout_us, error);
    close(fd);
    return decoded;
}
