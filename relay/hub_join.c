/* Coming, going, and what members say of themselves between events. */
#include "relay/hub_internal.h"

/* Typing and away, notes to one member: so many a second, so many at once. Of the former what is
 * over is dropped, for nothing of it is kept anyway; a note that is not forwarded is answered. */
#define STATUS_RATE 2
#define STATUS_BURST 10
#define SIGNAL_RATE 30
#define SIGNAL_BURST 120

static Wire__Limits limits(const Hub *hub)
{
    Wire__Limits limits = WIRE__LIMITS__INIT;
    limits.frame = FRAME_MAX;
    limits.text = TEXT_MAX;
    limits.name = NAME_MAX_GRAPHEMES;
    limits.page = PAGE_MAX;
    limits.submit_rate = hub->limits.rate;
    limits.submit_burst = hub->limits.burst;
    limits.history_days = hub->history_days;
    return limits;
}

static void send_welcome(HubLink *link, bool restored, const uint8_t *proof)
{
    Hub *hub = link->hub;
    g_autoptr(GArray) known = log_heads(hub->log, link->key);
    guint count = known ? known->len : 0;
    g_autofree Wire__Head *heads = g_new(Wire__Head, count);
    g_autofree Wire__Head **list = g_new(Wire__Head *, count);
    for (guint i = 0; i < count; i++) {
        LogHead *head = &g_array_index(known, LogHead, i);
        wire__head__init(&heads[i]);
        heads[i].incarnation = head->incarnation;
        heads[i].lane = head->lane;
        heads[i].seq = head->seq;
        heads[i].hash = (ProtobufCBinaryData){HASH_SIZE, head->hash};
        list[i] = &heads[i];
    }
    Wire__Limits bounds = limits(hub);
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.version = PROTOCOL_VERSION;
    welcome.software = hub->software;
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_place(hub->log)};
    welcome.place_name = hub->place_name;
    welcome.room_time_ms = hub_room_time_ms(hub);
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_id(hub->log)};
    welcome.head = log_head(hub->log);
    welcome.n_own_heads = count;
    welcome.own_heads = list;
    welcome.limits = &bounds;
    welcome.members = roster_size(hub->roster);
    welcome.relay_program = hub->relay_program;
    welcome.restored = restored;
    if (log_keeper(hub->log))
        welcome.keeper = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)log_keeper(hub->log)};
    if (proof)
        welcome.proof = (ProtobufCBinaryData){PROOF_SIZE, (uint8_t *)proof};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WELCOME;
    frame.welcome = &welcome;
    hub_send_frame(link, &frame);
}

static bool admissible(HubLink *link, const Wire__Hello *hello)
{
    Hub *hub = link->hub;
    if (hello->version != PROTOCOL_VERSION) {
        hub_part(link, WIRE__PARTING__WRONG_VERSION, "This relay speaks version 1.");
        return false;
    }
    if (hello->place.len > 0 && memcmp(hello->place.data, log_place(hub->log), PLACE_SIZE) != 0) {
        hub_part(link, WIRE__PARTING__WRONG_PLACE, "Another place is served here.");
        return false;
    }
    return true;
}

/* One key, one link: the newer one stays. */
static void replace_older(HubLink *link)
{
    HubLink *older = g_hash_table_lookup(link->hub->by_key, link->key);
    if (!older)
        return;
    hub_part(older, WIRE__PARTING__REPLACED, "This member linked again from elsewhere.");
    g_hash_table_remove(link->hub->by_key, link->key);
    older->joined = false;
    hub_end_succession(older);
}

static void note_seen(HubLink *link)
{
    Hub *hub = link->hub;
    if (log_member_seen(hub->log, link->key, hub_room_time_ms(hub), NULL))
        hub->unsaved = true;
}

static bool knows_this_log(const Hub *hub, const Greeting *greeting)
{
    return greeting->has_log && memcmp(greeting->log, log_id(hub->log), PLACE_SIZE) == 0;
}

/* Did the member read in this log what is not there? An event that is here without its body, since
 * everybody had it, contradicts nobody. */
static bool was_restored(const Hub *hub, const Greeting *greeting)
{
    uint64_t head = log_head(hub->log), at = greeting->mark_position, covered = 0;
    bool doubtful = hub->put_back && !hub->renamed_log;
    if (MAX(greeting->position, at) > (doubtful ? hub->began : head))
        return true;
    if (at == 0)
        return false;
    g_autoptr(GArray) page = log_page(hub->log, NULL, at - 1, at + 1, 1, G_MAXSIZE, &covered, NULL);
    const LogEntry *entry = page && page->len > 0 ? &g_array_index(page, LogEntry, 0) : NULL;
    return entry && memcmp(event_hash(entry->event), greeting->mark, HASH_SIZE) != 0;
}

