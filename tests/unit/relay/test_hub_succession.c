/* Who serves next: the list that members are told, the goodbye that names one, and what an app that
 * serves does otherwise. Tables, in which only these things are read; members are put in the order
 * of their keys first, so that p has the lowest and w the highest. */
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <stdlib.h>

typedef enum {
    COMES,    /* a member that can serve at the addresses `text` */
    RESERVE,  /* a relay program that can */
    VISITS,   /* a member that has addresses and cannot serve */
    GOES,     /* the link is gone */
    FLUSH,    /* the end of a round */
    PASS,     /* `n` ms */
    SERVES,   /* the hub is begun anew by this member's app */
    ENDS,     /* shut down */
    MOVES,    /* … in favour of `who` at `text` */
    TOLD,     /* the next list or goodbye is `text` */
    NOT_TOLD, /* there is none */
} Act;

typedef struct {
    Act act;
    char who;
    const char *text;
    int n;
} Step;

static Stage *stage;
static char by_key[STAGE_MEMBERS];

static int compare_keys(const void *a, const void *b)
{
    return memcmp(stage_key(stage, *(const char *)a), stage_key(stage, *(const char *)b), KEY_SIZE);
}

static void setup(void)
{
    stage = stage_new();
    for (int i = 0; i < STAGE_MEMBERS; i++)
        by_key[i] = (char)('a' + i);
    qsort(by_key, STAGE_MEMBERS, 1, compare_keys);
}

static void teardown(void)
{
    g_clear_pointer(&stage, stage_free);
}

static char actor_of(char who)
{
    return by_key[who - 'p'];
}

static void come(const Step *step)
{
    g_auto(GStrv) addresses = g_strsplit(step->text, " ", -1);
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.app = step->act == COMES;
    hello.relay_program = step->act == RESERVE;
    hello.addresses = addresses;
    hello.n_addresses = g_strv_length(addresses);
    stage_hello_as(stage, actor_of(step->who), &hello);
}

static void end(const Step *step)
{
    const char *addresses[] = {step->text, NULL};
    HubSuccessor next = {NULL, addresses};
    if (step->act == MOVES)
        next.key = stage_key(stage, actor_of(step->who));
    hub_shut_down(stage_hub(stage), step->act == MOVES ? &next : NULL, 0);
}

static const char *next_of_interest(char who)
{
    const char *line = stage_next(stage, actor_of(who));
    while (*line != '\0' && !g_str_has_prefix(line, "successors") &&
           !g_str_has_prefix(line, "goodbye"))
        line = stage_next(stage, actor_of(who));
    return line;
}

/* Names of actors become those of their rank. */
static char *by_rank(const char *line)
{
    GString *text = g_string_new(line);
    const char *words = strchr(line, ' ');
    for (gsize at = words ? (gsize)(words - line) : text->len; at < text->len; at++) {
        if (text->str[at] != ' ' || !g_ascii_isalpha(text->str[at + 1]))
            continue;
        char name = text->str[at + 1];
        for (int i = 0; i < STAGE_MEMBERS; i++)
            if (by_key[i] == g_ascii_tolower(name))
                text->str[at + 1] = (char)((g_ascii_isupper(name) ? 'P' : 'p') + i);
    }
    return g_string_free(text, FALSE);
}

static void take(const Step *step)
{
    switch (step->act) {
    case COMES:
    case RESERVE:
    case VISITS:
        come(step);
        break;
    case GOES:
        stage_cut(stage, actor_of(step->who));
        break;
    case FLUSH:
        stage_flush(stage);
        break;
    case PASS:
        stage_pass(stage, step->n);
        break;
    case SERVES:
        stage_serve(stage, actor_of(step->who), 0);
        break;
    case ENDS:
    case MOVES:
        end(step);
        break;
    case TOLD:
    case NOT_TOLD:
        break;
    }
}

