/* A log that compares with a stranger's: Heads, Want, Give and Settled, one after the other. */
#include "relay/exchange.h"
#include "relay/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool send_frame(GBytes *frame, void *user)
{
    return true;
}

static void take(const Wire__SignedEvent *event, void *user)
{
}

static bool hear(Exchange *exchange, const Wire__Frame *frame, int64_t now_us)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HEADS:
        return exchange_heads(exchange, frame->heads, now_us);
    case WIRE__FRAME__BODY_WANT:
        return exchange_want(exchange, frame->want, now_us);
    case WIRE__FRAME__BODY_GIVE:
        return exchange_give(exchange, frame->give, take, now_us);
    default:
        return true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t place[PLACE_SIZE], other[KEY_SIZE] = {1};
    static Arena *arena;
    static Log *log;
    arena = arena ? arena : arena_new(FRAME_ARENA_SIZE);
    log = log ? log : log_open(NULL, place, NULL);
    const ExchangeConfig config = {.other = other, .takes_private = true};
    const ExchangeOutput output = {.send = send_frame};
    g_autoptr(Exchange) exchange = exchange_new(log, &config, &output, NULL);
    int64_t now_us = 1;
    size_t whole = 0;
    for (size_t at = 0; frame_cut(data + at, size - at, FRAME_MAX, &whole) == FRAME_OK;
         at += whole, now_us += WANT_PATIENCE_US / 4) {
        arena_reset(arena);
        const Wire__Frame *frame =
            frame_parse(arena, data + at + FRAME_HEADER_SIZE, whole - FRAME_HEADER_SIZE, NULL);
        if (!frame || !hear(exchange, frame, now_us))
            break;
        exchange_continue(exchange, false, now_us);
    }
    return 0;
}
