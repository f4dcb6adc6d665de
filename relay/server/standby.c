/* Serving → (dials a rival, which admits this one) → following → (that one is gone) → seeking:
 * those in reserve before this one are tried in their order, each for a moment, as members do too;
 * when nobody is there it serves again. It follows lower keys only, so no two wait for each other.
 */
#include "relay/server/standby.h"

#include "discovery/reach.h"
#include "discovery/txt.h"
#include "relay/cpace.h"
#include "relay/dialer.h"
#include "relay/follower.h"
#include "relay/server/rivals.h"
#include "relay/source_address.h"

#include <sodium.h>
#include <string.h>

#define ROOM_BYTES (128 * 1024)
#define ADMITTED_US (4 * INT64_C(1000000))    /* from TLS to Welcome */
#define REDIAL_US (100 * INT64_C(1000))       /* it does not serve yet */
#define NAMED_US (3 * INT64_C(1000000))       /* for whom the other moved to */
#define TURN_US (1500 * INT64_C(1000))        /* for each that is next */
#define TURN_SILENT_US (2500 * INT64_C(1000)) /* when not all notice at the same time */

typedef enum {
    STANDBY_SERVING,
    STANDBY_FOLLOWING,
    STANDBY_SEEKING,
} StandbyPhase;

/* Somebody who is to serve next. */
typedef struct {
    uint8_t key[KEY_SIZE];
    GPtrArray *addresses;
    int64_t patience_us;
} Target;

struct Standby {
    const Identity *identity;
    Log *log;
    const HubAdmission *admission;
    uint16_t port;
    StandbyOutput output;
    void *user;
    Poller *poller;
    Tls *tls;
    PollerWatch *timer;
    Rivals *rivals;
    StandbyPhase phase;
    Dialer *dialer;
    uint8_t wanted[KEY_SIZE]; /* whom it dials: */
    size_t wanted_size;       /* so many bytes of its key are known */
    Link *link;
    Follower *follower;
    uint8_t other[KEY_SIZE]; /* to whom it is linked */
    GPtrArray *answered;     /* the address where it answered, then the others known */
    bool link_is_gone;
    bool failed;              /* the dial did */
    bool level;               /* as reported */
    int64_t opened_us;        /* TLS was up */
    int64_t followed_us;      /* followed since then */
    GArray *targets;          /* Target; when seeking */
    int64_t turn_us;          /* the first of them has until then */
    int64_t redial_us;        /* 0: it is being dialled */
    int64_t room_ms, room_us; /* room time when it followed last */
    /* What the follower said last, looked at when the round ends. */
    bool over;
    FollowerEnd why;
    bool has_successor;
    uint8_t successor[KEY_SIZE];
    char **successor_addresses;
};

static void target_clear(gpointer data)
{
    g_ptr_array_unref(((Target *)data)->addresses);
}

static void report_key(Standby *standby, const char *event, const uint8_t *key, const char *why)
{
    g_autofree char *hex = txt_hex(key, CANDIDATE_KEY_SIZE);
    g_autofree char *detail =
        g_strdup_printf("relay=%s%s%s", hex, why != NULL ? " why=" : "", why != NULL ? why : "");
    standby->output.report(event, detail, standby->user);
}

/* --- the link --- */

static void hang_up(Standby *standby)
{
    g_clear_pointer(&standby->dialer, dialer_free);
    g_clear_pointer(&standby->follower, follower_free);
    g_clear_pointer(&standby->link, link_free);
    standby->link_is_gone = standby->failed = standby->over = standby->level = false;
}

static bool follower_sends(GBytes *frame, void *user)
{
    Standby *standby = user;
    return standby->link != NULL && link_send(standby->link, frame);
}

static bool follower_has_room(void *user)
{
    Standby *standby = user;
    return standby->link != NULL && link_queued(standby->link) < ROOM_BYTES;
}

static void follower_admitted(void *user)
{
    Standby *standby = user;
    int64_t now_us = g_get_monotonic_time();
    if (standby->phase == STANDBY_SERVING) {
        g_auto(GStrv) addresses = reach_write(standby->answered);
        standby->output.retire(standby->other, addresses, standby->user);
    }
    standby->phase = STANDBY_FOLLOWING;
    standby->followed_us = now_us;
    g_array_set_size(standby->targets, 0);
    rivals_remember(standby->rivals, standby->other, standby->answered);
    report_key(standby, "following", standby->other, NULL);
}

