/* lint: file-length one language of acts for all that they add up to */
/* What acts add up to. Members are numbers: 0 is the keeper, 1 to 4 become admins or keepers. */
#include "relay/moderation.h"
#include "tests/unit/relay/moderation_stage.h"

#include <check.h>
#include <string.h>

static Moderation *moderation;
static GPtrArray *events;

static void set_up(void)
{
    acts_begin();
    moderation = moderation_new();
    moderation_set_keeper(moderation, acts_key(0));
    events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
}

static void tear_down(void)
{
    g_clear_pointer(&events, g_ptr_array_unref);
    g_clear_pointer(&moderation, moderation_free);
    acts_end();
}

static Event *add(Event *event)
{
    g_ptr_array_add(events, event);
    moderation_add(moderation, event);
    return event;
}

static Event *grant(unsigned by, unsigned whom, Role role, int64_t at)
{
    return add(acts_sign(by, at, ACT_GRANT, whom, role, 0, NULL));
}

static Event *does(unsigned by, ModerationAct act, unsigned whom, int64_t at)
{
    return add(acts_sign(by, at, act, whom, ROLE_MEMBER, 0, act == ACT_RENAME ? "Home" : "so"));
}

static bool counts(const Event *event)
{
    return moderation_counts(moderation, event);
}

static Role role_of(unsigned who)
{
    return moderation_role(moderation, acts_key(who));
}

static bool banned(unsigned who)
{
    return moderation_banned(moderation, acts_key(who), 0, NULL);
}

static bool muted(unsigned who)
{
    return moderation_muted(moderation, acts_key(who), 0, NULL);
}

START_TEST(nobody_is_an_admin_without_a_keeper)
{
    const char *why = NULL;
    moderation_set_keeper(moderation, NULL);
    ck_assert(!counts(grant(0, 1, ROLE_ADMIN, 10)));
    ck_assert_int_eq(role_of(1), ROLE_MEMBER);
    ck_assert_int_eq(role_of(0), ROLE_MEMBER);
    ck_assert_ptr_null(moderation_keeper(moderation));
    ck_assert(!moderation_may(moderation, acts_key(0), ACT_MOTD, NULL, &why));
    ck_assert_str_eq(why, "Nobody is an admin here yet.");
    moderation_set_keeper(moderation, acts_key(0));
    ck_assert_int_eq(role_of(1), ROLE_ADMIN);
    ck_assert_int_eq(role_of(0), ROLE_KEEPER);
    moderation_set_keeper(moderation, acts_key(7));
    ck_assert_int_eq(role_of(1), ROLE_MEMBER);
    ck_assert(!moderation_has_grants(moderation));
}
END_TEST

START_TEST(roles_come_from_the_keeper)
{
    ck_assert(!moderation_has_grants(moderation));
    ck_assert(!counts(grant(1, 2, ROLE_ADMIN, 10)));
    ck_assert(!moderation_has_grants(moderation));
    ck_assert(counts(grant(0, 1, ROLE_ADMIN, 20)));
    ck_assert(moderation_has_grants(moderation));
    ck_assert_int_eq(role_of(2), ROLE_MEMBER); /* what came before does not count later */
    ck_assert(counts(grant(1, 2, ROLE_ADMIN, 30)));
    ck_assert(counts(grant(2, 3, ROLE_KEEPER, 40)));
    ck_assert(counts(grant(2, 1, ROLE_MEMBER, 50)));
    ck_assert(!counts(does(1, ACT_MOTD, 0, 60)));
    ck_assert_int_eq(role_of(1), ROLE_MEMBER);
    ck_assert_int_eq(role_of(2), ROLE_ADMIN);
    ck_assert_int_eq(role_of(3), ROLE_KEEPER);
}
END_TEST

/* Each of the acts that harm, by an admin and by a keeper, against an admin, a keeper, the first
 * keeper and oneself. */
