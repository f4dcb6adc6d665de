/* Life of the hub and its links, and who handles which message.
 *
 * Links are never freed in the middle of something: hub_part() and a full queue only mark them as
 * doomed, and every public call ends with hub_sweep(), which closes and frees those. */
#include "relay/hub.h"

#include "relay/hub_internal.h"
#include "relay/key.h"
#include "relay/text.h"

#define TICK_US G_USEC_PER_SEC
/* In a large place changes of the roster are collected for this long. */
#define ROSTER_PAUSE_US (100 * INT64_C(1000))
#define ROSTER_SHARE_US INT64_C(100) /* for each of many: to tell one takes some 5 µs */
#define ROSTER_AT_ONCE 64            /* members linked */

static void submitted_clear(gpointer data)
{
    event_unref(((Submitted *)data)->event);
}

static void load_member(Hub *hub, const LogMember *known)
{
    g_autoptr(Event) profile = log_profile(hub->log, known->key);
    RosterMember *member = profile ? roster_add(hub->roster, known->key) : NULL;
    if (!member)
        return;
    /* Of whom others told is known at least when it said its name. */
    member->since_ms = MAX(known->last_seen_ms, event_time_ms(profile));
    roster_set_profile(hub->roster, member, profile);
}

/* Who came before those of whom others told: of them a member may have brought any number. */
static void load_roster(Hub *hub)
{
    g_autoptr(GArray) members = log_members(hub->log);
    for (int came = 1; members && came >= 0; came--) {
        for (guint i = 0; i < members->len; i++) {
            const LogMember *known = &g_array_index(members, LogMember, i);
            unsigned room = came ? MEMBERS_MAX : MEMBERS_HEARD_OF;
            if ((known->last_seen_ms > 0) == came && roster_size(hub->roster) < room)
                load_member(hub, known);
        }
    }
    g_ptr_array_unref(roster_take_changes(hub->roster)); /* there is nobody to tell yet */
}

Hub *hub_new(const HubConfig *config, Log *log, const HubOutput *output, void *user, int64_t now_us)
{
    Hub *hub = g_new0(Hub, 1);
    hub->place_name = g_strdup(config->place_name);
    hub->software = g_strdup(config->software ? config->software : "");
    memcpy(hub->self, config->self, KEY_SIZE);
    hub->relay_program = config->relay_program;
    hub->limits = (HubLimits)HUB_LIMITS_DEFAULT;
    hub->log = log;
    hub->output = *output;
    hub->user = user;
    hub->arena = arena_new(FRAME_ARENA_SIZE);
    hub->links = g_ptr_array_new();
    hub->by_key = g_hash_table_new(key_hash, key_equal);
    hub->roster = roster_new();
    hub->submitted = g_array_new(FALSE, FALSE, sizeof(Submitted));
    g_array_set_clear_func(hub->submitted, submitted_clear);
    hub->told = hub->looked = hub->began = log_head(log);
    hub->losses = log_losses(log);
    hub->steady = config->room_time_ms > 0;
    hub->room_base_ms = hub->steady ? config->room_time_ms : output->wall_ms(user);
    hub->room_base_us = now_us;
    hub->now_us = now_us;
    hub_follow_newest(hub);
    hub->hint_due_us = hub->tick_us = hub->roster_due_us = hub->successors_due_us = INT64_MAX;
    hub_gathering_set_up(hub);
    hub_lock_set_up(hub);
    hub_moderation_set_up(hub);
    load_roster(hub);
    return hub;
}

static void free_link(HubLink *link)
{
    hub_end_exchange(link);
    hub_lock_end(link);
    hub_free_greeting(link);
    g_strfreev(link->addresses);
    g_free(link);
}

void hub_free(Hub *hub)
{
    if (!hub)
        return;
    for (guint i = 0; i < hub->links->len; i++)
        free_link(g_ptr_array_index(hub->links, i));
    g_clear_pointer(&hub->successors, g_bytes_unref);
    hub_gathering_tear_down(hub);
    hub_lock_tear_down(hub);
    hub_moderation_tear_down(hub);
    g_array_unref(hub->submitted);
    roster_free(hub->roster);
    g_hash_table_unref(hub->by_key);
    g_ptr_array_unref(hub->links);
    arena_free(hub->arena);
    g_free(hub->software);
    g_free(hub->place_name);
    g_free(hub);
}