static bool follower_unlocks(const uint8_t *relay_share, uint8_t *share, uint8_t *proof,
                             uint8_t *expected, void *user)
{
    Standby *standby = user;
    CpaceBinding binding;
    uint8_t random[CPACE_RANDOM_SIZE];
    if (standby->link == NULL)
        return false;
    link_export(standby->link, LOCK_EXPORTER, binding.exporter);
    memcpy(binding.place, log_place(standby->log), PLACE_SIZE);
    memcpy(binding.relay, standby->other, KEY_SIZE);
    memcpy(binding.member, identity_key(standby->identity), KEY_SIZE);
    randombytes_buf(random, sizeof random);
    bool answered = cpace_answer(standby->admission->secret, &binding, random, relay_share, share,
                                 proof, expected);
    sodium_memzero(random, sizeof random);
    return answered;
}

static void follower_over(FollowerEnd why, const uint8_t *successor, char *const *addresses,
                          void *user)
{
    Standby *standby = user;
    standby->over = true;
    standby->why = why;
    standby->has_successor = successor != NULL;
    g_clear_pointer(&standby->successor_addresses, g_strfreev);
    if (successor == NULL)
        return;
    memcpy(standby->successor, successor, KEY_SIZE);
    standby->successor_addresses = g_strdupv((char **)addresses);
}

static void link_message(const uint8_t *message, size_t length, void *user)
{
    Standby *standby = user;
    follower_frame(standby->follower, message, length, g_get_monotonic_time());
}

static void link_closed(const char *why, void *user)
{
    ((Standby *)user)->link_is_gone = true;
}

static size_t link_message_max(void *user)
{
    return FRAME_MAX;
}

/* --- dialling --- */

static bool dial_acceptable(const uint8_t *key, void *user)
{
    const Standby *standby = user;
    return memcmp(key, standby->wanted, standby->wanted_size) == 0 &&
           memcmp(key, identity_key(standby->identity), KEY_SIZE) < 0;
}

static void note_answered(Standby *standby, GSocketAddress *address)
{
    const GPtrArray *known = rivals_addresses(standby->rivals, standby->other);
    g_ptr_array_set_size(standby->answered, 0);
    g_ptr_array_add(standby->answered, g_object_ref(address));
    for (guint i = 0; known != NULL && i < known->len; i++)
        g_ptr_array_add(standby->answered, g_object_ref(known->pdata[i]));
}

static void dial_opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    static const LinkEvents link_events = {
        .message = link_message, .closed = link_closed, .message_max = link_message_max};
    Standby *standby = user;
    bool locked = standby->admission->door == HUB_LOCKED;
    const FollowerOutput output = {.send = follower_sends,
                                   .has_room = follower_has_room,
                                   .admitted = follower_admitted,
                                   .unlock = locked ? follower_unlocks : NULL,
                                   .over = follower_over};
    standby->link = link;
    memcpy(standby->other, key, KEY_SIZE);
    note_answered(standby, address);
    g_clear_pointer(&standby->dialer, dialer_free);
    link_set_events(link, &link_events, standby);
    standby->opened_us = g_get_monotonic_time();
    g_auto(GStrv) own = reach_own(standby->port, source_address_admits);
    standby->follower = follower_new(standby->log, key, own, &output, standby, standby->opened_us);
}

static void dial_failed(const char *why, void *user)
{
    ((Standby *)user)->failed = true;
}

static void dial(Standby *standby, const uint8_t *key, size_t size, const GPtrArray *addresses)
{
    static const DialerEvents events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    memcpy(standby->wanted, key, size);
    standby->wanted_size = size;
    standby->dialer = dialer_new(NULL, standby->poller, standby->tls, TLS_ALPN_LINK, addresses,
                                 NULL, 0, &events, standby);
}

/* --- who is next --- */

