#include "app/files/file_name.h"
#include "relay/text.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *label, *name;
} from_peer[] = {
    {"photo.jpg", "photo.jpg"},
    {"", "unnamed"},
    {".", "unnamed"},
    {"..", "unnamed"},
    {"...", "unnamed"},
    {"/", "unnamed"},
    {"../../etc/passwd", "passwd"},
    {"a/..", "unnamed"},
    {"a/b/", "b"},
    {"..\\..\\x", "_.._x"},
    {".bashrc", "bashrc"},
    {" . .profile", "profile"},
    {"name . ", "name"},
    {"new\nline\x1b[31m", "new line[31m"},
    {"tab\there", "tab here"},
    {"in\xE2\x80\xAEgpj.exe", "ingpj.exe"},         /* U+202E */
    {"zero\xE2\x80\x8Bwidth.txt", "zerowidth.txt"}, /* U+200B */
    {"\xEF\xBB\xBF"
     "bom.txt",
     "bom.txt"},
    {"\xCC\x81mark", "mark"},
    {"e\xCC\x81", "\xC3\xA9"},   /* becomes NFC */
    {"caf\xE9.txt", "caf_.txt"}, /* Latin-1 */
    {"wide\xE3\x80\x80space", "wide space"},
    {"CON", "CON"},
    {"-rf", "-rf"},
    {"a\xC2\x85"
     "b",
     "ab"},                                              /* C1 */
    {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB.png", /* woman technologist: joiner kept */
     "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB.png"},
    {"a\xE2\x80\x8D"
     "b",
     "ab"}, /* the same joiner between letters */
};

START_TEST(test_from_peer)
{
    g_autofree char *name = file_name_from_peer(from_peer[_i].label, FILE_NAME_MAX);
    ck_assert_str_eq(name, from_peer[_i].name);
    g_autofree char *again = file_name_from_peer(name, FILE_NAME_MAX);
    ck_assert_str_eq(again, name);
}
END_TEST

static char *repeated(const char *part, unsigned times, const char *end)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < times; i++)
        g_string_append(out, part);
    return g_string_free(g_string_append(out, end), FALSE);
}

START_TEST(test_long_names_keep_their_extension)
{
    g_autofree char *label = repeated("a", 300, ".tar.gz");
    g_autofree char *name = file_name_from_peer(label, FILE_NAME_MAX);
    ck_assert_uint_eq(strlen(name), FILE_NAME_MAX);
    ck_assert(g_str_has_suffix(name, "a.tar.gz"));

    g_autofree char *flags = repeated("\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA", 100, ".png");
    g_autofree char *cut = file_name_from_peer(flags, 100);
    ck_assert_uint_eq(strlen(cut), 96 + 4);
    g_autofree char *odd = file_name_from_peer(flags, 99);
    ck_assert_uint_eq(strlen(odd), 88 + 4);

    g_autofree char *long_extension = repeated("x", 300, "");
    g_autofree char *dotted = g_strconcat("a.", long_extension, NULL);
    g_autofree char *kept = file_name_from_peer(dotted, 40);
    ck_assert_uint_eq(strlen(kept), 40);

    g_autofree char *marks = repeated("\xCC\x81", 300, ".txt");
    g_autofree char *tower = g_strconcat("a", marks, NULL);
    g_autofree char *short_tower = file_name_from_peer(tower, 64);
    ck_assert_uint_le(strlen(short_tower), 64);
    ck_assert(g_utf8_validate(short_tower, -1, NULL));
}
END_TEST

