#include "ui/decoder.h"
#include "ui/decoder_frame.h"
#include "ui/picture_header.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* Sanitizers need calls of their own. */
#elif defined(__x86_64__)
#define DECODER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define DECODER_ARCH AUDIT_ARCH_AARCH64
#endif

/* The child that decodes: it gives up everything before it looks at the first byte. */

enum {
    MEMORY_MAX = 768 * 1024 * 1024, /* address space: 40 Mpx twice, the input, and libraries */
    SECONDS_MAX = 10
};

/* From here on only memory and the two open streams: every other call fails. One that is not known
 * here fails too, and so would the picture, but nothing else. */
static void forbid_calls(void)
{
#if defined(DECODER_ARCH)
    static const int allowed[] = {SYS_read,      SYS_write,        SYS_mmap,    SYS_munmap,
                                  SYS_mremap,    SYS_mprotect,     SYS_madvise, SYS_brk,
                                  SYS_futex,     SYS_rt_sigreturn, SYS_exit,    SYS_exit_group,
                                  SYS_getrandom, SYS_clock_gettime};
    enum {
        COUNT = sizeof allowed / sizeof *allowed
    };
    struct sock_filter program[4 + COUNT + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DECODER_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    for (int i = 0; i < COUNT; i++)
        program[4 + i] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], (uint8_t)(COUNT - i), 0);
    program[4 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    program[5 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
#endif
}

static void set_limit(int what, rlim_t most)
{
    struct rlimit limit = {most, most};
    setrlimit((__rlimit_resource_t)what, &limit);
}

static void give_up_everything(void)
{
    set_limit(RLIMIT_CPU, SECONDS_MAX);
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_FSIZE, 0);
    set_limit(RLIMIT_NPROC, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* Sanitizers reserve more than any picture. */
    set_limit(RLIMIT_AS, MEMORY_MAX);
#endif
    set_limit(RLIMIT_NOFILE, 0); /* those that are open stay */
    forbid_calls();
}

/* All of standard input; NULL when it is too much. */
static uint8_t *read_input(size_t *length)
{
    size_t room = 64 * 1024;
    uint8_t *bytes = malloc(room);
    *length = 0;
    while (bytes) {
        ssize_t got = read(STDIN_FILENO, bytes + *length, room - *length);
        if (got <= 0)
            return bytes;
        *length += (size_t)got;
        if (*length < room)
            continue;
        room *= 2;
        uint8_t *more = *length < DECODER_INPUT_MAX ? realloc(bytes, room) : NULL;
        if (!more)
            free(bytes);
        bytes = more;
    }
    return NULL;
}

static bool write_all(const void *data, size_t length)
{
    const uint8_t *at = data;
    while (length) {
        ssize_t put = write(STDOUT_FILENO, at, length);
        if (put <= 0)
            return false;
        at += put;
        length -= (size_t)put;
    }
    return true;
}

static SDL_Surface *load(const uint8_t *bytes, size_t length, PictureFormat format)
{
    /* By its format, never by guessing: the library knows many more. */
    SDL_RWops *in = SDL_RWFromConstMem(bytes, (int)length);
    switch (format) {
    case PICTURE_PNG:
        return IMG_LoadPNG_RW(in);
    case PICTURE_JPEG:
        return IMG_LoadJPG_RW(in);
    case PICTURE_GIF:
        return IMG_LoadGIF_RW(in);
    case PICTURE_WEBP:
        return IMG_LoadWEBP_RW(in);
    case PICTURE_NONE:
        break;
    }
    return NULL;
}

typedef struct {
    const uint32_t *pixels;
    int width, height, stride;
} Source;

/* Where the pixel (x, y) of the upright picture is stored. */
static uint32_t upright(const Source *from, int turn, int x, int y)
{
    int across = from->width - 1;
    int down = from->height - 1;
    int column = turn >= 5 ? y : x;
    int row = turn >= 5 ? x : y;
    if (turn == 2 || turn == 3 || turn == 7 || turn == 8)
        column = across - column;
    if (turn == 3 || turn == 4 || turn == 6 || turn == 7)
        row = down - row;
    return from->pixels[(ptrdiff_t)row * from->stride + column];
}

/* The mean of a box of the source, weighed by alpha. */
static uint32_t mean(const Source *from, int turn, int left, int top, int right, int bottom)
{
    uint64_t alpha = 0;
    uint64_t sum[3] = {0};
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            uint32_t pixel = upright(from, turn, x, y);
            uint32_t a = pixel >> 24;
            alpha += a;
            sum[0] += (uint64_t)a * (pixel & 0xff);
            sum[1] += (uint64_t)a * (pixel >> 8 & 0xff);
            sum[2] += (uint64_t)a * (pixel >> 16 & 0xff);
        }
    }
    if (!alpha)
        return 0;
    uint64_t count = (uint64_t)(right - left) * (uint64_t)(bottom - top);
    uint32_t out = (uint32_t)((alpha + count / 2) / count) << 24;
    for (int channel = 0; channel < 3; channel++)
        out |= (uint32_t)((sum[channel] + alpha / 2) / alpha) << (8 * channel);
    return out;
}

