/* The relay's part in catching up: what it names, gives, wants and settles. */
#include "tests/unit/app/session_stage_internal.h"

#define ACTOR_INCARNATION 1

static void add_to_sum(uint8_t *sum, const uint8_t *hash)
{
    unsigned carry = 0;
    for (unsigned i = SUM_SIZE; i-- > 0; carry >>= 8) {
        carry += (unsigned)sum[i] + hash[i];
        sum[i] = (uint8_t)carry;
    }
}

/* What the session holds of the member's feed, what was made for the next page or delivery, and
 * `more` events that nobody ever made. */
static LogHead head_of(SessionStage *stage, char who, unsigned more)
{
    LogHead head = log_feed_head(session_log(stage->session), session_stage_key(stage, who),
                                 ACTOR_INCARNATION, LANE_PUBLIC);
    for (guint i = 0; i < stage->made->len; i++) {
        const Event *event = stage->made->pdata[i];
        head.seq = event_seq(event);
        head.held++;
        memcpy(head.hash, event_hash(event), HASH_SIZE);
        add_to_sum(head.sum, event_hash(event));
    }
    head.seq += more;
    head.held += more;
    head.hash[0] ^= more > 0;
    head.sum[0] ^= more > 0;
    return head;
}

void session_stage_heads(SessionStage *stage, char who, unsigned more, uint64_t position)
{
    LogHead known = head_of(stage, who, more);
    Wire__Head head = WIRE__HEAD__INIT, *list[] = {&head};
    head.author = (ProtobufCBinaryData){KEY_SIZE, known.author};
    head.incarnation = known.incarnation;
    head.seq = known.seq;
    head.hash = (ProtobufCBinaryData){HASH_SIZE, known.hash};
    head.count = known.held;
    head.sum = (ProtobufCBinaryData){SUM_SIZE, known.sum};
    Wire__Heads heads = WIRE__HEADS__INIT;
    heads.heads = list;
    heads.n_heads = 1;
    heads.position = position;
    session_stage_give(stage, WIRE__FRAME__BODY_HEADS, &heads);
}

void session_stage_want(SessionStage *stage, char who, uint64_t first, uint64_t last)
{
    Wire__Want want = WIRE__WANT__INIT;
    want.request = 1;
    want.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)session_stage_key(stage, who)};
    want.incarnation = ACTOR_INCARNATION;
    want.first = first;
    want.last = last;
    session_stage_give(stage, WIRE__FRAME__BODY_WANT, &want);
}

void session_stage_given(SessionStage *stage)
{
    guint count = stage->made->len;
    g_autofree Wire__SignedEvent *wired = g_new(Wire__SignedEvent, count);
    g_autofree Wire__SignedEvent **list = g_new(Wire__SignedEvent *, count);
    Wire__Give given = WIRE__GIVE__INIT;
    given.request = stage->wanted;
    given.first = stage->wanted_first;
    given.events = list;
    given.n_events = count;
    for (guint i = 0; i < count; i++) {
        event_to_wire(stage->made->pdata[count - 1 - i], &wired[i]);
        list[i] = &wired[i];
    }
    session_stage_give(stage, WIRE__FRAME__BODY_GIVE, &given);
    g_ptr_array_set_size(stage->made, 0);
    g_array_set_size(stage->made_at, 0);
}

void session_stage_settled(SessionStage *stage, uint64_t position)
{
    Wire__Settled settled = WIRE__SETTLED__INIT;
    settled.position = position;
    session_stage_give(stage, WIRE__FRAME__BODY_SETTLED, &settled);
}

/* The session's side, as lines. */
void session_stage_tell_exchange(SessionStage *stage, const Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HEADS:
        session_stage_tell(stage, frame->heads->ask ? "> ask" : "> heads %d of %d",
                           (int)frame->heads->n_heads, (int)frame->heads->position);
        break;
    case WIRE__FRAME__BODY_WANT:
        stage->wanted = frame->want->request;
        stage->wanted_first = frame->want->first;
        session_stage_tell(stage, "> want %d..%d", (int)frame->want->first, (int)frame->want->last);
        break;
    case WIRE__FRAME__BODY_GIVE:
        session_stage_tell(stage, "> give %d", (int)frame->give->n_events);
        break;
    default:
        session_stage_tell(stage, "> settled %d", (int)frame->settled->position);
    }
}