static const struct {
    unsigned by;
    ModerationAct act;
    unsigned whom;
    const char *why;
} attempts[] = {
    {1, ACT_KICK, 9, NULL},
    {1, ACT_BAN, 9, NULL},
    {1, ACT_UNBAN, 9, NULL},
    {1, ACT_MUTE, 9, NULL},
    {1, ACT_UNMUTE, 9, NULL},
    {1, ACT_GRANT, 9, NULL},
    {1, ACT_RENAME, 0, NULL},
    {1, ACT_MOTD, 0, NULL},
    {1, ACT_ANNOUNCE, 0, NULL},
    {9, ACT_KICK, 8, "Only admins may do this."},
    {9, ACT_BAN, 8, "Only admins may do this."},
    {9, ACT_UNBAN, 8, "Only admins may do this."},
    {9, ACT_MUTE, 8, "Only admins may do this."},
    {9, ACT_UNMUTE, 8, "Only admins may do this."},
    {9, ACT_GRANT, 8, "Only admins may do this."},
    {9, ACT_RENAME, 0, "Only admins may do this."},
    {9, ACT_MOTD, 0, "Only admins may do this."},
    {9, ACT_ANNOUNCE, 0, "Only admins may do this."},
    {1, ACT_KICK, 2, NULL},
    {1, ACT_GRANT, 2, NULL},
    {1, ACT_KICK, 3, "Only a keeper may do this to a keeper."},
    {1, ACT_BAN, 3, "Only a keeper may do this to a keeper."},
    {1, ACT_MUTE, 3, "Only a keeper may do this to a keeper."},
    {1, ACT_GRANT, 3, "Only a keeper may do this to a keeper."},
    {1, ACT_UNBAN, 3, NULL},
    {3, ACT_KICK, 4, NULL},
    {3, ACT_BAN, 4, NULL},
    {3, ACT_MUTE, 4, NULL},
    {3, ACT_GRANT, 4, NULL},
    {3, ACT_GRANT, 3, NULL},
    {3, ACT_KICK, 0, "All roles of this place come from there: nobody can do this."},
    {3, ACT_BAN, 0, "All roles of this place come from there: nobody can do this."},
    {3, ACT_MUTE, 0, "All roles of this place come from there: nobody can do this."},
    {3, ACT_GRANT, 0, "All roles of this place come from there: nobody can do this."},
    {0, ACT_GRANT, 0, "All roles of this place come from there: nobody can do this."},
    {1, ACT_KICK, 1, "You cannot do this to yourself."},
    {1, ACT_BAN, 1, "You cannot do this to yourself."},
    {1, ACT_MUTE, 1, "You cannot do this to yourself."},
    {1, ACT_UNMUTE, 1, NULL},
    {1, ACT_GRANT, 1, NULL},
};

START_TEST(acts_have_their_limits)
{
    grant(0, 1, ROLE_ADMIN, 10);
    grant(0, 2, ROLE_ADMIN, 20);
    grant(0, 3, ROLE_KEEPER, 30);
    grant(0, 4, ROLE_KEEPER, 40);
    bool about_somebody = attempts[_i].act <= ACT_UNMUTE;
    const char *why = NULL;
    bool may = moderation_may(moderation, acts_key(attempts[_i].by), attempts[_i].act,
                              about_somebody ? acts_key(attempts[_i].whom) : NULL, &why);
    ck_assert_int_eq(may, attempts[_i].why == NULL);
    ck_assert_str_eq(why ? why : "", attempts[_i].why ? attempts[_i].why : "");
    ck_assert_int_eq(counts(does(attempts[_i].by, attempts[_i].act, attempts[_i].whom, 50)), may);
}
END_TEST

