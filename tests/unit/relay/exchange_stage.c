#include "tests/unit/relay/exchange_stage.h"

#include <string.h>

#define ROUNDS_MAX 200000

static bool send_frame(GBytes *frame, void *user)
{
    Side *side = user;
    Side *other = &side->pair->sides[side == &side->pair->sides[0]];
    g_queue_push_tail(&other->inbox, g_bytes_ref(frame));
    return true;
}

static bool has_room(void *user)
{
    return !((Side *)user)->no_room;
}

static bool asked_elsewhere(const LogHead *feed, const LogSpan *span, void *user)
{
    const Side *side = user;
    ck_assert_uint_le(span->first, span->last);
    return side->elsewhere && memcmp(side->elsewhere, feed->author, KEY_SIZE) == 0;
}

static void complete(uint64_t position, void *user)
{
    ((Side *)user)->completed = position;
}

static void settled(uint64_t position, void *user)
{
    ((Side *)user)->settled = position;
}

Pair *pair_new(const Author *owner)
{
    static const ExchangeOutput output = {.send = send_frame,
                                          .has_room = has_room,
                                          .asked_elsewhere = asked_elsewhere,
                                          .complete = complete,
                                          .settled = settled};
    static const uint8_t relay_key[KEY_SIZE] = {0xee};
    static const uint8_t nobody[KEY_SIZE] = {0xdd};
    Pair *pair = g_new0(Pair, 1);
    pair->now_us = 1000;
    pair->arena = arena_new(FRAME_ARENA_SIZE);
    for (unsigned i = 0; i < 2; i++) {
        Side *side = &pair->sides[i];
        const uint8_t *member = owner ? author_key(owner) : nobody;
        ExchangeConfig config = {.owner = i == 0 ? member : NULL,
                                 .other = i == 0 ? relay_key : member,
                                 .takes_private = i == 1,
                                 .gives_private = i == 0};
        side->pair = pair;
        side->log = log_open(NULL, scratch_place, NULL);
        side->settled = side->completed = UINT64_MAX;
        ck_assert_ptr_nonnull(side->log);
        g_queue_init(&side->inbox);
        side->exchange = exchange_new(side->log, &config, &output, side);
    }
    return pair;
}

void pair_free(Pair *pair)
{
    if (!pair)
        return;
    for (unsigned i = 0; i < 2; i++) {
        exchange_free(pair->sides[i].exchange);
        g_queue_clear_full(&pair->sides[i].inbox, (GDestroyNotify)g_bytes_unref);
        log_close(pair->sides[i].log);
    }
    arena_free(pair->arena);
    g_free(pair);
}

void pair_commit(Pair *pair)
{
    for (unsigned i = 0; i < 2; i++)
        commit(pair->sides[i].log);
}

static void take(const Wire__SignedEvent *sent, void *user)
{
    Side *side = user;
    g_autoptr(Event) event = event_open(sent->body.data, sent->body.len, sent->signature.data,
                                        sent->signature.len, scratch_place, NULL);
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    side->given++;
    if (!event || side->refuses_all)
        return;
    if (side->disk_full)
        log_set_size_limit(side->log, 1);
    LogAppend result =
        log_append(side->log, event, LOG_RULE_SET, 0, NULL, 0, NULL, &position, &error);
    log_set_size_limit(side->log, UINT64_C(1) << 40);
    if (!side->disk_full)
        expect_ok(error);
    side->lost += result == LOG_FAILED;
    side->taken += result == LOG_APPENDED || result == LOG_FORKED;
}

static bool dispatch(Side *side, const Wire__Frame *frame)
{
    int64_t now_us = side->pair->now_us;
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HEADS:
        side->heads++;
        return exchange_heads(side->exchange, frame->heads, now_us);
    case WIRE__FRAME__BODY_WANT:
        side->pair->sides[side == &side->pair->sides[0]].wanted++;
        return exchange_want(side->exchange, frame->want, now_us);
    case WIRE__FRAME__BODY_GIVE:
        return exchange_give(side->exchange, frame->give, take, now_us);
    case WIRE__FRAME__BODY_SETTLED:
        exchange_is_settled(side->exchange, frame->settled);
        return true;
    default:
        ck_abort_msg("%s", frame_name(frame));
        return false;
    }
}

const Wire__Frame *pair_next(Pair *pair, unsigned number)
{
    g_autoptr(GBytes) bytes = g_queue_pop_head(&pair->sides[number].inbox);
    if (!bytes)
        return NULL;
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    const char *why = NULL;
    ck_assert_uint_le(length, FRAME_MAX);
    arena_reset(pair->arena);
    const Wire__Frame *frame =
        frame_parse(pair->arena, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, &why);
    ck_assert_msg(frame != NULL, "%s", why);
    return frame;
}

bool pair_put(Pair *pair, unsigned number, const Wire__Frame *frame)
{
    g_queue_push_head(&pair->sides[number].inbox, frame_build(frame));
    return dispatch(&pair->sides[number], pair_next(pair, number));
}

static void end_round(Side *side)
{
    commit(side->log);
    exchange_continue(side->exchange, side->paused, side->pair->now_us);
}

bool pair_round(Pair *pair)
{
    bool any = false;
    for (unsigned i = 0; i < 2; i++) {
        Side *side = &pair->sides[i];
        for (guint n = side->inbox.length; n > 0 && !side->closed; n--) {
            const Wire__Frame *frame = pair_next(pair, i);
            any = true;
            if (!dispatch(side, frame))
                side->closed = side->refused = true;
        }
    }
    for (unsigned i = 0; i < 2; i++)
        end_round(&pair->sides[i]);
    return any || pair->sides[0].inbox.length > 0 || pair->sides[1].inbox.length > 0;
}

bool pair_run(Pair *pair)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        if (pair_round(pair))
            continue;
        int64_t next_us = MIN(exchange_deadline(pair->sides[0].exchange),
                              exchange_deadline(pair->sides[1].exchange));
        if (next_us == INT64_MAX)
            return true;
        ck_assert_int_gt(next_us, pair->now_us);
        pair->now_us = next_us;
    }
    return false;
}

void pair_offer(Pair *pair, unsigned side, uint64_t position)
{
    exchange_offer(pair->sides[side].exchange, position, pair->now_us);
}

static void print_heads(GString *out, Log *log)
{
    g_autoptr(GArray) heads = log_heads(log, NULL);
    for (guint i = 0; i < heads->len; i++) {
        const LogHead *head = &g_array_index(heads, LogHead, i);
        if (head->lane != LANE_PUBLIC)
            continue;
        g_string_append_printf(out, "%02x%02x/%u: %u of %u,", head->author[0], head->author[1],
                               (unsigned)head->incarnation, (unsigned)head->held,
                               (unsigned)head->seq);
        for (unsigned byte = 0; byte < SUM_SIZE; byte++)
            g_string_append_printf(out, "%02x", head->sum[byte]);
        g_string_append_c(out, '\n');
    }
}

bool pair_agrees(const Pair *pair)
{
    g_autoptr(GString) left = g_string_new(NULL);
    g_autoptr(GString) right = g_string_new(NULL);
    print_heads(left, pair->sides[0].log);
    print_heads(right, pair->sides[1].log);
    if (g_str_equal(left->str, right->str))
        return true;
    g_printerr("left:\n%sright:\n%s", left->str, right->str);
    return false;
}