/* Goes on from the newest event with the steady clock, and jumps ahead with the wall clock, never
 * back. An app's clock has no such say: who happens to serve must not move everybody's time. */
const Roster *hub_roster(const Hub *hub)
{
    return hub->roster;
}

int64_t hub_room_time_ms(const Hub *hub)
{
    int64_t steady = hub->room_base_ms + (hub->now_us - hub->room_base_us) / 1000;
    int64_t room = hub->steady ? steady : MAX(steady, hub->output.wall_ms(hub->user));
    return CLAMP(room, TIME_MIN_MS, TIME_MAX_MS);
}

/* What is written next comes after what is there. */
void hub_follow_newest(Hub *hub)
{
    int64_t latest_ms = event_latest_ms(hub->output.wall_ms(hub->user));
    int64_t room_ms = MAX(hub_room_time_ms(hub), log_newest_time_ms(hub->log));
    hub->room_base_ms = MIN(room_ms, latest_ms);
    hub->room_base_us = hub->now_us;
}

void hub_begin(Hub *hub, int64_t now_us)
{
    int64_t room = hub_room_time_ms(hub);
    hub->now_us = MAX(now_us, hub->now_us);
    hub->room_base_ms = MAX(room, hub_room_time_ms(hub));
    hub->room_base_us = hub->now_us;
    hub_follow_keeper(hub);
}

void hub_report(Hub *hub, const char *event, const HubLink *link, const char *detail)
{
    if (!hub->output.report)
        return;
    g_autoptr(GString) line = g_string_new(NULL);
    if (link) {
        g_string_append(line, "member=");
        for (unsigned i = 0; i < 8; i++)
            g_string_append_printf(line, "%02x", link->key[i]);
    }
    if (detail)
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", detail);
    hub->output.report(event, line->str, hub->user);
}

void hub_doom(HubLink *link)
{
    if (link->doomed)
        return;
    link->doomed = true;
    link->hub->doomed++;
}

void hub_send(HubLink *link, GBytes *frame)
{
    if (link->doomed)
        return;
    if (link->hub->output.send(link->link, frame, link->hub->user)) {
        link->hub->counters.bytes_out += g_bytes_get_size(frame);
        return;
    }
    hub_report(link->hub, "too-slow", link, NULL);
    hub_doom(link);
}

void hub_send_frame(HubLink *link, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    hub_send(link, bytes);
}

void hub_part_until(HubLink *link, Wire__Parting why, const char *text, int64_t until_ms,
                    uint32_t retry_ms)
{
    g_autofree char *beginning = strlen(text) > NOTE_MAX ? text_cut(text, NOTE_MAX) : NULL;
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = why;
    goodbye.text = beginning ? beginning : (char *)text;
    goodbye.until_ms = until_ms;
    goodbye.retry_ms = retry_ms;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    hub_send_frame(link, &frame);
    hub_doom(link);
}

void hub_part(HubLink *link, Wire__Parting why, const char *text)
{
    hub_part_until(link, why, text, 0, 0);
}

void hub_broadcast(Hub *hub, GBytes *frame, const HubLink *except)
{
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (link->joined && link != except)
            hub_send(link, frame);
    }
}

/* Takes the link out of everything; its events stay submitted. */
static void forget_link(Hub *hub, HubLink *link)
{
    hub_leave(link);
    for (guint i = 0; i < hub->submitted->len; i++) {
        Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        if (submitted->link == link)
            submitted->link = NULL;
    }
    g_ptr_array_remove_index_fast(hub->links, link->index);
    if (link->index < hub->links->len)
        ((HubLink *)g_ptr_array_index(hub->links, link->index))->index = link->index;
    free_link(link);
}

void hub_sweep(Hub *hub)
{
    for (guint i = hub->links->len; hub->doomed > 0 && i-- > 0;) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->doomed)
            continue;
        void *handle = link->link;
        hub->doomed--;
        forget_link(hub, link);
        hub->output.close(handle, hub->user);
    }
}

