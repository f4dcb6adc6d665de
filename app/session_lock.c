/* Places that ask for a passphrase, from the member's side (relay/cpace.h).
 *
 * A place is known as locked from the first right proof on, for good: nobody who says less gets the
 * member back, but the relay program that itself proved to know the passphrase. A secret is never
 * given up because somebody says that it is wrong, only replaced by one that is right; so whoever
 * poses as the relay can make a person be asked once more, and no more than that. */
#include "app/session_internal.h"
#include "relay/cpace.h"
#include "relay/text.h"

#include <sodium.h>

#define MINUTE_US (60 * INT64_C(1000000))
#define RETRY_MAX_US (10 * MINUTE_US)
#define IMPOSTOR_US MINUTE_US /* before one that knew no passphrase is dialled again */

struct SessionSecrets {
    StoredSecret right;         /* of the open place */
    uint8_t given[SECRET_SIZE]; /* by the person, not known to be right */
    uint8_t expected[PROOF_SIZE];
};

/* --- what is known --- */

void session_lock_set_up(Session *session)
{
    if (sodium_init() < 0)
        g_error("libsodium does not work here");
    session->lock.secrets = sodium_malloc(sizeof *session->lock.secrets);
    if (!session->lock.secrets)
        g_error("no memory that is kept secret");
    memset(session->lock.secrets, 0, sizeof *session->lock.secrets);
    session->lock.name = g_strdup("");
}

void session_lock_tear_down(Session *session)
{
    sodium_free(session->lock.secrets);
    g_free(session->lock.name);
}

/* While the disk does not say whether a place is locked, it is, and with what nobody knows. */
static bool read_right(Session *session, const uint8_t *place, StoredSecret *right)
{
    bool known = false;
    if (store_secret(session->store, place, &known, right, NULL))
        return known;
    session->output.random(right->secret, SECRET_SIZE, session->user);
    memset(right->relay, 0, KEY_SIZE);
    return true;
}

void session_lock_load(Session *session)
{
    SessionLock *lock = &session->lock;
    sodium_memzero(&lock->secrets->right, sizeof lock->secrets->right);
    lock->has_right =
        session->log && read_right(session, log_place(session->log), &lock->secrets->right);
}

static bool is_given(const Session *session, const uint8_t *place)
{
    return session->lock.has_given && memcmp(session->lock.given_place, place, PLACE_SIZE) == 0;
}

static void forget_given(Session *session)
{
    session->lock.has_given = false;
    sodium_memzero(session->lock.secrets->given, SECRET_SIZE);
}

/* What was right before; false: the place is not known as locked. */
static bool find_right(Session *session, const uint8_t *place, StoredSecret *right)
{
    bool open = session->log && memcmp(log_place(session->log), place, PLACE_SIZE) == 0;
    if (!open)
        return read_right(session, place, right);
    if (session->lock.has_right)
        *right = session->lock.secrets->right;
    return session->lock.has_right;
}

static bool find_secret(Session *session, const uint8_t *place, uint8_t *secret)
{
    if (is_given(session, place)) {
        memcpy(secret, session->lock.secrets->given, SECRET_SIZE);
        return true;
    }
    StoredSecret right;
    bool known = find_right(session, place, &right);
    if (known)
        memcpy(secret, right.secret, SECRET_SIZE);
    sodium_memzero(&right, sizeof right);
    return known;
}

const uint8_t *session_secret(const Session *session)
{
    return session->lock.has_right ? session->lock.secrets->right.secret : NULL;
}

/* --- waiting for a person --- */

bool session_lock_waits(const Session *session)
{
    return session->lock.waits;
}

bool session_lock_leaves_out(const Session *session, const SessionCandidate *candidate)
{
    const SessionLock *lock = &session->lock;
    bool there = candidate->has_place && memcmp(candidate->place, lock->place, PLACE_SIZE) == 0;
    return lock->waits && !there && !session_wanted(session, candidate);
}

bool session_lock_yields(const Session *session, const SessionCandidate *candidate)
{
    return !session->lock.has_right && candidate->locked && !candidate->remembered &&
           session_of_place(session, candidate);
}

bool session_lock_stays(const Session *session, const SessionCandidate *candidate)
{
    const SessionLock *lock = &session->lock;
    bool knew_it = lock->has_right && candidate->has_key &&
                   memcmp(candidate->key_prefix, lock->secrets->right.relay,
                          sizeof candidate->key_prefix) == 0;
    return lock->has_right && !candidate->locked && !candidate->remembered && !knew_it &&
           session_of_place(session, candidate);
}

void session_lock_give_up(Session *session)
{
    session->lock.waits = false;
    forget_given(session);
}

