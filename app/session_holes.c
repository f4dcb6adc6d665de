/* What is missing of the relay's log, newest first, and which way it is fetched: by positions, or,
 * where most of it may be held already from elsewhere, by comparing feeds and then asking for the
 * private events alone. */
#include "app/session_internal.h"

#define OWN_PAUSE_US (5 * INT64_C(1000))     /* between pieces of the own log */
#define HINT_PAUSE_US (500 * INT64_C(1000))  /* after the last hint: more may be gathered yet */
#define WEIGH_MAX_US (15 * INT64_C(1000000)) /* for the relay's heads */
/* Positions, in all holes together, as what is said meanwhile tears one apart; less is fetched as
 * it is. */
#define WEIGH_LEAST 512

/* The topmost hole in what is held of the relay's log. */
static bool find_hole(Session *session, uint64_t *after, uint64_t *before)
{
    g_autoptr(GArray) ranges = log_covered(session->log, session->relay_log);
    if (!ranges || ranges->len == 0)
        return false;
    if (ranges->len > RANGES_MAX) {
        session_drop(session, "The relay sends its history in too many pieces.", -1);
        return false;
    }
    const LogRange *top = &g_array_index(ranges, LogRange, ranges->len - 1);
    if (top->through < session->hinted) {
        *after = top->through;
        *before = session->hinted + 1;
        return true;
    }
    *after = ranges->len > 1 ? top[-1].through : 0;
    *before = top->after + 1;
    return top->after > 0;
}

/* The own log need not be asked for by frames. */
static void fetch_own(Session *session)
{
    bool more = false;
    if (!session_file_own_some(session, true, &more))
        return;
    session->may_have_holes = more;
    session->fetch_at_us = more ? session->now_us + OWN_PAUSE_US : 0;
}

/* --- which way --- */

void session_holes_begin(Session *session)
{
    session->way = WAY_UNKNOWN;
    session->compared = session->hinted = 0;
    session->hint_us = 0;
    session->filled = false;
}

void session_hinted(Session *session, uint64_t position)
{
    session->hinted = MAX(session->hinted, position);
    session->hint_us = session->now_us;
    if (session->way == WAY_POSITIONS)
        session->way = WAY_UNKNOWN;
}

bool session_holes_weighed(const Session *session)
{
    return session->way == WAY_WEIGHED;
}

/* Positions up to `position` that are not held. */
static uint64_t count_missing(Session *session, uint64_t position)
{
    uint64_t missing = position;
    g_autoptr(GArray) ranges = log_covered(session->log, session->relay_log);
    for (guint i = 0; ranges && i < ranges->len; i++) {
        const LogRange *range = &g_array_index(ranges, LogRange, i);
        uint64_t through = MIN(range->through, position);
        missing -= through > range->after ? through - range->after : 0;
    }
    return missing;
}

void session_holes_named(Session *session, uint64_t position)
{
    if (session->way != WAY_WEIGHED)
        return;
    session->fetch_at_us = 0;
    if (exchange_missing(session->exchange) >= count_missing(session, position) / 2) {
        exchange_drop(session->exchange);
        session->way = WAY_POSITIONS;
    } else {
        session->way = WAY_FEEDS;
    }
}

void session_holes_compared(Session *session, uint64_t position)
{
    if (session->way == WAY_FEEDS) {
        session->compared = MAX(session->compared, position);
        session->way = WAY_UNKNOWN;
    }
}

/* The other could not be asked for everything, or did not answer: then by positions. */
void session_holes_tried(Session *session)
{
    bool waited = session->way == WAY_WEIGHED && session->now_us >= session->way_us + WEIGH_MAX_US;
    bool ended =
        session->way == WAY_FEEDS && session->exchange && !exchange_busy(session->exchange);
    if (!waited && !ended)
        return;
    session->way = WAY_POSITIONS;
    session->fetch_at_us = 0;
}

/* Asks for the relay's heads. */
static void weigh(Session *session)
{
    session->way = WAY_WEIGHED;
    session->way_us = session->now_us;
    session->fetch_at_us = session->now_us + WEIGH_MAX_US;
    exchange_ask(session->exchange, session->now_us);
}

/* What to fetch of this hole, if anything now. */
static bool choose_way(Session *session, uint64_t *after, uint64_t before, bool *private_only)
{
    *private_only = before - 1 <= session->compared;
    if (*private_only || !session->exchange)
        return true;
    *after = MAX(*after, session->compared);
    uint64_t size = count_missing(session, before - 1);
    if (log_head(session->log) < size / 2 || session->way == WAY_POSITIONS)
        return true;
    /* What is gathered now may be what this node gives: nothing of it is fetched before it ends. */
    int64_t due_us = session->hint_us > 0 ? session->hint_us + HINT_PAUSE_US : 0;
    if (session->now_us < due_us) {
        session->fetch_at_us = due_us;
        return false;
    }
    if (size < WEIGH_LEAST)
        return true;
    if (session->way == WAY_UNKNOWN) /* else it goes on when the comparing ends */
        weigh(session);
    return false;
}

/* --- fetching --- */

static void fetch(Session *session, bool private_only)
{
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    session->request = session->request == UINT32_MAX ? 1 : session->request + 1;
    fetch.request = session->request;
    fetch.after = session->fetch_after;
    fetch.before = session->fetch_before;
    fetch.limit = session->page_limit;
    fetch.private_only = private_only;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_FETCH;
    frame.fetch = &fetch;
    session->fetching = session->filled = true;
    session_send(session, &frame);
}

void session_fetch_next(Session *session)
{
    if (session->phase != PHASE_JOINED || session->fetching || !session->may_have_holes ||
        session->now_us < session->fetch_at_us)
        return;
    session->fetch_at_us = 0;
    if (session_reads_own(session)) {
        fetch_own(session);
        return;
    }
    if (!find_hole(session, &session->fetch_after, &session->fetch_before)) {
        session->may_have_holes = false;
        if (session->filled) /* what could not be compared before, now can */
            session_offer_heads(session);
        session->filled = false;
        return;
    }
    bool private_only = false;
    if (choose_way(session, &session->fetch_after, session->fetch_before, &private_only))
        fetch(session, private_only);
}