START_TEST(bans_and_mutes_end)
{
    Verdict verdict = {.until_ms = -1};
    grant(0, 1, ROLE_ADMIN, 10);
    does(1, ACT_BAN, 9, 20);
    ck_assert(moderation_banned(moderation, acts_key(9), 1000000, &verdict));
    ck_assert_int_eq(verdict.until_ms, 0);
    ck_assert_str_eq(verdict.why, "so");
    ck_assert_mem_eq(verdict.by, acts_key(1), KEY_SIZE);
    ck_assert(!muted(9));
    does(1, ACT_UNBAN, 9, 30);
    ck_assert(!banned(9));
    add(acts_sign(1, 40, ACT_BAN, 9, ROLE_MEMBER, 100, NULL));
    ck_assert(moderation_banned(moderation, acts_key(9), 99, &verdict));
    ck_assert_int_eq(verdict.until_ms, 100);
    ck_assert_str_eq(verdict.why, "");
    ck_assert(!moderation_banned(moderation, acts_key(9), 100, NULL));
    add(acts_sign(1, 50, ACT_MUTE, 9, ROLE_MEMBER, 200, "loud"));
    ck_assert(moderation_muted(moderation, acts_key(9), 199, &verdict));
    ck_assert_str_eq(verdict.why, "loud");
    ck_assert(!moderation_muted(moderation, acts_key(9), 200, NULL));
    ck_assert(!moderation_muted(moderation, acts_key(8), 60, NULL));
    does(1, ACT_UNMUTE, 9, 60);
    ck_assert(!muted(9));
}
END_TEST

/* Whoever is banned has no say, until it is over; who is muted sets no topic. */
START_TEST(admins_who_are_banned_or_muted)
{
    grant(0, 1, ROLE_ADMIN, 10);
    grant(0, 2, ROLE_ADMIN, 11);
    add(acts_sign(0, 20, ACT_BAN, 1, ROLE_MEMBER, 100, NULL));
    ck_assert(!counts(does(1, ACT_UNBAN, 1, 30)));
    ck_assert(!counts(does(1, ACT_MOTD, 0, 99)));
    ck_assert(counts(does(1, ACT_MOTD, 0, 100)));
    does(0, ACT_BAN, 1, 110);
    const char *why = NULL;
    ck_assert(!moderation_may(moderation, acts_key(1), ACT_MOTD, NULL, &why));
    ck_assert_str_eq(why, "You are banned.");
    does(0, ACT_MUTE, 2, 120);
    ck_assert(!counts(add(acts_topic(2, 130, 5, "Quiet"))));
    ck_assert(counts(does(2, ACT_UNMUTE, 2, 140)));
    ck_assert(counts(add(acts_topic(2, 150, 5, "Loud"))));
}
END_TEST

START_TEST(the_newest_word_counts)
{
    ck_assert_str_eq(moderation_motd(moderation), "");
    ck_assert_ptr_null(moderation_place_name(moderation));
    ck_assert_str_eq(moderation_topic(moderation, acts_room(5)), "");
    add(acts_sign(0, 30, ACT_MOTD, 0, ROLE_MEMBER, 0, "Late"));
    add(acts_sign(0, 20, ACT_MOTD, 0, ROLE_MEMBER, 0, "Early"));
    add(acts_sign(0, 30, ACT_RENAME, 0, ROLE_MEMBER, 0, "Late Place"));
    add(acts_sign(0, 20, ACT_RENAME, 0, ROLE_MEMBER, 0, "Early Place"));
    add(acts_topic(0, 30, 5, "Late topic"));
    add(acts_topic(0, 20, 5, "Early topic"));
    add(acts_topic(0, 40, 6, "Of another room"));
    add(acts_topic(9, 50, 5, "By nobody"));
    ck_assert_str_eq(moderation_motd(moderation), "Late");
    ck_assert_str_eq(moderation_place_name(moderation), "Late Place");
    ck_assert_str_eq(moderation_topic(moderation, acts_room(5)), "Late topic");
    ck_assert_str_eq(moderation_topic(moderation, acts_room(6)), "Of another room");
    add(acts_topic(0, 60, 5, ""));
    add(acts_sign(0, 60, ACT_MOTD, 0, ROLE_MEMBER, 0, ""));
    ck_assert_str_eq(moderation_topic(moderation, acts_room(5)), "");
    ck_assert_str_eq(moderation_motd(moderation), "");
}
END_TEST

