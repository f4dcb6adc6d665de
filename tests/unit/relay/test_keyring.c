#include "relay/content.h"
#include "relay/seal.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define NOW_MS (20000 * DAY_MS)

static Identity *mira, *jonas;      /* owned */
static Keyring *miras, *jonas_ring; /* owned, in memory */
static uint8_t place[PLACE_SIZE] = "the place", token[TOKEN_SIZE] = "a token";
static const uint8_t *keys[2], *sealing_keys[2]; /* ascending by key */
static GBytes *secret;                           /* owned: content of a message */

static void set_up(void)
{
    uint8_t seed[32] = {1};
    mira = identity_from_seed(seed);
    seed[0] = 2;
    jonas = identity_from_seed(seed);
    miras = keyring_open(NULL, NOW_MS, NULL);
    jonas_ring = keyring_open(NULL, NOW_MS, NULL);
    unsigned first = memcmp(identity_key(mira), identity_key(jonas), KEY_SIZE) < 0 ? 0 : 1;
    keys[first] = identity_key(mira);
    keys[1 - first] = identity_key(jonas);
    sealing_keys[first] = keyring_public(miras);
    sealing_keys[1 - first] = keyring_public(jonas_ring);
    secret = content_message("between us", false, NULL);
}

static void tear_down(void)
{
    g_clear_pointer(&mira, identity_free);
    g_clear_pointer(&jonas, identity_free);
    g_clear_pointer(&miras, keyring_free);
    g_clear_pointer(&jonas_ring, keyring_free);
    g_clear_pointer(&secret, g_bytes_unref);
}

static EventDraft draft_of(uint64_t seq)
{
    return (EventDraft){.incarnation = 7,
                        .lane = LANE_PRIVATE,
                        .seq = seq,
                        .prev = seq == 1 ? NULL : identity_key(mira),
                        .place = place,
                        .time_ms = 1000,
                        .token = token,
                        .kind = EVENT_SEALED,
                        .recipients = keys,
                        .recipient_count = 2};
}

static Event *sealed_event(GBytes *content)
{
    EventDraft draft = draft_of(1);
    g_autoptr(GBytes) sealed =
        seal_content(&draft, identity_key(mira), sealing_keys, EVENT_MESSAGE, content);
    ck_assert_ptr_nonnull(sealed);
    draft.content = sealed;
    Event *event = event_sign(mira, &draft);
    ck_assert_ptr_nonnull(event);
    return event;
}

static void assert_opens(const Keyring *keyring, const Event *event, const Identity *identity)
{
    uint32_t kind = 0;
    g_autoptr(GBytes) content = NULL;
    ck_assert_int_eq(seal_open(keyring, event, identity_key(identity), &kind, &content),
                     SEAL_OPENED);
    ck_assert_uint_eq(kind, EVENT_MESSAGE);
    ck_assert(g_bytes_equal(content, secret));
}

START_TEST(both_sides_can_read_it)
{
    g_autoptr(Event) event = sealed_event(secret);
    assert_opens(miras, event, mira);
    assert_opens(jonas_ring, event, jonas);
}
END_TEST

START_TEST(nobody_else_can)
{
    uint8_t seed[32] = {3};
    g_autoptr(Identity) eve = identity_from_seed(seed);
    g_autoptr(Keyring) eves = keyring_open(NULL, NOW_MS, NULL);
    g_autoptr(Event) event = sealed_event(secret);
    uint32_t kind = 0;
    GBytes *content = NULL;
    ck_assert_int_eq(seal_open(eves, event, identity_key(eve), &kind, &content), SEAL_NOT_FOR_ME);
    ck_assert_int_eq(seal_open(eves, event, identity_key(jonas), &kind, &content), SEAL_NOT_FOR_ME);
    ck_assert_ptr_null(content);
}
END_TEST

/* The relay, or another author, cannot put a sealed content elsewhere. */
START_TEST(is_bound_to_its_place_in_the_feed)
{
    g_autoptr(Event) event = sealed_event(secret);
    size_t length = 0;
    const uint8_t *bytes = event_content(event, &length);
    g_autoptr(GBytes) sealed = g_bytes_new(bytes, length);
    EventDraft draft = draft_of(2);
    draft.content = sealed;
    g_autoptr(Event) moved = event_sign(mira, &draft);
    draft = draft_of(1);
    draft.content = sealed;
    g_autoptr(Event) stolen = event_sign(jonas, &draft);
    draft.incarnation = 8;
    g_autoptr(Event) reborn = event_sign(mira, &draft);
    draft = draft_of(1);
    draft.content = sealed;
    draft.place = token;
    g_autoptr(Event) elsewhere = event_sign(mira, &draft);
    const Event *all[] = {moved, stolen, reborn, elsewhere};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        uint32_t kind = 0;
        GBytes *content = NULL;
        ck_assert_int_eq(seal_open(jonas_ring, all[i], identity_key(jonas), &kind, &content),
                         SEAL_BAD);
    }
}
END_TEST

START_TEST(length_is_hidden)
{
    g_autoptr(GBytes) longer = content_message("between us, and nobody else ever", false, NULL);
    g_autoptr(Event) one = sealed_event(secret);
    g_autoptr(Event) other = sealed_event(longer);
    ck_assert_uint_eq(g_bytes_get_size(event_body(one)), g_bytes_get_size(event_body(other)));
}
END_TEST

