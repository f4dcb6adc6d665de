#include "tests/unit/app/party_internal.h"

#include <glib/gstdio.h>

#define TYPED 100

PartyNode *party_node(Party *party, char who)
{
    return &party->nodes[who - 'a'];
}

void party_step(Party *party, PartyStep step)
{
    step.due_us = party->now_us + DELAY_US;
    party->frames += step.frame != NULL;
    g_queue_push_tail(&party->steps, g_memdup2(&step, sizeof step));
}

/* --- life --- */

static int compare_identities(gconstpointer a, gconstpointer b)
{
    return memcmp(identity_key(*(Identity *const *)a), identity_key(*(Identity *const *)b),
                  KEY_SIZE);
}

Party *party_new(void)
{
    Party *party = g_new0(Party, 1);
    g_autoptr(GPtrArray) identities = g_ptr_array_new();
    for (uint8_t i = 1; i <= PARTY_NODES; i++) {
        uint8_t seed[32] = {i};
        g_ptr_array_add(identities, identity_from_seed(seed));
    }
    g_ptr_array_sort(identities, compare_identities);
    party->now_us = G_USEC_PER_SEC;
    party->directory = g_dir_make_tmp("backfence-party-XXXXXX", NULL);
    party->pipes = g_ptr_array_new_with_free_func(g_free);
    g_queue_init(&party->steps);
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        PartyNode *node = &party->nodes[i];
        node->party = party;
        node->who = (char)('a' + (char)i);
        node->identity = identities->pdata[i];
        node->address = g_strdup_printf("10.0.0.%u:7669", i + 1);
        node->list[0] = node->address;
        node->network = 1;
        node->random = i;
        node->lines = g_ptr_array_new_with_free_func(g_free);
    }
    return party;
}

static void step_free(gpointer data)
{
    PartyStep *step = data;
    g_clear_pointer(&step->frame, g_bytes_unref);
    g_free(step);
}

static void stop(PartyNode *node)
{
    if (node->hub)
        party_hub_end(node);
    if (node->pipe)
        party_step(node->party, (PartyStep){.kind = STEP_CLOSE_RELAY, .pipe = node->pipe});
    node->pipe = NULL;
    node->dial++;
    g_clear_pointer(&node->session, session_free);
    g_clear_pointer(&node->relay_log, log_close);
    node->liar = false;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (entries && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        remove_tree(below);
    }
    g_remove(path);
}

void party_free(Party *party)
{
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        PartyNode *node = &party->nodes[i];
        stop(node);
        keyring_free(node->keyring);
        store_close(node->store);
        identity_free(node->identity);
        g_free(node->address);
        g_ptr_array_unref(node->lines);
    }
    g_queue_clear_full(&party->steps, step_free);
    g_ptr_array_unref(party->pipes);
    remove_tree(party->directory);
    g_free(party->directory);
    g_free(party->why);
    g_free(party);
}

static void tell_network(PartyNode *node)
{
    SessionNetwork network = {.up = node->network > 0, .known = node->network > 0};
    network.id[0] = (uint8_t)node->network;
    memcpy(network.place, "place of a network", PLACE_SIZE);
    network.place[0] = (uint8_t)node->network;
    session_network(node->session, &network, node->party->now_us);
}

void party_start(Party *party, char who)
{
    PartyNode *node = party_node(party, who);
    g_autofree char *name = g_strdup_printf("%c", who);
    if (!node->store) {
        node->store = store_open(NULL, NULL);
        node->keyring = keyring_open(NULL, party_wall_ms(node), NULL);
    }
    store_set_setting(node->store, SETTING_NAME, name, NULL);
    node->session = session_new(node->identity, node->keyring, node->store, &party_output, node,
                                party->now_us, NULL);
    session_set_addresses(node->session, node->list, party->now_us);
    tell_network(node);
    party_tell_seen(node);
}

void party_start_relay(Party *party, char who)
{
    PartyNode *node = party_node(party, who);
    uint8_t place[PLACE_SIZE + 2] = "place of a network";
    place[0] = (uint8_t)node->network;
    node->relay_program = true;
    node->relay_log = log_open(NULL, place, NULL);
    party_hub_start(node, node->relay_log, 0);
}