/* Speech that came round about is judged by when it was written. */
START_TEST(the_silenced_are_not_shown)
{
    grant(0, 1, ROLE_ADMIN, 10);
    add(acts_sign(1, 100, ACT_MUTE, 9, ROLE_MEMBER, 200, NULL));
    does(1, ACT_BAN, 8, 100);
    does(1, ACT_UNBAN, 8, 200);
    const struct {
        unsigned by;
        int64_t at;
        uint32_t kind;
        bool silenced;
    } said[] = {
        {9, 99, EVENT_MESSAGE, false},
        {9, 101, EVENT_MESSAGE, true},
        {9, 101, 99, true},
        {9, 101, EVENT_PROFILE, false},
        {9, 101, EVENT_MODERATION, false},
        {9, 199, EVENT_MESSAGE, true},
        {9, 200, EVENT_MESSAGE, false},
        {8, 99, EVENT_MESSAGE, false},
        {8, 101, EVENT_MESSAGE, true},
        {8, 101, EVENT_PROFILE, false},
        {8, 101, EVENT_MODERATION, true},
        {8, 199, EVENT_MESSAGE, true},
        {8, 201, EVENT_MESSAGE, false},
        {7, 101, EVENT_MESSAGE, false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(said); i++) {
        g_autoptr(Event) event = acts_speech(said[i].by, said[i].at, said[i].kind);
        ck_assert_msg(moderation_silences(moderation, event) == said[i].silenced, "%u", i);
    }
    g_autoptr(Event) sealed = acts_private(9, 150);
    ck_assert(!moderation_silences(moderation, sealed));
    g_autoptr(Event) of_banned = acts_private(8, 150);
    ck_assert(moderation_silences(moderation, of_banned));
}
END_TEST

START_TEST(who_is_listed)
{
    grant(0, 1, ROLE_ADMIN, 10);
    grant(0, 2, ROLE_ADMIN, 11);
    grant(0, 2, ROLE_MEMBER, 12);
    add(acts_sign(1, 20, ACT_MUTE, 9, ROLE_MEMBER, 100, NULL));
    does(1, ACT_BAN, 8, 20);
    does(1, ACT_BAN, 7, 20);
    does(1, ACT_UNBAN, 7, 21);
    g_autoptr(GPtrArray) now = moderation_listed(moderation, 50);
    g_autoptr(GPtrArray) later = moderation_listed(moderation, 100);
    ck_assert_uint_eq(now->len, 4);
    ck_assert_uint_eq(later->len, 3);
}
END_TEST

START_TEST(known_and_other_events_change_nothing)
{
    g_autoptr(Event) first = acts_sign(0, 10, ACT_GRANT, 1, ROLE_ADMIN, 0, NULL);
    g_autoptr(Event) speech = acts_speech(0, 20, EVENT_MESSAGE);
    g_autoptr(Event) newer = acts_raw(0, 20, EVENT_MODERATION, "\x08\x63", 2);
    ck_assert(moderation_add(moderation, first));
    ck_assert(!moderation_add(moderation, first));
    ck_assert(!moderation_add(moderation, speech));
    ck_assert(!moderation_add(moderation, newer));
    ck_assert(!counts(newer) && !counts(speech) && counts(first));
    g_autoptr(Event) in_vain = acts_sign(9, 30, ACT_MOTD, 0, ROLE_MEMBER, 0, "x");
    ck_assert(!moderation_add(moderation, in_vain));
    moderation_reset(moderation);
    ck_assert(!counts(first));
    ck_assert_int_eq(role_of(1), ROLE_MEMBER);
    ck_assert_int_eq(role_of(0), ROLE_KEEPER);
    ck_assert(moderation_add(moderation, first));
    ck_assert_int_eq(role_of(1), ROLE_ADMIN);
}
END_TEST

/* --- in any order --- */

static Event *random_event(GRand *chance)
{
    unsigned by = (unsigned)g_rand_int_range(chance, 0, 5);
    unsigned whom = (unsigned)g_rand_int_range(chance, 0, 6);
    int64_t at = g_rand_int_range(chance, 1, 40);
    int64_t until = g_rand_boolean(chance) ? 0 : at + g_rand_int_range(chance, 0, 20);
    int act = g_rand_int_range(chance, 0, ACT_ANNOUNCE + 3);
    if (act == 0)
        return acts_topic(by, at, whom, by % 2 ? "One" : "Other");
    if (act > ACT_ANNOUNCE) /* more of what all else depends on */
        act = act == ACT_ANNOUNCE + 1 ? ACT_GRANT : ACT_BAN;
    return acts_sign(by, at, (ModerationAct)act, whom, (Role)g_rand_int_range(chance, 0, 3), until,
                     "Text");
}

static GPtrArray *shuffled(GRand *chance, const GPtrArray *from)
{
    GPtrArray *order = g_ptr_array_new();
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_insert(order, g_rand_int_range(chance, 0, (gint)i + 1), from->pdata[i]);
    return order;
}

static gint by_order(gconstpointer a, gconstpointer b)
{
    return acts_compare(*(Event *const *)a, *(Event *const *)b);
}

START_TEST(any_order_gives_the_same)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed((guint32)_i);
    for (unsigned i = 0; i < 60; i++)
        g_ptr_array_add(events, random_event(chance));
    g_autoptr(GPtrArray) sorted =
        g_ptr_array_copy(events, (GCopyFunc)(void (*)(void))event_ref, NULL);
    g_ptr_array_set_free_func(sorted, (GDestroyNotify)event_unref);
    g_ptr_array_sort(sorted, by_order);
    for (guint i = 0; i < sorted->len; i++)
        moderation_add(moderation, sorted->pdata[i]);
    g_autofree char *expected = acts_tell(moderation, sorted);
    for (unsigned round = 0; round < 5; round++) {
        g_autoptr(GPtrArray) order = shuffled(chance, events);
        g_autoptr(Moderation) other = moderation_new();
        for (guint i = 0; i < order->len; i++) {
            if (i == round * 20)
                moderation_set_keeper(other, acts_key(0));
            moderation_add(other, order->pdata[i]);
            if (g_rand_int_range(chance, 0, 4) == 0) /* asked in between */
                moderation_motd(other);
        }
        moderation_set_keeper(other, acts_key(0));
        if (moderation_lacks(other)) {
            moderation_reset(other);
            for (guint i = 0; i < sorted->len; i++)
                moderation_add(other, sorted->pdata[i]);
        }
        ck_assert(!moderation_lacks(other));
        g_autofree char *told = acts_tell(other, sorted);
        ck_assert_str_eq(told, expected);
    }
}
END_TEST

