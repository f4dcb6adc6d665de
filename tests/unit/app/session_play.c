#include "tests/unit/app/session_play.h"

#include <stdlib.h>
#include <string.h>

static SessionStage *stage;
static int64_t clock_us; /* for calls that the stage has no word for: never behind its own clock */

void play_set_up(void)
{
    stage = session_stage_new();
    clock_us = 0;
}

void play_tear_down(void)
{
    g_clear_pointer(&stage, session_stage_free);
}

Session *play_session(void)
{
    return session_stage_session(stage);
}

Store *play_store(void)
{
    return session_stage_store(stage);
}

const uint8_t *play_key(char who)
{
    return session_stage_key(stage, who);
}

static uint64_t after_of(const Step *step)
{
    return (uint64_t)(step->n < 0 ? -step->n / 10000 : step->n / 100);
}

static uint64_t through_of(const Step *step)
{
    return (uint64_t)(step->n < 0 ? -step->n % 10000 : step->n % 100);
}

void play_skip(void)
{
    while (*session_stage_next(stage) != '\0')
        continue;
}

static void remember_token(const SessionMessage *message, void *user)
{
    memcpy(user, message->token, TOKEN_SIZE);
}

static void retry(Session *session)
{
    uint8_t token[TOKEN_SIZE];
    ck_assert_uint_gt(session_outbox(session, remember_token, token), 0);
    session_retry(session, token, clock_us);
}

static bool act_on_network(const Step *step)
{
    switch (step->act) {
    case FIND:
        session_stage_find(stage, (uint64_t)step->n, step->text);
        return true;
    case GONE:
        session_stage_gone(stage, (uint64_t)step->n);
        return true;
    case SETTLE:
        session_stage_settle(stage);
        return true;
    case PASS:
        session_stage_pass(stage, step->n);
        return true;
    case UP:
        session_stage_up(stage, step->who ? step->who : 'r');
        return true;
    case FAIL:
        session_stage_fail(stage);
        return true;
    case CUT:
        session_stage_cut(stage);
        return true;
    default:
        return false;
    }
}

static bool act_as_relay(const Step *step)
{
    switch (step->act) {
    case WELCOME:
        session_stage_welcome(stage, step->text ? step->text : "");
        return true;
    case ROSTER:
    case ROSTER_MORE:
        session_stage_roster(stage, step->text, step->act == ROSTER_MORE);
        return true;
    case EVENT:
        session_stage_event(stage, step->who, step->to, step->text);
        return true;
    case NAME:
        session_stage_profile(stage, step->who, step->text);
        return true;
    case AT:
        session_stage_at(stage, (uint64_t)step->n);
        return true;
    case AGE:
        session_stage_age(stage, step->n);
        return true;
    case DAMAGE:
        session_stage_damage(stage);
        return true;
    case PAGE:
    case ANSWER:
        session_stage_page(stage, step->act == ANSWER, after_of(step), through_of(step));
        return true;
    case DELIVER:
        session_stage_deliver(stage, after_of(step), through_of(step));
        return true;
    default:
        return false;
    }
}

static bool act_as_relay_on_events(const Step *step)
{
    switch (step->act) {
    case TAKEN:
        session_stage_receipt(stage, WIRE__REFUSAL__NONE, 0);
        return true;
    case REFUSE:
        session_stage_receipt(stage, (Wire__Refusal)after_of(step), through_of(step));
        return true;
    case ECHO:
        session_stage_echo(stage);
        return true;
    case TYPES:
        session_stage_typing(stage, step->who);
        return true;
    case PART:
        session_stage_part(stage, (Wire__Parting)step->n);
        return true;
    case PONG:
        session_stage_pong(stage);
        return true;
    case JUNK:
        session_stage_junk(stage);
        return true;
    default:
        return false;
    }
}

static bool act_as_relay_that_compares(const Step *step)
{
    switch (step->act) {
    case HEADS:
        session_stage_heads(stage, step->who, (unsigned)step->n / 10000, (uint64_t)step->n % 10000);
        return true;
    case WANT:
        session_stage_want(stage, step->who, after_of(step), through_of(step));
        return true;
    case GIVE:
        session_stage_given(stage);
        return true;
    case SETTLED:
        session_stage_settled(stage, (uint64_t)step->n);
        return true;
    default:
        return false;
    }
}

static bool act_on_files(const Step *step)
{
    switch (step->act) {
    case OFFER:
        session_stage_offer(stage, step->to, step->text);
        return true;
    case OFFERED:
        session_stage_offered(stage, step->who, step->to, step->text, step->n != 0);
        return true;
    case NOTE:
        session_stage_note(stage, step->to);
        return true;
    case NOTED:
        session_stage_noted(stage, step->who, step->text ? step->text : "");
        return true;
    case RETURNED:
        session_stage_returned(stage, step->to, (uint32_t)step->n);
        return true;
    default:
        return false;
    }
}

static void act_as_person(const Step *step)
{
    static const ConversationId general;
    Session *session = session_stage_session(stage);
    switch (step->act) {
    case CHOOSE:
        session_choose(session, (uint64_t)step->n, clock_us);
        break;
    case SAY:
        session_stage_say(stage, step->to, step->text);
        break;
    case RETRY:
        retry(session);
        break;
    case RENAME:
        session_set_name(session, step->text, clock_us, NULL);
        break;
    case AWAY:
        session_set_away(session, step->n != 0, clock_us);
        break;
    case TYPE:
        session_typing(session, &general, clock_us);
        break;
    case OLDER:
        session_load_older(session, &general, clock_us);
        break;
    case LEAVE:
        session_leave(session, clock_us);
        break;
    default:
        ck_abort_msg("no such act");
    }
}

void play(const Step *steps, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const Step *step = &steps[i];
        if (step->act == READS || step->act == QUIET) {
            const char *line = session_stage_next(stage);
            ck_assert_msg(strcmp(line, step->text ? step->text : "") == 0,
                          "%s, step %zu: \"%s\" is \"%s\"", name, i, step->text ? step->text : "",
                          line);
        } else if (!act_on_network(step) && !act_as_relay(step) && !act_as_relay_on_events(step) &&
                   !act_as_relay_that_compares(step) && !act_on_files(step)) {
            act_as_person(step);
        }
    }
}

int play_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *conversations = tcase_create("conversations");
    tcase_add_checked_fixture(conversations, play_set_up, play_tear_down);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(conversations, tests[i]);
    suite_add_tcase(suite, conversations);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