static void play(const Step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Step *step = &steps[i];
        take(step);
        if (step->act != TOLD && step->act != NOT_TOLD)
            continue;
        g_autofree char *line = by_rank(next_of_interest(step->who));
        const char *wanted = step->text ? step->text : "";
        ck_assert_msg(g_str_equal(line, wanted), "step %zu: %c reads “%s”, not “%s”", i, step->who,
                      line, wanted);
    }
}
#define PLAY(...)                                                                                  \
    do {                                                                                           \
        static const Step steps[] = {__VA_ARGS__};                                                 \
        play(steps, G_N_ELEMENTS(steps));                                                          \
    } while (0)

#define HOME "10.0.0.1:7669"
#define THERE "10.0.0.2:7669"

START_TEST(the_lowest_key_is_next_and_a_relay_program_before_it)
{
    PLAY({COMES, 'r', HOME}, {COMES, 'q', THERE}, {FLUSH},
         {TOLD, 'q', "successors q@" THERE " r@" HOME},
         {TOLD, 'r', "successors q@" THERE " r@" HOME}, {COMES, 'p', HOME}, {FLUSH},
         {TOLD, 'q', "successors p@" HOME " q@" THERE " r@" HOME}, {RESERVE, 'w', HOME}, {FLUSH},
         {TOLD, 'q', "successors W@" HOME " p@" HOME " q@" THERE " r@" HOME}, {GOES, 'p'}, {FLUSH},
         {TOLD, 'q', "successors W@" HOME " q@" THERE " r@" HOME},
         {TOLD, 'w', "successors W@" HOME " p@" HOME " q@" THERE " r@" HOME},
         {TOLD, 'w', "successors W@" HOME " q@" THERE " r@" HOME}, {NOT_TOLD, 'w'});
}
END_TEST

START_TEST(an_unchanged_list_is_told_once)
{
    PLAY({COMES, 'p', HOME}, {FLUSH}, {TOLD, 'p', "successors p@" HOME}, {VISITS, 'q', THERE},
         {FLUSH}, {TOLD, 'q', "successors p@" HOME}, {GOES, 'p'}, {COMES, 'p', HOME}, {FLUSH},
         {TOLD, 'p', "successors p@" HOME}, {NOT_TOLD, 'q'}, {GOES, 'p'}, {COMES, 'p', THERE},
         {FLUSH}, {TOLD, 'q', "successors p@" THERE}, {GOES, 'p'}, {FLUSH},
         {TOLD, 'q', "successors"}, {COMES, 'p', HOME}, {FLUSH}, {TOLD, 'q', "successors p@" HOME},
         {COMES, 'p', HOME}, {FLUSH}, {NOT_TOLD, 'q'});
}
END_TEST

START_TEST(nobody_to_serve_is_not_worth_a_word)
{
    PLAY({VISITS, 'p', HOME}, {FLUSH}, {COMES, 'q', ""}, {FLUSH}, {NOT_TOLD, 'p'}, {NOT_TOLD, 'q'},
         {ENDS}, {TOLD, 'p', "goodbye 10"});
}
END_TEST

START_TEST(what_is_no_machines_address_is_left_out)
{
    PLAY({COMES, 'p',
          "example.org:80 10.0.0.1 10.0.0.1:0 10.0.0.1:65536 10.0.0.1:+5 224.0.0.1:80 "
          "255.255.255.255:80 0.0.0.0:80"},
         {COMES, 'q',
          "fe80::1:80 [fe80::1%eth0]:80 [ff02::1]:80 [::]:80 [::ffff:10.0.0.1]:80 "
          "[10.0.0.1]:80 []:80 :80"},
         {COMES, 'r', "10.0.0.1:80\n 10.0.0.256:80 0x7f.1:80 127.1:80 [::1 ::1]:80 1:2:3 "},
         {FLUSH}, {NOT_TOLD, 'p'}, {NOT_TOLD, 'q'}, {NOT_TOLD, 'r'},
         {COMES, 's', "localhost:80 127.0.0.1:80 [::1]:80 [fe80::1]:1 [2001:db8::1]:65535"},
         {FLUSH},
         {TOLD, 'p', "successors s@127.0.0.1:80,[::1]:80,[fe80::1]:1,[2001:db8::1]:65535"});
}
END_TEST