/* --- bounds --- */

START_TEST(others_crowd_nobody_out)
{
    for (unsigned i = 0; i < MODERATION_MAX_OF_OTHERS * 2; i++)
        does(9, ACT_BAN, 1, 100 + i);
    ck_assert(!moderation_lacks(moderation));
    grant(0, 9, ROLE_ADMIN, 1000); /* after all that: it is of no use */
    ck_assert(!moderation_lacks(moderation));
    ck_assert(!banned(1));
    grant(0, 9, ROLE_ADMIN, 50); /* but here it was */
    ck_assert(moderation_lacks(moderation));
    moderation_reset(moderation);
    grant(0, 9, ROLE_ADMIN, 50);
    for (unsigned i = 0; i < MODERATION_MAX_OF_OTHERS * 2; i++)
        ck_assert(counts(does(9, ACT_BAN, 2, 100 + i)));
    ck_assert(!moderation_lacks(moderation));
}
END_TEST

START_TEST(a_keeper_who_comes_late_was_left_out)
{
    moderation_set_keeper(moderation, NULL);
    for (unsigned i = 0; i < MODERATION_MAX_OF_OTHERS + 1; i++)
        does(0, ACT_BAN, 1, 100 + i);
    ck_assert(!moderation_lacks(moderation));
    moderation_set_keeper(moderation, acts_key(0));
    ck_assert(moderation_lacks(moderation));
}
END_TEST