START_TEST(lengths_around_the_padding_come_back)
{
    for (size_t length = 240; length < 270; length++) {
        g_autofree char *text = g_strnfill(length, 'x');
        g_autoptr(GBytes) content = content_message(text, false, NULL);
        g_autoptr(Event) event = sealed_event(content);
        uint32_t kind = 0;
        g_autoptr(GBytes) opened = NULL;
        ck_assert_int_eq(seal_open(miras, event, identity_key(mira), &kind, &opened), SEAL_OPENED);
        ck_assert(g_bytes_equal(opened, content));
    }
}
END_TEST

START_TEST(a_newer_algorithm_is_told_apart)
{
    static const uint8_t newer[] = {0x08, 0x02, 0x52, 0x01, 0x78};
    g_autoptr(GBytes) content = g_bytes_new_static(newer, sizeof newer);
    EventDraft draft = draft_of(1);
    draft.content = content;
    g_autoptr(Event) event = event_sign(mira, &draft);
    ck_assert_ptr_nonnull(event);
    uint32_t kind = 0;
    GBytes *opened = NULL;
    ck_assert_int_eq(seal_open(jonas_ring, event, identity_key(jonas), &kind, &opened),
                     SEAL_UNKNOWN);
}
END_TEST

START_TEST(keys_rotate_weekly_and_go_30_days_later)
{
    g_autoptr(Event) event = sealed_event(secret);
    gboolean changed = TRUE;
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + 6 * DAY_MS, &changed, NULL));
    ck_assert(!changed);
    uint8_t first[SEALING_KEY_SIZE];
    memcpy(first, keyring_public(jonas_ring), sizeof first);
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + 7 * DAY_MS, &changed, NULL));
    ck_assert(changed);
    ck_assert_mem_ne(first, keyring_public(jonas_ring), sizeof first);
    assert_opens(jonas_ring, event, jonas);
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + 36 * DAY_MS, &changed, NULL));
    assert_opens(jonas_ring, event, jonas);
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + 37 * DAY_MS, &changed, NULL));
    uint32_t kind = 0;
    GBytes *content = NULL;
    ck_assert_int_eq(seal_open(jonas_ring, event, identity_key(jonas), &kind, &content),
                     SEAL_NOT_FOR_ME);
}
END_TEST

START_TEST(who_was_away_for_long_reads_what_was_sealed_meanwhile)
{
    g_autoptr(Event) event = sealed_event(secret);
    gboolean changed = FALSE;
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + 3650 * DAY_MS, &changed, NULL));
    ck_assert(changed);
    assert_opens(jonas_ring, event, jonas);
    ck_assert(keyring_rotate(jonas_ring, NOW_MS + DAY_MS, &changed, NULL));
    assert_opens(jonas_ring, event, jonas);
}
END_TEST

START_TEST(a_clock_once_ahead_does_not_stop_rotation)
{
    g_autoptr(Keyring) keyring = keyring_open(NULL, NOW_MS + 9000 * DAY_MS, NULL);
    gboolean changed = FALSE;
    ck_assert(keyring_rotate(keyring, NOW_MS, &changed, NULL));
    ck_assert(!changed);
    ck_assert(keyring_rotate(keyring, NOW_MS + 7 * DAY_MS, &changed, NULL));
    ck_assert(changed);
}
END_TEST

START_TEST(is_kept_in_a_file)
{
    g_autofree char *directory = g_dir_make_tmp("backfence-keyring-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "keys", NULL);
    g_autoptr(Keyring) made = keyring_open(path, NOW_MS, NULL);
    g_autoptr(Keyring) read = keyring_open(path, NOW_MS + DAY_MS, NULL);
    ck_assert_mem_eq(keyring_public(made), keyring_public(read), SEALING_KEY_SIZE);
    ck_assert_int_eq(g_chmod(path, 0644), 0);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(keyring_open(path, NOW_MS, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PERM));
    g_clear_error(&error);
    g_file_set_contents_full(path, "bf-seal1 nonsense", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                             NULL);
    g_chmod(path, 0600);
    ck_assert_ptr_null(keyring_open(path, NOW_MS, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL));
    g_unlink(path);
    ck_assert_int_eq(g_rmdir(directory), 0);
}
END_TEST

START_TEST(an_old_key_stays_when_the_new_one_cannot_be_written)
{
    g_autofree char *directory = g_dir_make_tmp("backfence-keyring-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "keys", NULL);
    g_autoptr(Keyring) keyring = keyring_open(path, NOW_MS, NULL);
    uint8_t first[SEALING_KEY_SIZE];
    memcpy(first, keyring_public(keyring), sizeof first);
    g_unlink(path);
    g_rmdir(directory);
    gboolean changed = FALSE;
    g_autoptr(GError) error = NULL;
    ck_assert(!keyring_rotate(keyring, NOW_MS + 8 * DAY_MS, &changed, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_mem_eq(first, keyring_public(keyring), sizeof first);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keyring");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, both_sides_can_read_it);
    tcase_add_test(all, nobody_else_can);
    tcase_add_test(all, is_bound_to_its_place_in_the_feed);
    tcase_add_test(all, length_is_hidden);
    tcase_add_test(all, lengths_around_the_padding_come_back);
    tcase_add_test(all, a_newer_algorithm_is_told_apart);
    tcase_add_test(all, keys_rotate_weekly_and_go_30_days_later);
    tcase_add_test(all, who_was_away_for_long_reads_what_was_sealed_meanwhile);
    tcase_add_test(all, a_clock_once_ahead_does_not_stop_rotation);
    tcase_add_test(all, is_kept_in_a_file);
    tcase_add_test(all, an_old_key_stays_when_the_new_one_cannot_be_written);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