/* Others who were here before may return when their positions are taken anew, with the very event
 * at their mark by chance. So the log gets another name, once, whoever may claim to know better; an
 * app, which knows its own log by that name, believes nobody any more who read what it cannot know.
 */
static void follow_restored(Hub *hub)
{
    if (hub->put_back)
        return;
    hub->put_back = true;
    hub->renamed_log = hub->relay_program && log_renew_id(hub->log, NULL);
    hub->unsaved |= hub->renamed_log;
    hub_report(hub, "log-put-back", NULL, NULL);
}

static Greeting *keep_greeting(const Wire__Hello *hello)
{
    Greeting *greeting = g_new0(Greeting, 1);
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    for (size_t i = 0; i < MIN(hello->n_addresses, ADDRESSES_MAX); i++)
        g_strv_builder_add(addresses, hello->addresses[i]);
    greeting->addresses = g_strv_builder_end(addresses);
    greeting->has_log = hello->log.len == PLACE_SIZE;
    if (greeting->has_log)
        memcpy(greeting->log, hello->log.data, PLACE_SIZE);
    greeting->position = hello->position;
    if (hello->mark.len == HASH_SIZE) { /* else there is no mark: frame_rules.c */
        greeting->mark_position = hello->mark_position;
        memcpy(greeting->mark, hello->mark.data, HASH_SIZE);
    }
    greeting->page = hello->page;
    greeting->app = hello->app;
    greeting->relay_program = hello->relay_program;
    return greeting;
}

void hub_free_greeting(HubLink *link)
{
    if (!link->greeting)
        return;
    g_strfreev(link->greeting->addresses);
    g_clear_pointer(&link->greeting, g_free);
}

void hub_hello(HubLink *link, const Wire__Hello *hello)
{
    if (link->greeting) {
        hub_part(link, WIRE__PARTING__BAD_FRAME, "Hello was said already.");
        return;
    }
    if (!admissible(link, hello) || !hub_lets_in(link))
        return;
    link->greeting = keep_greeting(hello);
    bool own = memcmp(link->key, link->hub->self, KEY_SIZE) == 0; /* has the key of the house */
    if (own || !hub_lock_asks(link))
        hub_admit(link, NULL);
}

/* False: there is none. */
static bool find_seat(HubLink *link, RosterMember **member)
{
    Hub *hub = link->hub;
    /* A relay program in reserve is nobody who is here. There is none where an app serves: it would
     * serve itself. */
    link->relay_program = hub->relay_program && link->greeting->relay_program;
    bool room = hub_joined(hub) < hub->limits.members || hub_is_joined(hub, link->key);
    *member = link->relay_program || !room ? NULL : roster_add(hub->roster, link->key);
    if (*member || link->relay_program)
        return true;
    hub_part(link, WIRE__PARTING__FULL, "This place has as many members as it can hold.");
    return false;
}

static void join(HubLink *link, RosterMember *member, uint64_t page_after)
{
    Hub *hub = link->hub;
    link->joined = true;
    g_hash_table_insert(hub->by_key, link->key, link);
    link->page_after = page_after;
    link->page_limit = MIN(link->greeting->page, PAGE_MAX);
    link->page_due = true;
    hub->unfinished++;
    if (!member)
        return;
    roster_set_app(hub->roster, member, link->greeting->app);
    roster_set_presence(hub->roster, member, ROSTER_ONLINE, hub_room_time_ms(hub));
    note_seen(link);
}

void hub_admit(HubLink *link, const uint8_t *proof)
{
    Hub *hub = link->hub;
    RosterMember *member = NULL;
    if (!find_seat(link, &member))
        return;
    replace_older(link);
    bool same_log = knows_this_log(hub, link->greeting);
    bool own = memcmp(link->key, hub->self, KEY_SIZE) == 0;
    bool restored = same_log && !own && was_restored(hub, link->greeting);
    if (restored)
        follow_restored(hub);
    send_welcome(link, restored, proof);
    if (link->doomed)
        return;
    join(link, member, same_log && !restored ? link->greeting->position : 0);
    hub_set_succession(link, link->greeting);
    hub_free_greeting(link);
    hub_lock_end(link);
    hub_continue(link);
    g_autofree char *detail = g_strdup_printf("members=%u", hub_joined(hub));
    hub_report(hub, "joined", link, detail);
}

