/* Both sides of a data channel after its opening, against a stranger's bytes. The first byte of an
 * input chooses: lowest bit 0, a receiver hears the rest (with bit 1 set, after a good manifest);
 * lowest bit 1, a sender does. Nothing may fall over, and nothing may land that was not offered. */

#include "app/files/worker_internal.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST (64 * 1024) /* bytes of an input: the socket holds them, nobody waits */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    char *dir, *into, *state;
    Listing *listing;
    Offer *offer;
    WorkerConfig config;
} World;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static World *world;

static void end_world(void)
{
    (void)nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Times stand in the manifest: with these ones its bytes are always the same. */
static void make_file(const char *path, size_t size)
{
    static const struct timespec times[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    g_autofree char *bytes = g_malloc(size + 1);
    memset(bytes, 'x', size + 1);
    check(g_file_set_contents(path, bytes, (gssize)size, NULL));
    check(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static World *make_world(void)
{
    World *made = g_new0(World, 1);
    bool memory = g_access("/dev/shm", W_OK) == 0;
    made->dir =
        g_build_filename(memory ? "/dev/shm" : g_get_tmp_dir(), "fuzz-transfer-XXXXXX", NULL);
    check(g_mkdtemp(made->dir) != NULL);
    made->into = g_build_filename(made->dir, "into", NULL);
    made->state = g_build_filename(made->dir, "state", NULL);
    g_autofree char *one = g_build_filename(made->dir, "one", NULL);
    g_autofree char *folder = g_build_filename(made->dir, "folder", NULL);
    g_autofree char *inside = g_build_filename(folder, "inside", NULL);
    g_autofree char *empty = g_build_filename(folder, "nothing", NULL);
    g_autofree char *listing = g_build_filename(made->dir, "listing", NULL);
    check(g_mkdir(folder, 0700) == 0);
    make_file(one, 10);
    make_file(inside, 2000);
    make_file(empty, 0);
    const char *const paths[] = {one, folder, NULL};
    made->listing = listing_make(paths, listing, NULL, &made->offer, NULL);
    check(made->listing != NULL);
    return made;
}

static void stay_silent(const WorkerResult *result, void *user)
{
}

static void write_all(int fd, const void *bytes, size_t size)
{
    check(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Only the two items that were offered may be there. */
static void check_landed(void)
{
    g_autoptr(GDir) dir = g_dir_open(world->into, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        check(name[0] == '.' || strcmp(name, "one") == 0 || strcmp(name, "folder") == 0);
}

static void try_receiver(int fd)
{
    WorkerTarget target = {.state_dir = world->state, .into = world->into, .offer = world->offer};
    check(g_mkdir(world->into, 0700) == 0);
    (void)worker_try(&world->config, fd, NULL, &target);
    check_landed();
    landing_discard(world->state, world->into, world->config.transfer);
    (void)nftw(world->into, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (world == NULL) {
        world = make_world();
        world->config.ended = stay_silent;
        memset(world->config.offer, 'o', TOKEN_SIZE);
        memset(world->config.transfer, 't', TRANSFER_SIZE);
        atexit(end_world);
    }
    if (size == 0 || size > MOST)
        return 0;
    int fd[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
    bool sends = (data[0] & 1) != 0;
    if (!sends && (data[0] & 2) != 0) {
        gsize length = 0;
        const void *bytes =
            g_bytes_get_data(manifest_bytes(listing_manifest(world->listing)), &length);
        write_all(fd[0], bytes, length);
    }
    write_all(fd[0], data + 1, size - 1);
    shutdown(fd[0], SHUT_WR);
    if (sends)
        (void)worker_try(&world->config, fd[1], world->listing, NULL);
    else
        try_receiver(fd[1]);
    close(fd[0]);
    return 0;
}
