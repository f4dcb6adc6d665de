/* What a member of the crowd writes, and what it makes of what it is told. */
#include "relay/content.h"
#include "relay/event.h"
#include "tests/bench/crowd_internal.h"

#include <string.h>

/* The token begins with the time of sending and the writer's number. */
typedef struct {
    int64_t sent_us;
    uint32_t writer;
    uint32_t nothing;
} Token;
G_STATIC_ASSERT(sizeof(Token) == TOKEN_SIZE);

void crowd_member_write(CrowdMember *member)
{
    Crowd *crowd = member->crowd;
    Token token = {.sent_us = g_get_monotonic_time(), .writer = member->number};
    static const uint8_t general[PLACE_SIZE];
    g_autoptr(GBytes) content = content_message(crowd->text, false, NULL);
    EventDraft draft = {.incarnation = 1,
                        .lane = LANE_PUBLIC,
                        .seq = ++member->seq,
                        .prev = member->seq > 1 ? member->prev : NULL,
                        .place = crowd->place,
                        .time_ms = token.sent_us / 1000 + crowd->room_offset_ms,
                        .token = (const uint8_t *)&token,
                        .kind = EVENT_MESSAGE,
                        .room = general,
                        .content = content};
    g_autoptr(Event) event = event_sign(member->identity, &draft);
    g_assert(event != NULL);
    memcpy(member->prev, event_hash(event), HASH_SIZE);
    Wire__SignedEvent signed_event = WIRE__SIGNED_EVENT__INIT;
    size_t size;
    signed_event.body.data = (uint8_t *)g_bytes_get_data(event_body(event), &size);
    signed_event.body.len = size;
    signed_event.signature.data = (uint8_t *)g_bytes_get_data(event_signature(event), &size);
    signed_event.signature.len = size;
    Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &signed_event;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &submit;
    crowd_member_send(member, &frame);
    crowd->counts.sent++;
}

static const uint8_t *find_token(const Field *signed_event)
{
    FieldReader outer = field_reader(signed_event->bytes, signed_event->length);
    Field body, field;
    while (field_next(&outer, &body)) {
        if (body.number != 1)
            continue;
        FieldReader inner = field_reader(body.bytes, body.length);
        while (field_next(&inner, &field)) {
            if (field.number == 8 && field.length == TOKEN_SIZE)
                return field.bytes;
        }
    }
    return NULL;
}

static Said read_entry(const Field *entry)
{
    FieldReader reader = field_reader(entry->bytes, entry->length);
    Field field;
    Said said = {0};
    while (field_next(&reader, &field)) {
        if (field.number == 1) {
            said.position = field.value;
        } else if (field.number == 2) {
            const uint8_t *bytes = find_token(&field);
            g_assert(bytes != NULL);
            Token token;
            memcpy(&token, bytes, sizeof token);
            said.sent_us = token.sent_us;
            said.writer = token.writer;
        }
    }
    return said;
}

/* Everybody gets the same bytes: what was read once is only compared with what others get. */
static const GArray *read_deliver(Crowd *crowd, const Field *deliver, uint64_t through)
{
    Heard *heard = &crowd->heard[through % HEARD];
    if (heard->bytes == NULL) {
        heard->bytes = g_byte_array_new();
        heard->said = g_array_new(FALSE, FALSE, sizeof(Said));
    }
    if (heard->bytes->len == deliver->length &&
        memcmp(heard->bytes->data, deliver->bytes, deliver->length) == 0)
        return heard->said;
    g_byte_array_set_size(heard->bytes, 0);
    g_byte_array_append(heard->bytes, deliver->bytes, (unsigned)deliver->length);
    g_array_set_size(heard->said, 0);
    FieldReader reader = field_reader(deliver->bytes, deliver->length);
    Field field;
    while (field_next(&reader, &field)) {
        if (field.number != 3)
            continue;
        Said said = read_entry(&field);
        g_array_append_val(heard->said, said);
    }
    return heard->said;
}