void party_start_liar(Party *party, char who)
{
    party_node(party, who)->liar = true;
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_kill(Party *party, char who)
{
    stop(party_node(party, who));
}

void party_quit(Party *party, char who)
{
    PartyNode *node = party_node(party, who);
    session_flush(node->session, party->now_us);
    session_leave(node->session, party->now_us);
    if (node->hub)
        hub_shut_down(node->hub, NULL, party->now_us);
    stop(node);
}

void party_pull(Party *party, char who, bool pulled)
{
    party_node(party, who)->pulled = pulled;
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_sleep(Party *party, char who, bool asleep)
{
    party_node(party, who)->asleep = asleep;
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_set_unable(Party *party, char who, bool unable)
{
    party_node(party, who)->unable = unable;
}

void party_split(Party *party, const char *all, unsigned half)
{
    for (; *all; all++)
        party_node(party, *all)->half = half;
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_carry_to(Party *party, char who, unsigned network)
{
    PartyNode *node = party_node(party, who);
    node->network = network;
    tell_network(node);
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_set_deaf(Party *party, bool deaf)
{
    party->deaf = deaf;
    party_step(party, (PartyStep){.kind = STEP_SEEN});
}

void party_remember(Party *party, char who, char whom)
{
    party_node(party, who)->remembers[whom - 'a'] = true;
}

void party_type(Party *party, char who, char to)
{
    PartyNode *node = party_node(party, who);
    node->typed = to;
    party_tell_seen(node);
    session_choose(node->session, (uint64_t)(TYPED + to - 'a'), party->now_us);
}

/* --- the network --- */

/* Whom this number or address belongs to. */
static PartyNode *dialled(PartyNode *node, uint64_t candidate)
{
    Party *party = node->party;
    if (candidate == SESSION_SELF)
        return node;
    if (!(candidate & SESSION_NODE))
        return &party->nodes[candidate >= TYPED ? candidate - TYPED : candidate - 1];
    char *const *addresses = session_addresses(node->session, candidate);
    for (unsigned i = 0; addresses && i < PARTY_NODES; i++)
        if (g_strv_contains((const char *const *)addresses, party->nodes[i].address))
            return &party->nodes[i];
    return NULL;
}

bool party_is_cut(const PartyNode *a, const PartyNode *b)
{
    return a->asleep || b->asleep ||
           (a != b && (a->pulled || b->pulled || a->network != b->network || a->half != b->half));
}

static void connect_to(PartyNode *node, PartyNode *to, uint64_t candidate)
{
    Party *party = node->party;
    Pipe *pipe = g_new0(Pipe, 1);
    g_ptr_array_add(party->pipes, pipe);
    pipe->member = node;
    pipe->relay = to;
    pipe->hub_link =
        to->liar ? NULL
                 : hub_link_opened(to->hub, pipe, identity_key(node->identity), party->now_us);
    *(node->pipe ? &node->fresh : &node->pipe) = pipe;
    session_dialled(node->session, candidate, identity_key(to->identity), party->now_us);
    if (node->fresh)
        party_step(party,
                   (PartyStep){.kind = STEP_CLOSE_RELAY, .pipe = g_steal_pointer(&node->fresh)});
}

static void dial(PartyNode *node, const PartyStep *step)
{
    if (!node->session || step->dial != node->dial)
        return;
    PartyNode *to = dialled(node, step->candidate);
    if (to && party_is_cut(node, to))
        return;
    if (!to || (!to->hub && !to->liar))
        session_dial_failed(node->session, step->candidate, "turned away", node->party->now_us);
    else
        connect_to(node, to, step->candidate);
}

static void carry(Party *party, const PartyStep *step)
{
    Pipe *pipe = step->pipe;
    PartyNode *member = pipe ? pipe->member : NULL;
    bool lost = pipe && party_is_cut(member, pipe->relay);
    size_t length = 0;
    const uint8_t *bytes = step->frame ? g_bytes_get_data(step->frame, &length) : NULL;
    bool linked = member && member->session && member->pipe == pipe && !lost;
    switch (step->kind) {
    case STEP_DIAL:
        dial(step->node, step);
        break;
    case STEP_TO_RELAY:
        if (pipe->hub_link && !lost)
            hub_frame(pipe->relay->hub, pipe->hub_link, bytes + FRAME_HEADER_SIZE,
                      length - FRAME_HEADER_SIZE, party->now_us);
        break;
    case STEP_TO_MEMBER:
        if (linked)
            session_frame(member->session, bytes + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE,
                          party->now_us);
        break;
    case STEP_CLOSE_RELAY:
        if (pipe->hub_link && !lost)
            hub_link_closed(pipe->relay->hub, g_steal_pointer(&pipe->hub_link), party->now_us);
        break;
    case STEP_CLOSE_MEMBER:
        if (linked) {
            member->pipe = NULL;
            session_link_closed(member->session, "closed", party->now_us);
        }
        break;
    case STEP_SEEN:
        for (unsigned i = 0; i < PARTY_NODES; i++)
            if (!party->nodes[i].asleep)
                party_tell_seen(&party->nodes[i]);
        break;
    }
}

/* --- time --- */

static void flush(Party *party)
{
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        PartyNode *node = &party->nodes[i];
        if (node->asleep)
            continue;
        if (node->hub)
            hub_flush(node->hub, party->now_us);
        if (node->session)
            session_flush(node->session, party->now_us);
    }
}

static int64_t next_us(Party *party)
{
    const PartyStep *first = g_queue_peek_head(&party->steps);
    int64_t next = first ? first->due_us : INT64_MAX;
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        const PartyNode *node = &party->nodes[i];
        if (node->asleep)
            continue;
        if (node->hub)
            next = MIN(next, hub_deadline(node->hub));
        if (node->session)
            next = MIN(next, session_deadline(node->session));
    }
    return next;
}

static void tick(Party *party)
{
    for (unsigned i = 0; i < PARTY_NODES; i++) {
        PartyNode *node = &party->nodes[i];
        if (node->asleep)
            continue;
        if (node->hub && hub_deadline(node->hub) <= party->now_us)
            hub_tick(node->hub, party->now_us);
        if (node->session && session_deadline(node->session) <= party->now_us)
            session_tick(node->session, party->now_us);
    }
}

void party_pass(Party *party, int64_t ms)
{
    int64_t end_us = party->now_us + ms * 1000;
    unsigned idle = 0;
    for (int64_t next = next_us(party); next <= end_us; next = next_us(party)) {
        idle = next > party->now_us ? 0 : idle + 1;
        g_assert_cmpuint(idle, <, 10000); /* somebody never comes to rest */
        party->now_us = MAX(party->now_us, next);
        PartyStep *step = g_queue_peek_head(&party->steps);
        if (step && step->due_us <= party->now_us) {
            g_queue_pop_head(&party->steps);
            carry(party, step);
            step_free(step);
        }
        tick(party);
        flush(party);
    }
    party->now_us = end_us;
}

/* --- people, questions --- */

static ConversationId with(Party *party, char to)
{
    ConversationId conversation = {.direct = to != NOBODY};
    if (to != NOBODY)
        memcpy(conversation.id, identity_key(party_node(party, to)->identity), KEY_SIZE);
    return conversation;
}

static void say(Party *party, char who, char to, const char *text)
{
    ConversationId conversation = with(party, to);
    g_assert_true(session_say(party_node(party, who)->session, &conversation, text, false, NULL,
                              party->now_us, NULL));
}

void party_say(Party *party, char who, const char *text)
{
    say(party, who, NOBODY, text);
}

void party_whisper(Party *party, char who, char to, const char *text)
{
    say(party, who, to, text);
}

unsigned party_told(Party *party, char who, const char *line)
{
    const PartyNode *node = party_node(party, who);
    unsigned count = 0;
    for (guint i = 0; i < node->lines->len; i++)
        count += g_str_equal(node->lines->pdata[i], line);
    return count;
}

unsigned party_heard(Party *party, char who, const char *text)
{
    g_autofree char *line = g_strconcat("heard ", text, NULL);
    return party_told(party, who, line);
}

unsigned party_sent(Party *party, char who, const char *text)
{
    g_autofree char *line = g_strconcat("sent ", text, NULL);
    return party_told(party, who, line);
}

typedef struct {
    const char *text;
    unsigned count;
} Kept;

static void count_kept(const SessionMessage *message, void *user)
{
    Kept *kept = user;
    kept->count += g_str_equal(message->text, kept->text);
}

unsigned party_kept_with(Party *party, char who, char other, const char *text)
{
    ConversationId conversation = with(party, other);
    Kept kept = {.text = text};
    session_history(party_node(party, who)->session, &conversation, NULL, 1000, count_kept, &kept);
    return kept.count;
}

unsigned party_kept(Party *party, char who, const char *text)
{
    return party_kept_with(party, who, NOBODY, text);
}

unsigned party_served(Party *party, char who)
{
    return party_node(party, who)->served;
}

Session *party_session(Party *party, char who)
{
    return party_node(party, who)->session;
}

bool party_serves(Party *party, char who)
{
    return party_node(party, who)->hub != NULL;
}

char party_relay_of(Party *party, char who)
{
    Session *session = party_session(party, who);
    const uint8_t *key = session ? session_relay_key(session) : NULL;
    for (unsigned i = 0; key && i < PARTY_NODES; i++)
        if (memcmp(identity_key(party->nodes[i].identity), key, KEY_SIZE) == 0)
            return party->nodes[i].who;
    return NOBODY;
}

bool party_follow(Party *party, const char *all, char relay)
{
    for (; *all; all++)
        if (party_relay_of(party, *all) != relay)
            return false;
    return true;
}