/* An admin who does more than can be kept loses its own oldest acts. */
START_TEST(admins_crowd_nobody_out)
{
    grant(0, 1, ROLE_ADMIN, 1);
    grant(0, 2, ROLE_ADMIN, 2);
    for (unsigned i = 0; i < 100; i++)
        does(9, ACT_MOTD, 1, 3 + i); /* others go first */
    Event *kept = does(2, ACT_BAN, 8, 200);
    Event *granted = grant(1, 5, ROLE_ADMIN, 250); /* goes last */
    Event *oldest = does(1, ACT_BAN, 7, 300);
    for (unsigned i = 0; i < MODERATION_MAX - 5; i++)
        does(1, ACT_MUTE, 6, 1000 + i);
    ck_assert(counts(kept) && counts(oldest));
    for (unsigned i = 0; i < 10; i++)
        does(1, ACT_MUTE, 6, 100000 + i);
    ck_assert(counts(kept) && !counts(oldest) && counts(granted));
    ck_assert_int_eq(role_of(1), ROLE_ADMIN);
    ck_assert(!moderation_lacks(moderation));
    does(1, ACT_MUTE, 6, 500); /* in between: what was left out might matter */
    ck_assert(moderation_lacks(moderation));
}
END_TEST

/* --- contents --- */

static const struct {
    const char *bytes;
    size_t length;
    bool well_formed, known;
} contents[] = {
#define CONTENT(literal, well_formed, known)                                                       \
    {                                                                                              \
        literal, sizeof literal - 1, well_formed, known                                            \
    }
#define MEMBER                                                                                     \
    "\x12\x20"                                                                                     \
    "0123456789abcdef0123456789abcdef"
#define NOBODY "\x12\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    CONTENT("", false, false),
    CONTENT("\x08\x02", false, false), /* kicks nobody */
    CONTENT("\x08\x02" NOBODY, false, false),
    CONTENT("\x08\x02" MEMBER, true, true),
    CONTENT("\x08\x02" MEMBER MEMBER, false, false), /* twice */
    CONTENT("\x08\x02" MEMBER "\x2a\x02hi", true, true),
    CONTENT("\x08\x02" MEMBER "\x2a\x03h\ni", false, false), /* a reason is one line */
    CONTENT("\x08\x02" MEMBER "\x2a\x02h\xff", false, false),
    CONTENT("\x08\x02"
            "\x12\x03xyz",
            false, false),
    CONTENT("\x08\x03" MEMBER "\x20\x02", true, true),   /* until 1 */
    CONTENT("\x08\x03" MEMBER "\x20\x01", false, false), /* until -1 */
    CONTENT("\x08\x01" MEMBER "\x18\x02", true, true),
    CONTENT("\x08\x01" MEMBER "\x18\x03", true, false), /* a role of a newer version */
    CONTENT("\x08\x07\x2a\x02Hi", true, true),
    CONTENT("\x08\x07", false, false), /* no name */
    CONTENT("\x08\x07\x2a\x02 x", false, false),
    CONTENT("\x08\x07\x2a\x02Hi" MEMBER, false, false),
    CONTENT("\x08\x08", true, true), /* no message of the day */
    CONTENT("\x08\x08\x2a\x03h\ni", true, true),
    CONTENT("\x08\x09", false, false), /* announces nothing */
    CONTENT("\x08\x09\x2a\x03h\ni", true, true),
    CONTENT("\x08\x63", true, false), /* an act of a newer version */
    CONTENT("\x08\x63\x2a\x02h\xff", false, false),
    CONTENT("\x08\x00", false, false),
    CONTENT("\x0a\x01x", false, false),
};

START_TEST(contents_have_rules)
{
    const uint8_t *bytes = (const uint8_t *)contents[_i].bytes;
    g_auto(ModerationContent) content = {.text = NULL};
    ck_assert_int_eq(moderation_is_content(bytes, contents[_i].length), contents[_i].well_formed);
    ck_assert_int_eq(moderation_read(bytes, contents[_i].length, &content), contents[_i].known);
}
END_TEST

