#include "relay/identity.h"
#include "tests/bench/crowd_internal.h"

#define PING_LOOK_US (20 * INT64_C(1000))

/* Each member when its own time has come, as the relay has told it last. */
static void ping_some(uint32_t events, void *user)
{
    Crowd *crowd = user;
    Wire__Ping ping = WIRE__PING__INIT;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &ping;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    int64_t now_us = g_get_monotonic_time();
    for (unsigned i = 0; i < crowd->started; i++) {
        CrowdMember *member = &crowd->members[i];
        if (!member->joined || now_us < member->ping_us)
            continue;
        member->ping_us = now_us + member->ping_after_us;
        link_send(member->link, bytes);
        if (member->refetch)
            crowd_member_fetch(member);
    }
    poller_set_deadline(crowd->pinging, now_us + PING_LOOK_US);
}

/* Sends what is due; a writer whose window is full sends later what it missed. */
static void write_due(uint32_t events, void *user)
{
    Crowd *crowd = user;
    int64_t now_us = g_get_monotonic_time();
    int64_t pause_us = (int64_t)(G_USEC_PER_SEC / crowd->config.rate);
    int64_t next_us = now_us + pause_us;
    for (unsigned i = 0; crowd->on && i < crowd->config.writers; i++) {
        CrowdMember *member = &crowd->members[i];
        if (!member->joined || member->parting)
            continue;
        if (member->next_us <= now_us && member->seq - member->own < crowd->config.window) {
            crowd_member_write(member);
            member->next_us = MAX(member->next_us + pause_us, now_us - 10 * pause_us);
        }
        if (member->seq - member->own < crowd->config.window)
            next_us = MIN(next_us, member->next_us);
    }
    poller_set_deadline(crowd->writing, crowd->on ? MAX(next_us, now_us + 200) : 0);
}

Crowd *crowd_new(const CrowdConfig *config)
{
    Crowd *crowd = g_new0(Crowd, 1);
    crowd->config = *config;
    crowd->poller = poller_new(NULL);
    crowd->arena = arena_new(FRAME_ARENA_SIZE);
    crowd->text = g_strnfill(MAX(config->text, 1u), 'x');
    crowd->members = g_new0(CrowdMember, config->members);
    crowd->writing = poller_watch(crowd->poller, -1, 0, write_due, crowd);
    crowd->pinging = poller_watch(crowd->poller, -1, 0, ping_some, crowd);
    poller_set_deadline(crowd->pinging, g_get_monotonic_time());
    for (unsigned i = 0; i < config->members; i++) {
        crowd->members[i].crowd = crowd;
        crowd->members[i].number = config->first + i;
        crowd->members[i].thorough = i < config->writers || i % MAX(config->check_one_in, 1u) == 0;
    }
    return crowd;
}

void crowd_free(Crowd *crowd)
{
    if (crowd == NULL)
        return;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        link_free(crowd->members[i].link);
        poller_unwatch(crowd->members[i].back);
        tls_free(crowd->members[i].tls);
        identity_free(crowd->members[i].identity);
    }
    poller_unwatch(crowd->writing);
    poller_unwatch(crowd->pinging);
    poller_free(crowd->poller);
    for (unsigned i = 0; i < HEARD; i++) {
        g_clear_pointer(&crowd->heard[i].bytes, g_byte_array_unref);
        g_clear_pointer(&crowd->heard[i].said, g_array_unref);
    }
    arena_free(crowd->arena);
    g_free(crowd->text);
    g_free(crowd->members);
    g_free(crowd);
}

CrowdCounts *crowd_counts(Crowd *crowd)
{
    return &crowd->counts;
}

double crowd_join(Crowd *crowd)
{
    int64_t start_us = g_get_monotonic_time();
    crowd_connect_more(crowd);
    while (crowd->counts.joined < crowd->config.members && crowd->counts.lost == 0)
        g_main_context_iteration(NULL, TRUE);
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

void crowd_write(Crowd *crowd, bool on)
{
    crowd->on = on;
    int64_t now_us = g_get_monotonic_time();
    int64_t pause_us = (int64_t)(G_USEC_PER_SEC / crowd->config.rate);
    for (unsigned i = 0; i < crowd->config.writers; i++)
        crowd->members[i].next_us = now_us + pause_us * i / crowd->config.writers;
    poller_set_deadline(crowd->writing, on ? now_us : 0);
}

static gboolean time_is_over(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

void crowd_run(Crowd *crowd, double seconds)
{
    bool over = false;
    g_timeout_add((unsigned)(seconds * 1000), time_is_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

uint64_t crowd_through(const Crowd *crowd)
{
    uint64_t through = 0;
    for (unsigned i = 0; i < crowd->config.members; i++)
        through = MAX(through, crowd->members[i].through);
    return through;
}

unsigned crowd_behind(const Crowd *crowd, uint64_t head)
{
    unsigned behind = 0;
    for (unsigned i = 0; i < crowd->config.members; i++)
        behind += crowd->members[i].through < head;
    return behind;
}

bool crowd_is_level(const Crowd *crowd)
{
    return crowd->counts.away == 0 && crowd_behind(crowd, crowd_through(crowd)) == 0;
}

/* Of those who are here. */
static bool all_told(const Crowd *crowd)
{
    uint64_t through = crowd_through(crowd);
    for (unsigned i = 0; i < crowd->config.members; i++) {
        const CrowdMember *member = &crowd->members[i];
        if (member->joined && (member->own < member->seq || member->through != through))
            return false;
    }
    return true;
}

void crowd_settle(Crowd *crowd)
{
    for (int tenths = 0; tenths < 200 && !all_told(crowd); tenths++)
        crowd_run(crowd, 0.1);
}

unsigned crowd_differing(const Crowd *crowd)
{
    const CrowdMember *first = NULL;
    unsigned differing = 0;
    for (unsigned i = 0; i < crowd->config.members; i++) {
        const CrowdMember *member = &crowd->members[i];
        bool whole = member->thorough && !member->gone;
        if (whole && first == NULL)
            first = member;
        differing += member->holes > 0 || (whole && member->checksum != first->checksum);
    }
    return differing;
}