static void add_target(Standby *standby, const uint8_t *key, char *const *addresses,
                       int64_t patience_us)
{
    if (memcmp(key, identity_key(standby->identity), KEY_SIZE) >= 0)
        return;
    for (guint i = 0; i < standby->targets->len; i++) {
        if (memcmp(g_array_index(standby->targets, Target, i).key, key, KEY_SIZE) == 0)
            return;
    }
    guint count = addresses != NULL ? g_strv_length((char **)addresses) : 0;
    Target target = {.addresses = reach_read(addresses, count, source_address_admits),
                     .patience_us = patience_us};
    const GPtrArray *known = rivals_addresses(standby->rivals, key);
    memcpy(target.key, key, KEY_SIZE);
    for (guint i = 0; known != NULL && i < known->len; i++)
        g_ptr_array_add(target.addresses, g_object_ref(known->pdata[i]));
    g_array_append_val(standby->targets, target);
}

/* Whom the other named, then those that the last list had before this one. */
static void list_targets(Standby *standby)
{
    const uint8_t *self = identity_key(standby->identity);
    bool silent = standby->over && standby->why == FOLLOWER_SILENT;
    bool named = standby->over && standby->has_successor;
    g_array_set_size(standby->targets, 0);
    if (named && memcmp(standby->successor, self, KEY_SIZE) == 0)
        return;
    if (named)
        add_target(standby, standby->successor, standby->successor_addresses, NAMED_US);
    const GPtrArray *list = follower_successors(standby->follower);
    for (guint i = 0; i < list->len; i++) {
        const FollowerSuccessor *successor = list->pdata[i];
        if (!successor->relay_program || memcmp(successor->key, self, KEY_SIZE) == 0)
            break;
        if (memcmp(successor->key, standby->other, KEY_SIZE) != 0)
            add_target(standby, successor->key, successor->addresses,
                       silent ? TURN_SILENT_US : TURN_US);
    }
}

static void serve(Standby *standby, int64_t now_us)
{
    int64_t room_ms =
        standby->room_ms > 0 ? standby->room_ms + (now_us - standby->room_us) / 1000 : 0;
    standby->phase = STANDBY_SERVING;
    report_key(standby, "serving-again", standby->other, NULL);
    standby->output.serve(room_ms, standby->user);
}

/* The first of the targets begins its turn; without one this node serves. */
static void begin_turn(Standby *standby, int64_t now_us)
{
    if (standby->targets->len == 0) {
        serve(standby, now_us);
        return;
    }
    standby->turn_us = now_us + g_array_index(standby->targets, Target, 0).patience_us;
    standby->redial_us = now_us;
}

/* --- what ended --- */

static const char *end_word(const Standby *standby)
{
    static const char *const words[] = {"moved", "left", "silent", "refused"};
    return standby->over ? words[standby->why] : "closed";
}

static void following_ended(Standby *standby, int64_t now_us)
{
    report_key(standby, "followed-is-gone", standby->other, end_word(standby));
    rivals_ended(standby->rivals, standby->other, now_us - standby->followed_us, now_us);
    standby->room_ms = follower_room_time_ms(standby->follower, now_us);
    standby->room_us = now_us;
    follower_flush(standby->follower, now_us);
    list_targets(standby);
    standby->phase = STANDBY_SEEKING;
    hang_up(standby);
    begin_turn(standby, now_us);
}

/* It was dialled, and nothing came of it. */
static void dial_ended(Standby *standby, int64_t now_us)
{
    bool reached = standby->link != NULL;
    if (standby->phase == STANDBY_SEEKING)
        standby->redial_us = now_us + REDIAL_US;
    else if (reached)
        rivals_refused(standby->rivals, standby->other, now_us);
    else
        rivals_failed(standby->rivals, standby->wanted, now_us);
    if (standby->phase == STANDBY_SERVING && reached)
        report_key(standby, "relay-refuses", standby->other, NULL);
    hang_up(standby);
}

static void look_at_ends(Standby *standby, int64_t now_us)
{
    bool admitted = standby->follower != NULL && follower_is_admitted(standby->follower);
    bool late = standby->link != NULL && !admitted && now_us >= standby->opened_us + ADMITTED_US;
    if (!standby->over && !standby->link_is_gone && !standby->failed && !late)
        return;
    if (standby->phase == STANDBY_FOLLOWING)
        following_ended(standby, now_us);
    else
        dial_ended(standby, now_us);
}

/* --- time --- */

