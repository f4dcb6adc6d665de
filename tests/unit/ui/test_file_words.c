#include "ui/file_words.h"
#include "ui/format.h"

#include <check.h>
#include <stdlib.h>

START_TEST(sizes)
{
    static const struct {
        uint64_t bytes;
        const char *words;
    } cases[] = {{0, "0 bytes"},         {1, "1 byte"},          {999, "999 bytes"},
                 {1000, "1.0 kB"},       {99949, "99.9 kB"},     {99999, "100 kB"},
                 {999499, "999 kB"},     {999500, "1.0 MB"},     {18400000, "18.4 MB"},
                 {2300000000, "2.3 GB"}, {UINT64_MAX, "18.4 EB"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = words_size(cases[i].bytes);
        ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

START_TEST(amounts)
{
    static const struct {
        uint64_t bytes, total;
        const char *words;
    } cases[] = {{11400000, 18400000, "11.4 of 18.4 MB"},
                 {0, 18400000, "0.0 of 18.4 MB"},
                 {12, 90, "12 of 90 bytes"},
                 {81000000, 184000000, "81 of 184 MB"},
                 {20, 10, "10 of 10 bytes"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = words_amount(cases[i].bytes, cases[i].total);
        ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

START_TEST(times_left)
{
    static const struct {
        int64_t ms;
        const char *words;
    } cases[] = {{-1, ""},
                 {0, "1 s left"},
                 {5400, "6 s left"},
                 {58999, "59 s left"},
                 {59000, "1 min left"},
                 {61000, "2 min left"},
                 {3 * 3600000, "3 h 1 min left"},
                 {INT64_C(99) * 3600000, "more than a day left"},
                 {INT64_MAX, "more than a day left"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = words_left(cases[i].ms);
        ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

START_TEST(numbers)
{
    g_autofree char *small = words_number(7), *thousand = words_number(1204),
                    *million = words_number(1000000);
    ck_assert_str_eq(small, "7");
    ck_assert_str_eq(thousand, "1,204");
    ck_assert_str_eq(million, "1,000,000");
}
END_TEST

START_TEST(titles)
{
    OfferItem file = {.name = (char *)"a\xE2\x80\xAEtxt.exe", .files = 1, .bytes = 5};
    OfferItem two[] = {{.name = (char *)"one.png", .files = 1, .bytes = 1},
                       {.name = (char *)"two.png", .files = 1, .bytes = 1}};
    OfferItem folder = {
        .name = (char *)"photos", .folder = true, .files = 1204, .bytes = 2300000000};
    OfferItem empty = {.name = (char *)"empty", .folder = true};
    const struct {
        Offer offer;
        const char *title, *items, *total, *icon;
    } cases[] = {
        {{.items = &file, .item_count = 1, .files = 1, .bytes = 5},
         "a⟨U+202E⟩txt.exe",
         "",
         "5 bytes",
         "file"},
        {{.items = two, .item_count = 2, .files = 2, .bytes = 2},
         "2 files",
         "one.png and two.png",
         "2 bytes",
         "files"},
        {{.items = two, .item_count = 2, .unlisted = 1203, .files = 9000, .bytes = 12000},
         "1,205 items",
         "one.png, two.png and 1,203 more",
         "9,000 files · 12.0 kB",
         "files"},
        {{.items = &folder, .item_count = 1, .files = 1204, .bytes = 2300000000},
         "photos",
         "",
         "1,204 files · 2.3 GB",
         "folder"},
        {{.items = &empty, .item_count = 1}, "empty", "", "Empty folder", "folder"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *title = words_title(&cases[i].offer);
        g_autofree char *items = words_items(&cases[i].offer);
        g_autofree char *total = words_total(&cases[i].offer);
        ck_assert_str_eq(title, cases[i].title);
        ck_assert_str_eq(items, cases[i].items);
        ck_assert_str_eq(total, cases[i].total);
        ck_assert_str_eq(words_offer_icon(&cases[i].offer), cases[i].icon);
    }
}
END_TEST

START_TEST(icons)
{
    ck_assert_str_eq(words_icon("a.PNG"), "image");
    ck_assert_str_eq(words_icon("a.tar.gz"), "archive");
    ck_assert_str_eq(words_icon("invoice.pdf.exe"), "file");
    ck_assert_str_eq(words_icon(".png"), "file");
    ck_assert_str_eq(words_icon("png"), "file");
    ck_assert_str_eq(words_icon("x."), "file");
    ck_assert_str_eq(words_icon("x. jpg png"), "file");
    ck_assert_str_eq(words_icon("song.flac"), "music");
    ck_assert_str_eq(words_icon("movie.mkv"), "film");
}
END_TEST

START_TEST(folders)
{
    g_autofree char *usual = words_folder(""), *named = words_folder("/home/a/My files"),
                    *slash = words_folder("/home/a/Downloads/");
    ck_assert_str_eq(usual, "Downloads");
    ck_assert_str_eq(named, "My files");
    ck_assert_str_eq(slash, "Downloads");
}
END_TEST

static char *state_words(Transfer *transfer)
{
    g_autoptr(GPtrArray) parts = words_state(transfer, "Sam");
    return words_join(parts, 0);
}

START_TEST(names_in_sentences)
{
    g_autofree char *left = format_name("Sam"), *right = format_name("سارا");
    ck_assert_str_eq(left, "Sam");
    ck_assert_str_eq(right, "\xE2\x80\x8Eسارا\xE2\x80\x8E");
}
END_TEST

START_TEST(states)
{
    OfferItem file = {.name = (char *)"a.txt", .files = 1, .bytes = 2000};
    Offer offer = {.items = &file, .item_count = 1, .files = 1, .bytes = 2000};
    const struct {
        Transfer transfer;
        const char *words;
    } cases[] = {
        {{.state = TRANSFER_OFFERED}, "2.0 kB"},
        {{.state = TRANSFER_OFFERED, .outgoing = true}, "2.0 kB · waiting for Sam"},
        {{.state = TRANSFER_OFFERED, .outgoing = true, .in_room = true},
         "2.0 kB · offered to everyone"},
        {{.state = TRANSFER_WAITING}, "Waiting for Sam"},
        {{.state = TRANSFER_WAITING, .bytes = 1000, .why = (char *)"Sam is away."},
         "Sam is away · 1.0 of 2.0 kB"},
        {{.state = TRANSFER_RUNNING,
          .bytes = 1000,
          .rate = 500,
          .left_ms = 1500,
          .way = TRANSFER_WAY_RELAY},
         "1.0 of 2.0 kB · 2 s left · through the relay · 500 bytes/s"},
        {{.state = TRANSFER_RUNNING, .left_ms = -1, .way = TRANSFER_WAY_REVERSE},
         "0.0 of 2.0 kB · direct"},
        {{.state = TRANSFER_CHECKING, .bytes = 1000}, "Checking what is here… · 1.0 of 2.0 kB"},
        {{.state = TRANSFER_PAUSED, .bytes = 1000}, "Paused · 1.0 of 2.0 kB"},
        {{.state = TRANSFER_PAUSED, .by_peer = true}, "Paused by Sam · 2.0 kB"},
        {{.state = TRANSFER_DONE, .outgoing = true}, "Sam has it · 2.0 kB"},
        {{.state = TRANSFER_DECLINED}, "Declined · 2.0 kB"},
        {{.state = TRANSFER_DECLINED, .outgoing = true}, "Sam declined · 2.0 kB"},
        {{.state = TRANSFER_CANCELLED}, "Cancelled · 2.0 kB"},
        {{.state = TRANSFER_CANCELLED, .by_peer = true}, "Sam cancelled · 2.0 kB"},
        {{.state = TRANSFER_CANCELLED, .by_peer = true, .why = (char *)"Sam no longer offers it."},
         "Sam no longer offers it · 2.0 kB"},
        {{.state = TRANSFER_FAILED}, "This did not work."},
        {{.state = TRANSFER_FAILED, .why = (char *)"The disk is full."}, "The disk is full."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Transfer transfer = cases[i].transfer;
        transfer.content = &offer;
        transfer.total = offer.bytes;
        g_autofree char *words = state_words(&transfer);
        ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file words");
    TCase *tcase = tcase_create("words");
    tcase_add_test(tcase, sizes);
    tcase_add_test(tcase, amounts);
    tcase_add_test(tcase, times_left);
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, titles);
    tcase_add_test(tcase, icons);
    tcase_add_test(tcase, folders);
    tcase_add_test(tcase, names_in_sentences);
    tcase_add_test(tcase, states);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