HubLink *hub_link_opened(Hub *hub, void *handle, const uint8_t *key, int64_t now_us)
{
    hub_begin(hub, now_us);
    bool own = memcmp(key, hub->self, KEY_SIZE) == 0; /* the session of an app that serves */
    if (hub->over || (own && hub->relay_program))
        return NULL;
    HubLink *link = g_new0(HubLink, 1);
    link->hub = hub;
    link->link = handle;
    memcpy(link->key, key, KEY_SIZE);
    link->opened_us = link->heard_us = hub->now_us;
    link->patience_us = DEAD_AFTER_US;
    link->index = hub->links->len;
    g_ptr_array_add(hub->links, link);
    hub->tick_us = MIN(hub->tick_us, hub->now_us + TICK_US);
    return link;
}

static void dispatch_joined(HubLink *link, const Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_SUBMIT:
        hub_submit(link, frame->submit);
        break;
    case WIRE__FRAME__BODY_FETCH:
        hub_fetch(link, frame->fetch);
        break;
    case WIRE__FRAME__BODY_HEADS:
        hub_heads(link, frame->heads);
        break;
    case WIRE__FRAME__BODY_WANT:
        hub_want(link, frame->want);
        break;
    case WIRE__FRAME__BODY_GIVE:
        hub_give(link, frame->give);
        break;
    case WIRE__FRAME__BODY_SETTLED:
        hub_settled(link, frame->settled);
        break;
    case WIRE__FRAME__BODY_STATUS:
        hub_status(link, frame->status);
        break;
    case WIRE__FRAME__BODY_SIGNAL:
        hub_signal(link, frame->signal);
        break;
    case WIRE__FRAME__BODY_PING:
        hub_ping(link, frame->ping);
        break;
    case WIRE__FRAME__BODY_CLAIM:
        hub_claim(link, frame->claim);
        break;
    case WIRE__FRAME__BODY_PONG:
    case WIRE__FRAME__BODY__NOT_SET: /* a message of a newer version */
        break;
    case WIRE__FRAME__BODY_GOODBYE:
        hub_doom(link);
        break;
    default:
        hub_part(link, WIRE__PARTING__BAD_FRAME, "This message is for members only.");
    }
}

static void dispatch_stranger(HubLink *link, const Wire__Frame *frame)
{
    switch (frame->body_case) {
    case WIRE__FRAME__BODY_HELLO:
        hub_hello(link, frame->hello);
        break;
    case WIRE__FRAME__BODY_UNLOCK:
        if (link->greeting)
            hub_lock_answer(link, frame->unlock);
        else
            hub_part(link, WIRE__PARTING__BAD_FRAME, "Hello comes first.");
        break;
    case WIRE__FRAME__BODY_GOODBYE:
        hub_doom(link);
        break;
    default:
        hub_part(link, WIRE__PARTING__BAD_FRAME,
                 link->greeting ? "The answer to Lock comes first." : "Hello comes first.");
    }
}

void hub_frame(Hub *hub, HubLink *link, const uint8_t *message, size_t length, int64_t now_us)
{
    hub_begin(hub, now_us);
    link->heard_us = hub->now_us;
    hub->counters.bytes_in += FRAME_HEADER_SIZE + length;
    const char *why = NULL;
    arena_reset(hub->arena);
    const Wire__Frame *frame =
        length <= hub_frame_max(link) ? frame_parse(hub->arena, message, length, &why) : NULL;
    if (!frame) {
        g_autofree char *detail = g_strdup_printf("why=\"%s\"", why != NULL ? why : "too large");
        hub_report(hub, "bad-frame", link, detail);
        hub_part(link, WIRE__PARTING__BAD_FRAME, "This message is malformed.");
    } else if (link->joined) {
        dispatch_joined(link, frame);
    } else {
        dispatch_stranger(link, frame);
    }
    if (hub->submitted->len >= 256)
        hub_commit(hub);
    hub_sweep(hub);
}

void hub_link_closed(Hub *hub, HubLink *link, int64_t now_us)
{
    hub_begin(hub, now_us);
    if (link->doomed)
        hub->doomed--;
    forget_link(hub, link);
    hub_sweep(hub);
}

int64_t hub_change_due(const Hub *hub)
{
    unsigned members = g_hash_table_size(hub->by_key);
    int64_t pause_us = MAX(ROSTER_PAUSE_US, members * ROSTER_SHARE_US);
    return hub->now_us + (members <= ROSTER_AT_ONCE ? 0 : pause_us);
}