static void seek(Standby *standby, int64_t now_us)
{
    if (now_us >= standby->turn_us && standby->link == NULL) {
        hang_up(standby);
        g_array_remove_index(standby->targets, 0);
        begin_turn(standby, now_us);
    }
    if (standby->phase != STANDBY_SEEKING || standby->dialer != NULL || standby->link != NULL ||
        now_us < standby->redial_us)
        return;
    const Target *target = &g_array_index(standby->targets, Target, 0);
    dial(standby, target->key, KEY_SIZE, target->addresses);
}

static void look_for_rivals(Standby *standby, int64_t now_us)
{
    const Rival *rival = standby->dialer == NULL && standby->link == NULL
                             ? rivals_due(standby->rivals, now_us)
                             : NULL;
    if (rival != NULL)
        dial(standby, rival->key, CANDIDATE_KEY_SIZE, rival->addresses);
}

static int64_t deadline(const Standby *standby)
{
    int64_t when = INT64_MAX;
    if (standby->follower != NULL)
        when = follower_deadline(standby->follower);
    if (standby->follower != NULL && !follower_is_admitted(standby->follower))
        when = MIN(when, standby->opened_us + ADMITTED_US);
    bool idle = standby->dialer == NULL && standby->link == NULL;
    if (standby->phase == STANDBY_SERVING && idle)
        when = MIN(when, rivals_deadline(standby->rivals));
    if (standby->phase == STANDBY_SEEKING && standby->link == NULL)
        when = MIN(when, idle ? MIN(standby->turn_us, standby->redial_us) : standby->turn_us);
    return when;
}

static void report_level(Standby *standby)
{
    bool level = standby->follower != NULL && follower_is_level(standby->follower);
    if (level && !standby->level) {
        g_autofree char *detail =
            g_strdup_printf("head=%" G_GUINT64_FORMAT, log_head(standby->log));
        standby->output.report("level", detail, standby->user);
    }
    standby->level = level;
}

static void round_end(void *user)
{
    Standby *standby = user;
    int64_t now_us = g_get_monotonic_time();
    if (standby->follower != NULL && !standby->link_is_gone)
        follower_tick(standby->follower, now_us);
    look_at_ends(standby, now_us);
    if (standby->phase == STANDBY_SEEKING)
        seek(standby, now_us);
    if (standby->phase == STANDBY_SERVING)
        look_for_rivals(standby, now_us);
    report_level(standby);
    int64_t when_us = deadline(standby);
    poller_set_deadline(standby->timer, when_us == INT64_MAX ? 0 : when_us);
}

static void timer_fired(uint32_t events, void *user)
{
}

static void rivals_changed(void *user)
{
    poller_wake(((Standby *)user)->poller);
}

Standby *standby_new(const StandbyConfig *config, const StandbyOutput *output, void *user,
                     GError **error)
{
    g_autoptr(Tls) tls = tls_new(config->identity, error);
    if (tls == NULL)
        return NULL;
    Standby *standby = g_new0(Standby, 1);
    standby->identity = config->identity;
    standby->log = config->log;
    standby->admission = config->admission;
    standby->port = config->port;
    standby->output = *output;
    standby->user = user;
    standby->tls = g_steal_pointer(&tls);
    standby->answered = g_ptr_array_new_with_free_func(g_object_unref);
    standby->targets = g_array_new(FALSE, FALSE, sizeof(Target));
    g_array_set_clear_func(standby->targets, target_clear);
    standby->poller = poller_new(NULL);
    standby->timer = poller_watch(standby->poller, -1, 0, timer_fired, standby);
    poller_set_round_end(standby->poller, round_end, standby);
    standby->rivals = rivals_new(log_place(config->log), identity_key(config->identity),
                                 config->mdns, config->directory, rivals_changed, standby);
    poller_wake(standby->poller);
    return standby;
}

void standby_free(Standby *standby)
{
    if (standby == NULL)
        return;
    rivals_free(standby->rivals);
    if (standby->phase == STANDBY_FOLLOWING && standby->follower != NULL) {
        follower_flush(standby->follower, g_get_monotonic_time());
        follower_leave(standby->follower);
        link_flush(standby->link);
    }
    hang_up(standby);
    poller_unwatch(standby->timer);
    poller_free(standby->poller);
    tls_free(standby->tls);
    g_array_unref(standby->targets);
    g_ptr_array_unref(standby->answered);
    g_strfreev(standby->successor_addresses);
    g_free(standby);
}