/* Now, and not at the next millisecond, which is what a deadline waits for. */
static void let_write(CrowdMember *member)
{
    member->own++;
    poller_set_deadline(member->crowd->writing, g_get_monotonic_time());
}

static void count_entry(CrowdMember *member, const Said *said, int64_t now_us)
{
    Crowd *crowd = member->crowd;
    member->checksum = (member->checksum ^ said->position) * UINT64_C(0x100000001b3);
    member->checksum =
        (member->checksum ^ (uint64_t)said->sent_us ^ said->writer) * UINT64_C(0x100000001b3);
    crowd->counts.deliveries++;
    if (said->writer - crowd->config.first >= crowd->config.members)
        return; /* somebody else's */
    histogram_add(&crowd->counts.latency, (uint64_t)MAX(now_us - said->sent_us, 0));
    if (said->writer != member->number)
        return;
    Reach *reach = &crowd->reach[said->position % REACH];
    if (reach->position != said->position)
        *reach = (Reach){.position = said->position};
    reach->writer = member;
    if (!crowd->config.lockstep)
        let_write(member);
}

/* A writer goes on when everybody was told of its message. */
static void note_told(Crowd *crowd, uint64_t after, uint64_t through)
{
    for (uint64_t position = after + 1; crowd->config.lockstep && position <= through; position++) {
        Reach *reach = &crowd->reach[position % REACH];
        if (reach->position != position)
            *reach = (Reach){.position = position};
        if (++reach->told == crowd->counts.joined - crowd->counts.away && reach->writer != NULL)
            let_write(reach->writer);
    }
}

static void cover(CrowdMember *member, uint64_t after, uint64_t through)
{
    if (member->above < member->top) { /* something below is still asked for */
        member->holes += after > member->top;
        member->top = through;
        return;
    }
    member->holes += after > member->through;
    member->through = MAX(member->through, through);
    member->above = member->top = member->through;
}

void crowd_member_take_deliver(CrowdMember *member, const Field *deliver)
{
    FieldReader reader = field_reader(deliver->bytes, deliver->length);
    Field field;
    uint64_t after = 0, through = 0;
    while (field_next(&reader, &field) && field.number <= 2) {
        if (field.number == 1)
            after = field.value;
        else
            through = field.value;
    }
    if (member->thorough) {
        const GArray *said = read_deliver(member->crowd, deliver, through);
        int64_t now_us = g_get_monotonic_time();
        for (unsigned i = 0; i < said->len; i++)
            count_entry(member, &g_array_index(said, Said, i), now_us);
    } else { /* nothing but public events is ever written here */
        member->crowd->counts.deliveries += through - after;
    }
    cover(member, after, through);
    note_told(member->crowd, after, through);
}

void crowd_member_fetch(CrowdMember *member)
{
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    fetch.request = 1;
    fetch.after = member->through;
    fetch.before = member->above + 1;
    fetch.limit = PAGE_MAX;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_FETCH;
    frame.fetch = &fetch;
    crowd_member_send(member, &frame);
}

/* Pages go downwards, to what was held before. One that was asked for too often covers nothing, and
 * is asked for again with the next Ping. */
void crowd_member_take_page(CrowdMember *member, const Field *page)
{
    FieldReader reader = field_reader(page->bytes, page->length);
    Field field;
    uint64_t values[6] = {0}, entries = 0;
    while (field_next(&reader, &field)) {
        if (field.number < G_N_ELEMENTS(values) && field.type == FIELD_VARINT)
            values[field.number] = field.value;
        entries += field.number == 4;
    }
    uint64_t request = values[1], after = values[2], through = values[3];
    member->refetch = values[5] != 0;
    if (member->refetch)
        return;
    member->crowd->counts.fetched += entries;
    member->holes += entries != through - after; /* nothing but public events is written here */
    if (request == 0)
        member->top = MAX(member->top, through);
    member->above = MAX(after, member->through);
    if (member->above > member->through) {
        crowd_member_fetch(member);
        return;
    }
    member->through = member->above = MAX(member->top, member->through);
    member->top = member->through;
}
