/* The door of a place that asks for a passphrase: Hello, Lock, Unlock, and then hub_admit().
 *
 * A wrong answer costs its key and its address one of five tries a minute, and strangers in all one
 * of a few more, since keys cost nothing and a machine may have many addresses; right ones cost
 * nothing. Who has no try left gets no Lock, so that what is limited is guesses, not work. */
#include "relay/cpace.h"
#include "relay/hub_internal.h"
#include "relay/key.h"

#include <sodium.h>
#include <string.h>

#define MINUTE_US (60 * INT64_C(1000000))
/* Wrong answers of keys that were never here: who belongs here is not kept out by them. */
#define STRANGERS_RATE 1.0 /* a second */
#define STRANGERS_BURST 60
#define GUESSERS_MAX (2 * MEMBERS_MAX)

/* When the last wrong answers came, the oldest at `next`; 0: there was none. */
typedef struct {
    int64_t at_us[UNLOCKS_A_MINUTE];
    unsigned next;
    int64_t last_us;
    uint8_t key[KEY_SIZE]; /* what the table of keys points to */
} Guesser;

/* --- how many tries there were --- */

static gboolean over(gpointer key, gpointer value, gpointer user)
{
    return ((const Guesser *)value)->last_us + MINUTE_US <= *(const int64_t *)user;
}

static void forget_old(HubGuesses *guesses, int64_t now_us)
{
    if (now_us < guesses->sweep_us)
        return;
    guesses->sweep_us = now_us + MINUTE_US;
    g_hash_table_foreach_remove(guesses->by_key, over, &now_us);
    g_hash_table_foreach_remove(guesses->by_address, over, &now_us);
}

/* How long until one more try is allowed; 0: it is. */
static int64_t wait_us(GHashTable *table, const void *key, int64_t now_us)
{
    const Guesser *guesser = g_hash_table_lookup(table, key);
    if (!guesser)
        return g_hash_table_size(table) < GUESSERS_MAX ? 0 : MINUTE_US;
    int64_t oldest_us = guesser->at_us[guesser->next];
    return oldest_us == 0 ? 0 : MAX(oldest_us + MINUTE_US - now_us, 0);
}

static void count_try(Guesser *guesser, int64_t now_us)
{
    guesser->at_us[guesser->next] = guesser->last_us = MAX(now_us, 1);
    guesser->next = (guesser->next + 1) % UNLOCKS_A_MINUTE;
}

static const char *address_of(const HubLink *link)
{
    const HubOutput *output = &link->hub->output;
    return output->address ? output->address(link->link, link->hub->user) : NULL;
}

static bool is_stranger(const HubLink *link)
{
    return !roster_find(link->hub->roster, link->key);
}

static void count_wrong(HubLink *link)
{
    Hub *hub = link->hub;
    HubGuesses *guesses = &hub->guesses;
    const char *address = address_of(link);
    Guesser *guesser = g_hash_table_lookup(guesses->by_key, link->key);
    if (!guesser) {
        guesser = g_new0(Guesser, 1);
        memcpy(guesser->key, link->key, KEY_SIZE);
        g_hash_table_insert(guesses->by_key, guesser->key, guesser);
    }
    count_try(guesser, hub->now_us);
    if (is_stranger(link))
        bucket_take(&guesses->strangers, STRANGERS_RATE, STRANGERS_BURST, hub->now_us);
    if (!address)
        return;
    guesser = g_hash_table_lookup(guesses->by_address, address);
    if (!guesser) {
        guesser = g_new0(Guesser, 1);
        g_hash_table_insert(guesses->by_address, g_strdup(address), guesser);
    }
    count_try(guesser, hub->now_us);
}

/* Milliseconds; 0: it may try. */
static uint32_t patience(HubLink *link)
{
    Hub *hub = link->hub;
    HubGuesses *guesses = &hub->guesses;
    forget_old(guesses, hub->now_us);
    const char *address = address_of(link);
    int64_t longest_us = wait_us(guesses->by_key, link->key, hub->now_us);
    if (address)
        longest_us = MAX(longest_us, wait_us(guesses->by_address, address, hub->now_us));
    uint32_t wait_ms = (uint32_t)((longest_us + 999) / 1000);
    if (!is_stranger(link))
        return wait_ms;
    Bucket strangers = guesses->strangers; /* only to look */
    uint32_t all_ms = bucket_take(&strangers, STRANGERS_RATE, STRANGERS_BURST, hub->now_us);
    return MAX(wait_ms, all_ms);
}