const uint8_t *session_locked_place(const Session *session)
{
    return session->lock.waits ? session->lock.place : NULL;
}

const char *session_locked_name(const Session *session)
{
    return session->lock.waits ? session->lock.name : "";
}

/* `why` is a sentence, "" at first. */
static void want_passphrase(Session *session, const uint8_t *place, const char *why)
{
    SessionLock *lock = &session->lock;
    bool told = lock->waits && !*why && memcmp(lock->place, place, PLACE_SIZE) == 0;
    memcpy(lock->place, place, PLACE_SIZE);
    lock->waits = true;
    uint64_t candidate = session->current.id;
    session_forget_plan(session);
    session_drop(session, NULL, 0);
    session_put_off(session, candidate);
    if (!told)
        session_emit(session, (SessionEvent){.type = SESSION_EVENT_PASSPHRASE, .text = why});
}

void session_set_secret(Session *session, const uint8_t *place, const uint8_t *secret,
                        int64_t now_us)
{
    SessionLock *lock = &session->lock;
    session_begin(session, now_us);
    memcpy(lock->secrets->given, secret, SECRET_SIZE);
    memcpy(lock->given_place, place, PLACE_SIZE);
    lock->has_given = true;
    lock->waits = false;
    memset(lock->refuser, 0, KEY_SIZE);
    session_forgive(session);
    session_end(session);
}

/* --- Lock, Unlock, Welcome --- */

/* Each Unlock lets the other side try one guess, whoever that is: how long until the next one. */
static int64_t patience_us(const Session *session)
{
    int64_t oldest_us = session->lock.tries_us[session->lock.next_try];
    return oldest_us == 0 ? 0 : MAX(oldest_us + MINUTE_US - session->now_us, 0);
}

