/* Signatures of many events at once: each gets its own answer, whoever works it out. */
#include "relay/event.h"
#include "relay/verifier.h"

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 40

typedef struct {
    Event *events[EVENTS];
    uint8_t signatures[EVENTS][SIGNATURE_SIZE];
    VerifierJob jobs[EVENTS];
} Batch;

static Event *sign(const Identity *identity, unsigned number)
{
    static const uint8_t place[PLACE_SIZE] = {1}, room[PLACE_SIZE];
    uint8_t token[TOKEN_SIZE] = {(uint8_t)number};
    EventDraft draft = {.incarnation = number + 1,
                        .lane = LANE_PUBLIC,
                        .seq = 1,
                        .place = place,
                        .time_ms = TIME_FIRST_MS,
                        .token = token,
                        .kind = 1000, /* of the future: its content is not looked into */
                        .room = room};
    return event_sign(identity, &draft);
}

/* Every fifth signature is wrong by a bit. */
static bool is_spoilt(unsigned number)
{
    return number % 5 == 3;
}

static void batch_fill(Batch *batch)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {7};
    Identity *identity = identity_from_seed(seed);
    for (unsigned i = 0; i < EVENTS; i++) {
        batch->events[i] = sign(identity, i);
        ck_assert_ptr_nonnull(batch->events[i]);
        memcpy(batch->signatures[i], g_bytes_get_data(event_signature(batch->events[i]), NULL),
               SIGNATURE_SIZE);
        batch->signatures[i][9] ^= is_spoilt(i) ? 4 : 0;
        GBytes *body = event_body(batch->events[i]);
        batch->jobs[i] = (VerifierJob){.body = g_bytes_get_data(body, NULL),
                                       .length = g_bytes_get_size(body),
                                       .signature = batch->signatures[i],
                                       .author = event_author(batch->events[i])};
    }
    identity_free(identity);
}

static void batch_clear(Batch *batch)
{
    for (unsigned i = 0; i < EVENTS; i++)
        event_unref(batch->events[i]);
}

static void run_and_look(Verifier *verifier, Batch *batch, unsigned count)
{
    for (unsigned i = 0; i < EVENTS; i++)
        batch->jobs[i].valid = is_spoilt(i); /* what is not the answer */
    verifier_run(verifier, batch->jobs, count);
    for (unsigned i = 0; i < EVENTS; i++)
        ck_assert_int_eq(batch->jobs[i].valid, i < count ? !is_spoilt(i) : is_spoilt(i));
}

START_TEST(answers_are_right_whatever_the_number)
{
    Batch batch;
    batch_fill(&batch);
    Verifier *verifier = verifier_new();
    for (unsigned turn = 0; turn < 20; turn++) {
        for (unsigned count = 0; count <= 5; count++)
            run_and_look(verifier, &batch, count);
        run_and_look(verifier, &batch, EVENTS);
    }
    verifier_free(verifier);
    batch_clear(&batch);
}
END_TEST

START_TEST(one_that_never_ran_is_freed)
{
    verifier_free(verifier_new());
    verifier_free(NULL);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create("verifier");
    TCase *tests = tcase_create("verifier");
    tcase_add_test(tests, answers_are_right_whatever_the_number);
    tcase_add_test(tests, one_that_never_ran_is_freed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