START_TEST(a_goodbye_names_who_is_next)
{
    PLAY({COMES, 'q', THERE}, {COMES, 'p', HOME}, {VISITS, 'r', HOME}, {FLUSH},
         {TOLD, 'r', "successors p@" HOME " q@" THERE}, {GOES, 'p'}, {ENDS},
         {TOLD, 'r', "successors q@" THERE}, {TOLD, 'r', "goodbye 10 q@" THERE}, {NOT_TOLD, 'r'});
}
END_TEST

START_TEST(moving_names_who_takes_over)
{
    PLAY({COMES, 'q', THERE}, {FLUSH}, {TOLD, 'q', "successors q@" THERE}, {MOVES, 'p', HOME},
         {TOLD, 'q', "goodbye 8 p@" HOME}, {NOT_TOLD, 'q'}, {ENDS}, {NOT_TOLD, 'q'});
    ck_assert_ptr_null(
        hub_link_opened(stage_hub(stage), stage, stage_key(stage, 'a'), G_USEC_PER_SEC));
}
END_TEST

START_TEST(an_apps_own_session_is_a_member_but_no_successor)
{
    PLAY({SERVES, 'p'}, {COMES, 'p', HOME}, {FLUSH}, {NOT_TOLD, 'p'}, {COMES, 'q', THERE}, {FLUSH},
         {TOLD, 'p', "successors q@" THERE}, {ENDS}, {TOLD, 'p', "goodbye 10 q@" THERE});
}
END_TEST

START_TEST(a_relay_program_has_no_link_to_itself)
{
    ck_assert_ptr_null(
        hub_link_opened(stage_hub(stage), stage, stage_key(stage, 'R'), G_USEC_PER_SEC));
}
END_TEST

START_TEST(a_relay_program_in_reserve_is_nobody_who_is_here)
{
    const Step steps[] = {{COMES, 'p', HOME}, {FLUSH}, {RESERVE, 'q', THERE}, {FLUSH},
                          {GOES, 'q'},        {FLUSH}};
    char name[] = {' ', actor_of('q'), '=', '\0'};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        take(&steps[i]);
        const char *line = stage_next(stage, actor_of('p'));
        for (; *line; line = stage_next(stage, actor_of('p')))
            ck_assert_msg(!strstr(line, name), "%s", line);
    }
    Wire__Frame status = WIRE__FRAME__INIT;
    Wire__Status away = WIRE__STATUS__INIT;
    away.what = WIRE__STATUS__WHAT__AWAY_NOW;
    status.body_case = WIRE__FRAME__BODY_STATUS;
    status.status = &away;
    take(&(Step){RESERVE, 'q', THERE});
    stage_frame(stage, actor_of('q'), &status);
}
END_TEST

/* Ends links whose key is not one of the stage's. */
typedef struct {
    uint8_t key[KEY_SIZE];
    unsigned lists;
} Extra;

static bool extra_send(void *link, GBytes *bytes, void *user)
{
    const uint8_t *data = g_bytes_get_data(bytes, NULL);
    /* Field 18, length-delimited: two bytes of tag. */
    ((Extra *)link)->lists += data[4] == 0x92 && data[5] == 0x01;
    return true;
}

static size_t extra_queued(void *link, void *user)
{
    return 0;
}

static void extra_close(void *link, void *user)
{
}

static int64_t extra_wall_ms(void *user)
{
    return INT64_C(1700000000000);
}