void hub_leave(HubLink *link)
{
    Hub *hub = link->hub;
    if (link->page_due)
        hub->unfinished--;
    link->page_due = false;
    if (!link->joined)
        return;
    link->joined = false;
    g_hash_table_remove(hub->by_key, link->key);
    hub_end_succession(link);
    RosterMember *member = link->relay_program ? NULL : roster_find(hub->roster, link->key);
    if (member) {
        note_seen(link);
        roster_set_presence(hub->roster, member, ROSTER_OFFLINE, hub_room_time_ms(hub));
    }
    g_autofree char *detail = g_strdup_printf("members=%u", hub_joined(hub));
    hub_report(hub, "left", link, detail);
}

static void forward_typing(HubLink *link, const Wire__Status *status)
{
    Wire__Status copy = WIRE__STATUS__INIT;
    copy.what = WIRE__STATUS__WHAT__TYPING;
    copy.from = (ProtobufCBinaryData){KEY_SIZE, link->key};
    copy.room = status->room;
    copy.to = status->to;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_STATUS;
    frame.status = &copy;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    if (status->to.len == 0) {
        hub_broadcast(link->hub, bytes, link);
        return;
    }
    HubLink *to = g_hash_table_lookup(link->hub->by_key, status->to.data);
    if (to)
        hub_send(to, bytes);
}

void hub_status(HubLink *link, const Wire__Status *status)
{
    Hub *hub = link->hub;
    if (bucket_take(&link->typings, STATUS_RATE, STATUS_BURST, hub->now_us) > 0)
        return;
    RosterMember *member = roster_find(hub->roster, link->key);
    if (!member)
        return;
    switch (status->what) {
    case WIRE__STATUS__WHAT__BACK:
        roster_set_presence(hub->roster, member, ROSTER_ONLINE, hub_room_time_ms(hub));
        break;
    case WIRE__STATUS__WHAT__AWAY_NOW:
        roster_set_presence(hub->roster, member, ROSTER_AWAY, hub_room_time_ms(hub));
        break;
    case WIRE__STATUS__WHAT__TYPING:
        if (status->to.len > 0 || !hub_is_muted(hub, link->key))
            forward_typing(link, status);
        break;
    default:
        break;
    }
}

/* `retry_ms` 0: that member is not here. */
static void return_signal(HubLink *link, const Wire__Signal *signal, uint32_t retry_ms)
{
    Wire__Signal answer = WIRE__SIGNAL__INIT;
    answer.to = signal->to;
    answer.returned = true;
    answer.retry_ms = retry_ms;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SIGNAL;
    frame.signal = &answer;
    hub_send_frame(link, &frame);
}

void hub_signal(HubLink *link, const Wire__Signal *signal)
{
    Hub *hub = link->hub;
    if (signal->returned) {
        hub_part(link, WIRE__PARTING__BAD_FRAME, "Only a relay returns notes.");
        return;
    }
    uint32_t wait_ms = bucket_take(&link->notes, SIGNAL_RATE, SIGNAL_BURST, hub->now_us);
    HubLink *to = g_hash_table_lookup(hub->by_key, signal->to.data);
    if (wait_ms > 0 || !to || to->doomed) {
        return_signal(link, signal, wait_ms);
        return;
    }
    Wire__Signal copy = WIRE__SIGNAL__INIT;
    copy.to = signal->to;
    copy.from = (ProtobufCBinaryData){KEY_SIZE, link->key};
    copy.sealed = signal->sealed;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SIGNAL;
    frame.signal = &copy;
    hub_send_frame(to, &frame);
    if (to->doomed && to != link) /* it was too slow */
        return_signal(link, signal, 0);
}

void hub_ping(HubLink *link, const Wire__Ping *ping)
{
    Hub *hub = link->hub;
    if (ping->position > link->acked && ping->position <= hub->looked) {
        link->acked = ping->position;
        if (log_delivered(hub->log, link->key, link->acked, NULL))
            hub->unsaved = true;
    }
    int64_t silence_us = hub_joined(hub) * PING_AFTER_A_MEMBER_US;
    silence_us = CLAMP(silence_us, PING_AFTER_US, PING_AFTER_MAX_MS * INT64_C(1000));
    link->patience_us = DEAD_AFTER_PINGS * silence_us;
    Wire__Pong pong = WIRE__PONG__INIT;
    pong.ping_after_ms = silence_us > PING_AFTER_US ? (uint32_t)(silence_us / 1000) : 0;
    pong.nonce = ping->nonce;
    pong.room_time_ms = hub_room_time_ms(hub);
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PONG;
    frame.pong = &pong;
    hub_send_frame(link, &frame);
}