/* --- Lock and Unlock --- */

/* `retry_ms` 0: what was tried is wrong; else nothing was tried. */
static void refuse(HubLink *link, const char *word, const char *text, uint32_t retry_ms)
{
    const char *address = address_of(link);
    g_autofree char *detail =
        g_strdup_printf("why=%s%s%s", word, address ? " address=" : "", address ? address : "");
    hub_report(link->hub, "locked-out", link, detail);
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__LOCKED;
    goodbye.text = (char *)text;
    goodbye.retry_ms = retry_ms;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    hub_send_frame(link, &frame);
    hub_doom(link);
}

static void refuse_for_now(HubLink *link, uint32_t retry_ms)
{
    uint32_t seconds = (retry_ms + 999) / 1000;
    g_autofree char *text =
        g_strdup_printf("There were too many tries with a wrong passphrase; try again in %u %s.",
                        seconds, seconds == 1 ? "second" : "seconds");
    refuse(link, "too-many-tries", text, retry_ms);
}

static void send_lock(HubLink *link, uint8_t *share)
{
    Hub *hub = link->hub;
    Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    lock.place_name = hub->place_name;
    lock.place = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_place(hub->log)};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_LOCK;
    frame.lock = &lock;
    hub_send_frame(link, &frame);
}

bool hub_lock_asks(HubLink *link)
{
    Hub *hub = link->hub;
    if (hub->admission.door != HUB_LOCKED)
        return false;
    uint32_t retry_ms = patience(link);
    if (retry_ms > 0) {
        refuse_for_now(link, retry_ms);
        return true;
    }
    CpaceBinding binding;
    uint8_t random[CPACE_RANDOM_SIZE], share[SHARE_SIZE];
    hub->output.exporter(link->link, binding.exporter, hub->user);
    memcpy(binding.place, log_place(hub->log), PLACE_SIZE);
    memcpy(binding.relay, hub->self, KEY_SIZE);
    memcpy(binding.member, link->key, KEY_SIZE);
    hub->output.random(random, sizeof random, hub->user);
    link->cpace = cpace_begin(hub->admission.secret, &binding, random, share);
    sodium_memzero(random, sizeof random);
    if (link->cpace)
        send_lock(link, share);
    else
        hub_part(link, WIRE__PARTING__LOCKED, "This relay has no random numbers.");
    return true;
}

void hub_lock_answer(HubLink *link, const Wire__Unlock *unlock)
{
    uint8_t proof[PROOF_SIZE];
    if (!link->cpace) {
        hub_part(link, WIRE__PARTING__BAD_FRAME, "Nothing is locked here.");
        return;
    }
    uint32_t retry_ms = patience(link); /* others may have tried since Lock */
    if (retry_ms > 0) {
        refuse_for_now(link, retry_ms);
    } else if (cpace_finish(link->cpace, unlock->share.data, unlock->proof.data, proof)) {
        hub_admit(link, proof);
    } else {
        count_wrong(link);
        refuse(link, "wrong-passphrase", "That is not the passphrase of this place.", 0);
    }
}

void hub_lock_end(HubLink *link)
{
    g_clear_pointer(&link->cpace, cpace_free);
}

void hub_lock_changed(Hub *hub)
{
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (link->cpace && !link->doomed)
            refuse(link, "changed", "The passphrase of this place was just changed.", 1);
    }
}

void hub_lock_set_up(Hub *hub)
{
    hub->guesses.by_key = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    hub->guesses.by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void hub_lock_tear_down(Hub *hub)
{
    g_hash_table_unref(hub->guesses.by_key);
    g_hash_table_unref(hub->guesses.by_address);
    sodium_memzero(&hub->admission, sizeof hub->admission);
}