static HubLink *extra_hello(Hub *hub, Extra *extra, int64_t now_us)
{
    HubLink *link = hub_link_opened(hub, extra, extra->key, now_us);
    Wire__Hello hello = WIRE__HELLO__INIT;
    char *addresses[] = {(char *)HOME};
    hello.version = PROTOCOL_VERSION;
    hello.app = true;
    hello.addresses = addresses;
    hello.n_addresses = 1;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HELLO;
    frame.hello = &hello;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    hub_frame(hub, link, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, now_us);
    hub_flush(hub, now_us);
    return link;
}

/* Who comes after the first eight changes nothing, and in a large place those before them are
 * collected. */
START_TEST(a_crowd_is_told_rarely)
{
    enum {
        CROWD = 300
    };
    static const HubOutput output = {
        .send = extra_send, .queued = extra_queued, .close = extra_close, .wall_ms = extra_wall_ms};
    static const uint8_t place[PLACE_SIZE] = {1}, self[KEY_SIZE] = {1};
    HubConfig config = {.place_name = "Crowd", .self = self, .relay_program = true};
    g_autoptr(Log) log = log_open(NULL, place, NULL);
    int64_t now_us = G_USEC_PER_SEC;
    g_autoptr(Hub) hub = hub_new(&config, log, &output, NULL, now_us);
    g_autofree Extra *crowd = g_new0(Extra, CROWD);
    for (int i = 0; i < CROWD; i++) { /* each before the last */
        crowd[i].key[0] = (uint8_t)(2 + (CROWD - i) / 256);
        crowd[i].key[1] = (uint8_t)((CROWD - i) % 256);
        extra_hello(hub, &crowd[i], now_us);
        now_us += 1000;
    }
    unsigned first = crowd[0].lists;
    ck_assert_uint_ge(first, 64);
    ck_assert_uint_le(first, 64 + 2 + (CROWD - 64) / 100 + 1);
    hub_tick(hub, now_us + 200000);
    first = crowd[0].lists;
    Extra late = {.key = {200}};
    extra_hello(hub, &late, now_us + 200000);
    hub_tick(hub, now_us + 400000);
    ck_assert_uint_eq(crowd[0].lists, first);
    ck_assert_uint_eq(late.lists, 1);
}
END_TEST

START_TEST(an_app_goes_on_with_the_rooms_time)
{
    int64_t wall_ms = hub_room_time_ms(stage_hub(stage));
    stage_serve(stage, 'a', wall_ms - 1000000);
    ck_assert_int_eq(hub_room_time_ms(stage_hub(stage)), wall_ms - 1000000);
    stage_pass(stage, 5000);
    ck_assert_int_eq(hub_room_time_ms(stage_hub(stage)), wall_ms - 995000);
    stage_serve(stage, 'a', wall_ms + 1000000);
    ck_assert_int_eq(hub_room_time_ms(stage_hub(stage)), wall_ms + 1000000);
    stage_hello(stage, 'b', 0);
    stage_say(stage, 'b', '\0', "one", 0);
    stage_flush(stage);
    stage_serve(stage, 'a', wall_ms - 1000000);
    ck_assert_int_eq(hub_room_time_ms(stage_hub(stage)), wall_ms + 1000000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub succession");
    TCase *test = tcase_create("succession");
    tcase_add_checked_fixture(test, setup, teardown);
    tcase_add_test(test, the_lowest_key_is_next_and_a_relay_program_before_it);
    tcase_add_test(test, an_unchanged_list_is_told_once);
    tcase_add_test(test, nobody_to_serve_is_not_worth_a_word);
    tcase_add_test(test, what_is_no_machines_address_is_left_out);
    tcase_add_test(test, a_goodbye_names_who_is_next);
    tcase_add_test(test, moving_names_who_takes_over);
    tcase_add_test(test, an_apps_own_session_is_a_member_but_no_successor);
    tcase_add_test(test, a_relay_program_has_no_link_to_itself);
    tcase_add_test(test, a_relay_program_in_reserve_is_nobody_who_is_here);
    tcase_add_test(test, a_crowd_is_told_rarely);
    tcase_add_test(test, an_app_goes_on_with_the_rooms_time);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
