/* Offers and notes, as tables. */
#include "tests/unit/app/session_play.h"

#include <string.h>

START_TEST(offers_to_the_room)
{
    PLAY(JOIN, {OFFER, "a.txt"}, {READS, "queued offer of a.txt"}, {READS, "> submit 2 offer"},
         {TAKEN}, {READS, "sent offer of a.txt"}, {QUIET});
}
END_TEST

START_TEST(offers_to_a_person)
{
    PLAY(JOIN, {OFFER, "a.txt", .to = 'b'}, {READS, "queued offer of a.txt"},
         {READS, "> submit 1 private"}, {TAKEN}, {READS, "sent offer of a.txt"},
         {OFFER, "a.txt", .to = 'd'}, {READS, "cannot: Nobody in this place has that key."},
         {QUIET});
}
END_TEST

START_TEST(offers_later_what_was_offered_too_early)
{
    PLAY({OFFER, "early"}, {READS, "queued offer of early"}, JOINING, {ROSTER, "b named Ben"},
         {PAGE}, {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 offer"}, {TAKEN}, {TAKEN},
         {READS, "sent offer of early"}, {QUIET});
}
END_TEST

START_TEST(tells_what_offer_was_refused)
{
    PLAY(JOIN, {OFFER, "a.txt"}, {READS, "queued offer of a.txt"}, {READS, "> submit 2 offer"},
         {REFUSE, NULL, 700}, {READS, "refused offer of a.txt: no"}, {RETRY},
         {READS, "queued offer of a.txt"}, {READS, "> submit 2 offer"}, {TAKEN},
         {READS, "sent offer of a.txt"}, {QUIET});
}
END_TEST

START_TEST(shows_offers)
{
    PLAY(JOIN, {OFFERED, "a.txt", .who = 'b'}, {OFFERED, "b.txt", .who = 'b', .to = 'a'},
         {DELIVER, NULL, 103}, {READS, "message Ben: offer of a.txt"},
         {READS, "message to me by Ben: offer of b.txt"}, {QUIET});
}
END_TEST

static unsigned unreadable;

static void count_unreadable(const SessionMessage *message, void *user)
{
    unreadable += message->kind == EVENT_SEALED && message->offer == NULL;
}

START_TEST(shows_an_offer_without_sense_as_unreadable)
{
    PLAY(JOIN, {OFFERED, NULL, 1, .who = 'b', .to = 'a'}, {DELIVER, NULL, 102},
         {READS, "message to me by Ben: "}, {QUIET});
    ConversationId with = {.direct = true};
    memcpy(with.id, play_key('b'), KEY_SIZE);
    ck_assert_uint_eq(session_history(play_session(), &with, NULL, 10, count_unreadable, NULL), 1);
    ck_assert_uint_eq(unreadable, 1);
}
END_TEST

static unsigned pictures, plain;

static void count_pictures(const SessionMessage *message, void *user)
{
    ck_assert_ptr_nonnull(message->offer);
    ck_assert_uint_eq(message->offer->bytes, 7);
    pictures += message->offer->thumbnail != NULL;
    plain += message->offer->thumbnail == NULL;
}

/* The relay reads what goes to a room. */
START_TEST(puts_a_thumbnail_into_private_offers_only)
{
    PLAY(JOIN, {OFFER, "a.png"}, {OFFER, "b.png", .to = 'b'}, {READS, "queued offer of a.png"},
         {READS, "> submit 2 offer"}, {READS, "queued offer of b.png"},
         {READS, "> submit 1 private"});
    pictures = plain = 0;
    ck_assert_uint_eq(session_outbox(play_session(), count_pictures, NULL), 2);
    ck_assert_uint_eq(pictures, 1);
    PLAY({TAKEN}, {TAKEN}, {READS, "sent offer of a.png"}, {READS, "sent offer of b.png"});
    const ConversationId general = {0};
    ConversationId with = {.direct = true};
    memcpy(with.id, play_key('b'), KEY_SIZE);
    ck_assert_uint_eq(session_history(play_session(), &general, NULL, 9, count_pictures, NULL), 1);
    ck_assert_uint_eq(session_history(play_session(), &with, NULL, 9, count_pictures, NULL), 1);
    ck_assert_uint_eq(pictures, 2);
    ck_assert_uint_eq(plain, 2);
}
END_TEST

START_TEST(sends_notes_to_who_is_here)
{
    PLAY(JOIN, {NOTE, .to = 'b'}, {READS, "> note to b"}, {NOTE, .to = 'a'},
         {READS, "no note to a"}, {NOTE, .to = 'c'}, {READS, "no note to c"}, {ROSTER, "b gone"},
         {READS, "Ben left"}, {NOTE, .to = 'b'}, {READS, "no note to b"}, {QUIET});
}
END_TEST

START_TEST(sends_no_notes_without_a_link)
{
    PLAY({NOTE, .to = 'b'}, {READS, "no note to b"}, JOIN, {CUT}, {NOTE, .to = 'b'},
         {READS, "no note to b"});
}
END_TEST

START_TEST(takes_notes)
{
    PLAY(JOIN, {NOTED, .who = 'b'}, {READS, "note of Ben: attempt 7"}, {NOTED, .who = 'c'}, {QUIET},
         {RETURNED, .to = 'b'}, {READS, "note to Ben returned, 0"}, {RETURNED, NULL, 70, .to = 'b'},
         {READS, "note to Ben returned, 70"}, {RETURNED, .to = 'c'}, {QUIET});
}
END_TEST

/* Others see a member as present before it is. */
START_TEST(keeps_notes_until_it_has_joined)
{
    PLAY(JOINING, {ROSTER, "b named Ben"}, {NOTED, .who = 'b'}, {NOTED, "forged", .who = 'b'},
         {PAGE}, {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "note of Ben: attempt 7"}, {READS, "> submit 1 name Me"}, {QUIET});
}
END_TEST

START_TEST(leaves_out_bad_notes)
{
    PLAY(JOIN, {NOTED, "forged", .who = 'b'}, {NOTED, "place2", .who = 'b'},
         {NOTED, "other", .who = 'b'}, {NOTED, "bad", .who = 'b'}, {NOTED, "newer", .who = 'b'},
         {NOTED, "kept", .who = 'b'}, {NOTED, "", .who = 'a'}, {QUIET});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {offers_to_the_room,
                                  offers_to_a_person,
                                  offers_later_what_was_offered_too_early,
                                  tells_what_offer_was_refused,
                                  shows_offers,
                                  shows_an_offer_without_sense_as_unreadable,
                                  puts_a_thumbnail_into_private_offers_only,
                                  sends_notes_to_who_is_here,
                                  sends_no_notes_without_a_link,
                                  takes_notes,
                                  keeps_notes_until_it_has_joined,
                                  leaves_out_bad_notes};
    return play_suite("session files", tests, G_N_ELEMENTS(tests));
}