/* Fitting into the frame's width and height, which become those of the result. */
static uint32_t *scale_down(const Source *from, int turn, DecoderFrame *frame)
{
    double shrink = fmin(1.0, fmin((double)frame->width / frame->source_width,
                                   (double)frame->height / frame->source_height));
    int width = SDL_max(1, (int)floor(frame->source_width * shrink));
    int height = SDL_max(1, (int)floor(frame->source_height * shrink));
    uint32_t *pixels = calloc((size_t)width * (size_t)height, sizeof *pixels);
    for (int y = 0; pixels && y < height; y++) {
        int top = (int)((int64_t)y * frame->source_height / height);
        int bottom = (int)((int64_t)(y + 1) * frame->source_height / height);
        for (int x = 0; x < width; x++) {
            int left = (int)((int64_t)x * frame->source_width / width);
            int right = (int)((int64_t)(x + 1) * frame->source_width / width);
            pixels[(size_t)y * (size_t)width + (size_t)x] =
                mean(from, turn, left, top, SDL_max(right, left + 1), SDL_max(bottom, top + 1));
        }
    }
    frame->width = (uint32_t)width;
    frame->height = (uint32_t)height;
    return pixels;
}

static bool send_picture(SDL_Surface *surface, const PictureHeader *header, int width, int height)
{
    /* What was said in the header and what was decoded must agree. */
    if (!surface || (uint32_t)surface->w != header->width || (uint32_t)surface->h != header->height)
        return false;
    SDL_Surface *plain = surface;
    if (surface->format->format != SDL_PIXELFORMAT_ARGB8888) {
        plain = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_ARGB8888, 0);
        SDL_FreeSurface(surface);
    }
    if (!plain)
        return false;
    Source from = {plain->pixels, plain->w, plain->h, plain->pitch / 4};
    DecoderFrame frame = {
        .magic = DECODER_FRAME_MAGIC, .width = (uint32_t)width, .height = (uint32_t)height};
    picture_header_upright(header, &frame.source_width, &frame.source_height);
    uint32_t *pixels = scale_down(&from, header->turn, &frame);
    return pixels && write_all(&frame, sizeof frame) &&
           write_all(pixels, (size_t)frame.width * frame.height * sizeof *pixels);
}

int decoder_main(int argc, char **argv)
{
    int width = argc > 0 ? (int)strtol(argv[0], NULL, 10) : 0;
    int height = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (width < 1 || height < 1 || width > DECODER_SIDE_MAX || height > DECODER_SIDE_MAX)
        return EXIT_FAILURE;
    /* Whatever it loads, it loads now. */
    IMG_Init(IMG_INIT_JPG | IMG_INIT_PNG | IMG_INIT_WEBP);
    give_up_everything();
    size_t length;
    uint8_t *bytes = read_input(&length);
    PictureHeader header;
    if (!bytes || !picture_header_read(bytes, length, &header)) {
        DecoderFrame none = {.magic = DECODER_FRAME_NONE};
        return write_all(&none, sizeof none) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    bool sent = send_picture(load(bytes, length, header.format), &header, width, height);
    /* No cleaning up: what was decoded may have left anything behind. */
    _exit(sent ? EXIT_SUCCESS : EXIT_FAILURE);
}