START_TEST(contents_come_back)
{
    g_autoptr(GBytes) bytes = moderation_content(ACT_BAN, acts_key(3), ROLE_ADMIN, 12345,
                                                 "a \xe2\x80\xae"
                                                 "b");
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_auto(ModerationContent) content = {.text = NULL};
    ck_assert(moderation_read(data, length, &content));
    ck_assert_int_eq(content.act, ACT_BAN);
    ck_assert_int_eq(content.role, ROLE_MEMBER);
    ck_assert_int_eq(content.until_ms, 12345);
    ck_assert_mem_eq(content.member, acts_key(3), KEY_SIZE);
    ck_assert_str_eq(content.text, "a ⟨U+202E⟩b");
    g_autofree char *too_long = g_strnfill(REASON_MAX + 1, 'x');
    ck_assert_ptr_null(moderation_content(ACT_BAN, NULL, ROLE_MEMBER, 0, NULL));
    ck_assert_ptr_null(moderation_content(ACT_BAN, acts_key(3), ROLE_MEMBER, 0, too_long));
    ck_assert_ptr_null(moderation_content(ACT_BAN, acts_key(3), ROLE_MEMBER, -1, NULL));
    ck_assert_ptr_null(moderation_content(ACT_BAN, acts_key(3), ROLE_MEMBER, TIME_MAX_MS + 1, ""));
    ck_assert_ptr_null(moderation_content(ACT_RENAME, NULL, ROLE_MEMBER, 0, " x"));
    ck_assert_ptr_null(moderation_content(ACT_ANNOUNCE, NULL, ROLE_MEMBER, 0, NULL));
    ck_assert_ptr_null(moderation_content(ACT_ANNOUNCE, NULL, ROLE_MEMBER, 0, too_long));
    ck_assert_ptr_null(moderation_content(ACT_MOTD, NULL, ROLE_MEMBER, 0, too_long));
    g_autoptr(GBytes) longest = moderation_content(ACT_MOTD, NULL, ROLE_MEMBER, 0, too_long + 1);
    ck_assert_ptr_nonnull(longest);
}
END_TEST

START_TEST(topics_have_rules)
{
    g_autofree char *too_long = g_strnfill(TOPIC_MAX + 1, 'x');
    g_autoptr(GBytes) longest = moderation_topic_content(too_long + 1);
    g_autoptr(GBytes) none = moderation_topic_content("");
    ck_assert_ptr_nonnull(longest);
    ck_assert_ptr_nonnull(none);
    ck_assert_ptr_null(moderation_topic_content(too_long));
    ck_assert_ptr_null(moderation_topic_content("two\nlines"));
    g_autofree char *text = moderation_read_topic((const uint8_t *)"\x0a\x02hi", 4);
    ck_assert_str_eq(text, "hi");
    ck_assert_ptr_null(moderation_read_topic((const uint8_t *)"\x0a\x03h\ni", 5));
    ck_assert_ptr_null(moderation_read_topic((const uint8_t *)"\x08\x03", 2));
    ck_assert(!moderation_is_topic((const uint8_t *)"\x08\x03", 2));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("moderation");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, nobody_is_an_admin_without_a_keeper);
    tcase_add_test(all, roles_come_from_the_keeper);
    tcase_add_loop_test(all, acts_have_their_limits, 0, (int)G_N_ELEMENTS(attempts));
    tcase_add_test(all, bans_and_mutes_end);
    tcase_add_test(all, admins_who_are_banned_or_muted);
    tcase_add_test(all, the_newest_word_counts);
    tcase_add_test(all, the_silenced_are_not_shown);
    tcase_add_test(all, who_is_listed);
    tcase_add_test(all, known_and_other_events_change_nothing);
    tcase_add_loop_test(all, any_order_gives_the_same, 0, 60);
    tcase_add_test(all, others_crowd_nobody_out);
    tcase_add_test(all, a_keeper_who_comes_late_was_left_out);
    tcase_add_test(all, admins_crowd_nobody_out);
    tcase_add_loop_test(all, contents_have_rules, 0, (int)G_N_ELEMENTS(contents));
    tcase_add_test(all, contents_come_back);
    tcase_add_test(all, topics_have_rules);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