START_TEST(test_numbers)
{
    static const char *const cases[][2] = {
        {"photo.png", "photo (2).png"}, {"a.tar.gz", "a (2).tar.gz"},   {"folder", "folder (2)"},
        {"v1.2", "v1.2 (2)"},           {"Mr. Smith", "Mr. Smith (2)"}, {".tar.gz", ".tar (2).gz"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = file_name_numbered(cases[i][0], 2);
        ck_assert_str_eq(name, cases[i][1]);
    }
    g_autofree char *label = repeated("b", 251, ".txt");
    g_autofree char *name = file_name_numbered(label, 4000000000u);
    ck_assert_uint_eq(strlen(name), FILE_NAME_MAX);
    ck_assert(g_str_has_suffix(name, "b (4000000000).txt"));
}
END_TEST

START_TEST(test_extensions)
{
    static const char *const cases[][2] = {
        {"invoice.pdf.exe", "exe"},
        {"a.JPG", "jpg"},
        {"a.tar.gz", "gz"},
        {"none", ""},
        {".hidden", ""},
        {"dot.", ""},
        {"a. b", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *extension = file_name_extension(cases[i][0]);
        ck_assert_str_eq(extension, cases[i][1]);
    }
}
END_TEST

START_TEST(test_labels)
{
    static const char *const cases[][2] = {
        {"plain.txt", "plain.txt"},
        {"\xFF\xFE.bin", "\xEF\xBF\xBD\xEF\xBF\xBD.bin"},
        {"e\xCC\x81", "\xC3\xA9"},
        {"a\nb", "a_b"},
        {"", "_"},
        {"..", "_"},
        {".hidden", ".hidden"},
        {"\xE2\x80\xAE", "\xE2\x80\xAE"}, /* odd, but what it is called */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *label = file_name_to_label(cases[i][0]);
        ck_assert_str_eq(label, cases[i][1]);
        ck_assert(text_is_label(label, strlen(label)));
    }
    g_autofree char *bytes = repeated("\xFF", 251, ".txt");
    g_autofree char *label = file_name_to_label(bytes);
    ck_assert(text_is_label(label, strlen(label)));
    ck_assert(g_str_has_suffix(label, ".txt"));
    static const char *const wrong[] = {"", ".", "..", "a/b", "a\n", "e\xCC\x81", "\xFF"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        ck_assert(!text_is_label(wrong[i], strlen(wrong[i])));
    ck_assert(!text_is_label("a\0b", 3));
}
END_TEST

/* Whatever comes, a name comes out that is safe and stays as it is. */
START_TEST(test_any_bytes)
{
    static const char *const parts[] = {".",
                                        "/",
                                        "\\",
                                        " ",
                                        "a",
                                        "\xFF",
                                        "\xE2\x80\xAE",
                                        "..",
                                        "\xE2\x80\x8D",
                                        "\xCC\x81",
                                        "\x01",
                                        ".png",
                                        "\xF0\x9F\x91\xA9",
                                        "\xEF\xB8\x8F",
                                        "-",
                                        "\xE0\xA4\x95",
                                        "\xE0\xA5\x8D"};
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (unsigned i = 0; i < 3000; i++) {
        g_autoptr(GString) label = g_string_new(NULL);
        for (int n = g_rand_int_range(random, 0, 40); n > 0; n--)
            g_string_append(label, parts[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(parts))]);
        size_t max = (size_t)g_rand_int_range(random, 32, 256);
        g_autofree char *name = file_name_from_peer(label->str, max);
        size_t length = strlen(name);
        ck_assert(length > 0 && length <= max && g_utf8_validate(name, -1, NULL));
        ck_assert(strchr(name, '/') == NULL && strchr(name, '\\') == NULL);
        ck_assert(name[0] != '.' && name[0] != ' ');
        ck_assert(name[length - 1] != '.' && name[length - 1] != ' ');
        ck_assert(strstr(name, "\xE2\x80\xAE") == NULL);
        ck_assert(text_is_label(name, length));
        g_autofree char *again = file_name_from_peer(name, max);
        ck_assert_str_eq(again, name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_name");
    TCase *names = tcase_create("names");
    tcase_add_loop_test(names, test_from_peer, 0, (int)G_N_ELEMENTS(from_peer));
    tcase_add_test(names, test_long_names_keep_their_extension);
    tcase_add_test(names, test_numbers);
    tcase_add_test(names, test_extensions);
    tcase_add_test(names, test_labels);
    tcase_add_test(names, test_any_bytes);
    suite_add_tcase(suite, names);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