static void wait_for(Session *session, int64_t wait_us)
{
    int64_t seconds = (wait_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
    g_autofree char *text = g_strdup_printf(
        "There were too many tries with a wrong passphrase; the next one is in %d %s.",
        (int)seconds, seconds == 1 ? "second" : "seconds");
    session->quiet_us = session->now_us + wait_us; /* it is there */
    session_notice(session, "locked-wait", text);
    session_drop(session, text, wait_us);
}

static void send_unlock(Session *session, uint8_t *share, uint8_t *proof)
{
    Wire__Unlock unlock = WIRE__UNLOCK__INIT;
    unlock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    unlock.proof = (ProtobufCBinaryData){PROOF_SIZE, proof};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_UNLOCK;
    frame.unlock = &unlock;
    session_send(session, &frame);
}

static void answer(Session *session, const Wire__Lock *lock, const uint8_t *secret)
{
    uint8_t random[CPACE_RANDOM_SIZE], share[SHARE_SIZE], proof[PROOF_SIZE];
    CpaceBinding binding;
    session->output.exporter(binding.exporter, session->user);
    memcpy(binding.place, lock->place.data, PLACE_SIZE);
    memcpy(binding.relay, session->relay_key, KEY_SIZE);
    memcpy(binding.member, identity_key(session->identity), KEY_SIZE);
    session->output.random(random, sizeof random, session->user);
    bool good = cpace_answer(secret, &binding, random, lock->share.data, share, proof,
                             session->lock.secrets->expected);
    sodium_memzero(random, sizeof random);
    if (!good) {
        session_distrust(session, session->relay_key, DISTRUST_LONG);
        session_drop(session, "The relay sent something that makes no sense.", IMPOSTOR_US);
        return;
    }
    SessionLock *state = &session->lock;
    state->unlocking = true;
    state->with_given = is_given(session, lock->place.data);
    memcpy(state->unlocked, lock->place.data, PLACE_SIZE);
    state->tries_us[state->next_try] = MAX(session->now_us, 1);
    state->next_try = (state->next_try + 1) % UNLOCKS_A_MINUTE;
    send_unlock(session, share, proof);
}

void session_locked(Session *session, const Wire__Lock *lock)
{
    const SessionCandidate *from = &session->current;
    if (session->lock.unlocking || !session->output.exporter) {
        session_drop(session, "The relay sent something that makes no sense.", -1);
        return;
    }
    if (from->has_place && memcmp(from->place, lock->place.data, PLACE_SIZE) != 0) {
        session_drop(session, "Another place is served there.", -1);
        return;
    }
    char *name = text_make_name(lock->place_name, strlen(lock->place_name));
    g_free(session->lock.name);
    session->lock.name = name ? name : g_strdup("");
    uint8_t secret[SECRET_SIZE];
    bool refused = session->lock.waits && !is_given(session, lock->place.data) &&
                   memcmp(session->lock.refuser, session->relay_key, KEY_SIZE) == 0;
    if (refused || !find_secret(session, lock->place.data, secret)) {
        uint8_t place[PLACE_SIZE];
        memcpy(place, lock->place.data, PLACE_SIZE);
        want_passphrase(session, place, "");
        return;
    }
    int64_t wait_us = patience_us(session);
    if (wait_us > 0)
        wait_for(session, wait_us);
    else
        answer(session, lock, secret);
    sodium_memzero(secret, sizeof secret);
}

static bool refuse(Session *session)
{
    uint8_t key[KEY_SIZE];
    memcpy(key, session->relay_key, KEY_SIZE);
    bool told = memcmp(session->lock.impostor, key, KEY_SIZE) == 0;
    memcpy(session->lock.impostor, key, KEY_SIZE);
    session_distrust(session, key, DISTRUST_LONG);
    session_drop(session, "Who answered does not know this place's passphrase.", IMPOSTOR_US);
    if (!told)
        session_notice(session, "impostor",
                       "Somebody who does not know this place's passphrase says to be its relay. "
                       "That one was not joined.");
    return false;
}

/* What was given is right. When the disk does not take it, it is asked for again some day. */
static void keep(Session *session, const Wire__Welcome *welcome)
{
    SessionLock *lock = &session->lock;
    StoredSecret right = {0};
    bool known = find_right(session, lock->unlocked, &right);
    bool same_relay = memcmp(right.relay, session->relay_key, KEY_SIZE) == 0;
    if (lock->with_given)
        memcpy(right.secret, lock->secrets->given, SECRET_SIZE);
    if (welcome->relay_program)
        memcpy(right.relay, session->relay_key, KEY_SIZE);
    bool news = !known || lock->with_given || (welcome->relay_program && !same_relay);
    g_autoptr(GError) error = NULL;
    if (news && !store_set_secret(session->store, lock->unlocked, &right, &error))
        session_notice(session, "disk", error->message);
    else if (lock->with_given)
        forget_given(session);
    sodium_memzero(&right, sizeof right);
    session_lock_load(session); /* a place that is opened now loads its own */
}

/* The relay that knew the passphrase asks for none any more. */
static void open_up(Session *session, const uint8_t *place)
{
    store_forget_secret(session->store, place, NULL);
    session_lock_load(session);
    session_notice(session, "unlocked", "This place asks for no passphrase any more.");
}

bool session_lock_admits(Session *session, const Wire__Welcome *welcome)
{
    SessionLock *lock = &session->lock;
    const uint8_t *place = welcome->place.data;
    if (session->current.id == SESSION_SELF)
        return true;
    if (lock->unlocking) {
        bool right = memcmp(lock->unlocked, place, PLACE_SIZE) == 0 &&
                     welcome->proof.len == PROOF_SIZE &&
                     cpace_confirm(lock->secrets->expected, welcome->proof.data);
        if (!right)
            return refuse(session);
        lock->next_try = (lock->next_try + UNLOCKS_A_MINUTE - 1) % UNLOCKS_A_MINUTE;
        lock->tries_us[lock->next_try] = 0; /* that was no guess */
        keep(session, welcome);
        lock->waits = false;
        return true;
    }
    StoredSecret right;
    bool locked = find_right(session, place, &right);
    bool may_open = locked && memcmp(right.relay, session->relay_key, KEY_SIZE) == 0;
    sodium_memzero(&right, sizeof right);
    if (is_given(session, place) || (locked && !may_open))
        return refuse(session);
    if (locked)
        open_up(session, place);
    lock->waits = false;
    return true;
}

void session_lock_parted(Session *session, const Wire__Goodbye *goodbye)
{
    SessionLock *lock = &session->lock;
    if (goodbye->retry_ms > 0) {
        wait_for(session, CLAMP(goodbye->retry_ms * INT64_C(1000), G_USEC_PER_SEC, RETRY_MAX_US));
        return;
    }
    if (!lock->unlocking) {
        session_drop(session, "The relay does not let us in.", -1);
        return;
    }
    bool given = lock->with_given;
    if (!given && is_given(session, lock->unlocked)) { /* meanwhile */
        session_drop(session, NULL, 0);
        return;
    }
    if (given)
        forget_given(session);
    else
        memcpy(lock->refuser, session->relay_key, KEY_SIZE);
    want_passphrase(session, lock->unlocked,
                    given ? "That is not the passphrase of this place."
                          : "The passphrase of this place was changed.");
}

void session_lock_unlinked(Session *session)
{
    session->lock.unlocking = false;
    sodium_memzero(session->lock.secrets->expected, PROOF_SIZE);
}