static void send_roster(Hub *hub, const GPtrArray *frames, bool first_is_out)
{
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        for (guint j = 0; link->joined && link->roster_done == first_is_out && j < frames->len; j++)
            hub_send(link, g_ptr_array_index(frames, j));
    }
}

/* A member takes a frame without `more` for the end of the first roster: a change that comes in
 * the middle of that has it. */
static void tell_roster(Hub *hub)
{
    if (!roster_has_changes(hub->roster))
        return;
    if (hub->roster_due_us == INT64_MAX)
        hub->roster_due_us = hub_change_due(hub);
    if (hub->now_us < hub->roster_due_us)
        return;
    hub->roster_due_us = INT64_MAX;
    g_autoptr(GPtrArray) early = hub->unfinished > 0 ? roster_early_changes(hub->roster) : NULL;
    if (early)
        send_roster(hub, early, false);
    g_autoptr(GPtrArray) frames = roster_take_changes(hub->roster);
    send_roster(hub, frames, true);
}

void hub_flush(Hub *hub, int64_t now_us)
{
    hub_begin(hub, now_us);
    if (hub->submitted->len > 0 || hub->unsaved || hub_has_news(hub))
        hub_commit(hub);
    hub_tell_gathered(hub);
    hub_go_on_exchanging(hub);
    tell_roster(hub);
    for (guint i = 0; hub->unfinished > 0 && i < hub->links->len; i++)
        hub_continue(g_ptr_array_index(hub->links, i));
    hub_tell_successors(hub);
    hub_sweep(hub);
    hub_go_on_handing_over(hub);
}

void hub_tick(Hub *hub, int64_t now_us)
{
    hub_flush(hub, now_us);
    if (hub->now_us < hub->tick_us)
        return;
    hub->tick_us = hub->links->len > 0 ? hub->now_us + TICK_US : INT64_MAX;
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->joined && hub->now_us - link->opened_us > HANDSHAKE_US)
            hub_part(link, WIRE__PARTING__SILENT, "No Hello came in time.");
        else if (link->joined && hub->now_us - link->heard_us > link->patience_us)
            hub_part(link, WIRE__PARTING__SILENT, "Nothing was heard for too long.");
    }
    hub_sweep(hub);
}

int64_t hub_deadline(const Hub *hub)
{
    int64_t deadline = MIN(MIN(hub->tick_us, hub->successors_due_us), hub->hint_due_us);
    deadline = MIN(deadline, hub->gathering.due_us);
    if (hub->hand_over.done)
        deadline = MIN(deadline, hub->hand_over.deadline_us);
    if (roster_has_changes(hub->roster))
        deadline =
            MIN(deadline, hub->roster_due_us == INT64_MAX ? hub->now_us : hub->roster_due_us);
    return deadline;
}

size_t hub_frame_max(const HubLink *link)
{
    return link->joined ? FRAME_MAX : FRAME_MAX_BEFORE_ADMISSION;
}

void hub_shut_down(Hub *hub, const HubSuccessor *successor, int64_t now_us)
{
    if (hub->over)
        return;
    hub->hand_over.done = NULL;
    hub_flush(hub, now_us);
    g_autoptr(GBytes) frame = hub_last_word(hub, successor);
    for (guint i = 0; i < hub->links->len; i++) {
        hub_send(g_ptr_array_index(hub->links, i), frame);
        hub_doom(g_ptr_array_index(hub->links, i));
    }
    hub->over = true;
    hub_sweep(hub);
    hub_flush(hub, now_us); /* who was last seen when */
}

HubCounters hub_counters(const Hub *hub)
{
    HubCounters counters = hub->counters;
    counters.linked = hub_joined(hub);
    counters.known = roster_size(hub->roster);
    for (guint i = 0; i < hub->links->len; i++) {
        const HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->doomed)
            counters.slowest = MAX(counters.slowest, hub->output.queued(link->link, hub->user));
    }
    return counters;
}

unsigned hub_joined(const Hub *hub)
{
    return g_hash_table_size(hub->by_key);
}

bool hub_is_joined(const Hub *hub, const uint8_t *key)
{
    return g_hash_table_contains(hub->by_key, key);
}
