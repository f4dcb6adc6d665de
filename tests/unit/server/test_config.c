/* The configuration file: what it says, and what is said of mistakes. */
#include "relay/server/config.h"

#include <check.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char *directory, *path;

static void set_up(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    directory = g_dir_make_tmp("backfence-config-XXXXXX", NULL);
    path = g_build_filename(directory, "relay.conf", NULL);
}

static void put(const char *name, const char *text, unsigned mode)
{
    g_autofree char *file = g_build_filename(directory, name, NULL);
    ck_assert(g_file_set_contents(file, text, -1, NULL));
    ck_assert_int_eq(chmod(file, mode), 0);
}

static void tear_down(void)
{
    static const char *const names[] = {"relay.conf", "members", "secret", "passphrase", NULL};
    for (unsigned i = 0; names[i] != NULL; i++) {
        g_autofree char *file = g_build_filename(directory, names[i], NULL);
        g_unlink(file);
    }
    ck_assert_int_eq(g_rmdir(directory), 0);
    g_clear_pointer(&path, g_free);
    g_clear_pointer(&directory, g_free);
}

/* Transfer full; NULL: the faults are in `*said`, one a line, without the folder. */
static Config *read_config(const char *text, char **said)
{
    g_autoptr(GPtrArray) faults = NULL;
    put("relay.conf", text, 0644);
    Config *config = config_read(path, true, &faults);
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *folder = g_strdup_printf("%s/", directory);
    for (guint i = 0; i < faults->len; i++)
        g_string_append_printf(all, "%s\n", (const char *)faults->pdata[i]);
    g_string_replace(all, folder, "", 0);
    *said = g_strdup(all->str);
    ck_assert((config != NULL) == (faults->len == 0));
    return config;
}

START_TEST(test_nothing_is_everything)
{
    g_autofree char *said = NULL;
    g_autoptr(Config) config = read_config("# nothing\n\n", &said);
    ck_assert_ptr_nonnull(config);
    ck_assert_ptr_null(config->name);
    ck_assert_int_eq(config->port, -1);
    ck_assert(config->mdns && !config->allow_public);
    ck_assert_int_eq(config->door, HUB_OPEN);
    ck_assert_uint_eq(config->limits.rate, SUBMIT_RATE);
    ck_assert_uint_eq(config->meetings.meetings_max, 32);
}
END_TEST

START_TEST(test_all_keys)
{
    g_autofree char *said = NULL;
    put("members", "# who\n\n" KEY_HEX " Mira's laptop\n", 0644);
    put("secret", "correct horse\n", 0600);
    g_autoptr(Config) config = read_config(
        "[relay]\nname = Home\nport=7000\n mdns = no\nallow-public = true\nmetrics-port = 9100\n"
        "[history]\ndays = 30\nmegabytes = 500\n[limits]\nmembers = 10\nrate = 5\nburst = 20\n"
        "[files]\nrate = 0\nat-once = 3\nmegabytes = 7\n"
        "[admission]\nmode = passphrase\nkeys-file = members\npassphrase-file = secret\r\n",
        &said);
    ck_assert_str_eq(said, "");
    ck_assert_str_eq(config->name, "Home");
    ck_assert_int_eq(config->port, 7000);
    ck_assert(!config->mdns && config->allow_public);
    ck_assert_uint_eq(config->metrics_port, 9100);
    ck_assert_uint_eq(config->history_days, 30);
    ck_assert_uint_eq(config->history_bytes, 500 * 1024 * 1024);
    ck_assert_uint_eq(config->limits.members, 10);
    ck_assert_uint_eq(config->limits.rate, 5);
    ck_assert_uint_eq(config->limits.burst, 20);
    ck_assert_uint_eq(config->meetings.rate, 0);
    ck_assert_uint_eq(config->meetings.meetings_max, 3);
    ck_assert_uint_eq(config->meetings.bytes_max, 7 * 1024 * 1024);
    ck_assert_int_eq(config->door, HUB_LOCKED);
    ck_assert(g_str_has_suffix(config->passphrase_file, "/secret"));
    ck_assert_uint_eq(g_hash_table_size(config->keys), 1);
}
END_TEST

static const struct {
    const char *text, *said;
} mistakes[] = {
    {"[relay]\nport = 70000\n", "relay.conf:2: port has to be a number from 0 to 65535\n"},
    {"[relay]\nport = 7667x\n", "relay.conf:2: port has to be a number from 0 to 65535\n"},
    {"[relay]\nprot = 7667\n", "relay.conf:2: [relay] knows no prot; did you mean port?\n"},
    {"[relay]\nallow_public = true\n",
     "relay.conf:2: [relay] knows no allow_public; did you mean allow-public?\n"},
    {"[relay]\nxyzzy = 1\n", "relay.conf:2: [relay] knows no xyzzy; there are name, port, mdns, "
                             "allow-public, metrics-port\n"},
    {"\n[Relays]\nport = 1\n", "relay.conf:2: there is no group [Relays]; did you mean relay?\n"},
    {"[relay]\nport = 1\n[relay]\nport = 2\n", "relay.conf:4: port was said in line 2 already\n"},
    {"port = 1\n", "relay.conf:1: a key comes after its [group]\n"},
    {"[relay\nport = 1\n", "relay.conf:1: a group ends with ]\n"},
    {"[relay]\nport\n", "relay.conf:2: this is neither [group] nor key = value\n"},
    {"[relay]\nport =\n", "relay.conf:2: port is empty: leave the line out instead\n"},
    {"[relay]\nmdns = maybe\n", "relay.conf:2: mdns has to be true or false\n"},
    {"[relay]\nname = \xe2\x80\xae\n", "relay.conf:2: name is no name that could be shown\n"},
    {"[admission]\nmode = pasphrase\n",
     "relay.conf:2: mode has to be open, keys or passphrase; did you mean passphrase?\n"},
    {"[admission]\nmode = keys\n", "relay.conf: [admission] mode = keys wants a keys-file\n"},
    {"[admission]\nmode = passphrase\n",
     "relay.conf: [admission] mode = passphrase wants a passphrase-file\n"},
    {"[limits]\nrate = 50\nburst = 10\n", "relay.conf: [limits] burst is less than rate\n"},
    {"[relay]\nport = 0\nprot = 1\n[x]\n",
     "relay.conf:3: [relay] knows no prot; did you mean port?\n"
     "relay.conf:4: there is no group [x]; there are relay, history, limits, files, admission\n"},
};

START_TEST(test_mistakes_have_lines)
{
    g_autofree char *said = NULL;
    g_autoptr(Config) config = read_config(mistakes[_i].text, &said);
    ck_assert_ptr_null(config);
    ck_assert_str_eq(said, mistakes[_i].said);
}
END_TEST

START_TEST(test_files_that_it_names)
{
    g_autofree char *said = NULL, *open = NULL;
    put("members", KEY_HEX "\nnokey\n", 0644);
    config_free(read_config("[admission]\nmode = keys\nkeys-file = members\n", &said));
    ck_assert_ptr_nonnull(strstr(said, "members:2: a key is 64 hexadecimal digits\n"));
    put("secret", "open to all\n", 0644);
    config_free(read_config("[admission]\nmode = passphrase\npassphrase-file = secret\n", &open));
    ck_assert_ptr_nonnull(strstr(open, "chmod 600"));
    ck_assert_ptr_null(strstr(open, "open to all"));
}
END_TEST

START_TEST(test_a_file_that_is_not_there)
{
    g_autoptr(GPtrArray) faults = NULL, none = NULL;
    g_autoptr(Config) config = config_read("/nonexistent/relay.conf", false, &none);
    ck_assert_ptr_nonnull(config);
    ck_assert_ptr_null(config_read("/nonexistent/relay.conf", true, &faults));
    ck_assert_uint_eq(faults->len, 1);
}
END_TEST

/* Every line of the sample says what is so without it. */
START_TEST(test_the_sample)
{
    g_autofree char *sample =
        g_build_filename(g_getenv("BACKFENCE_SOURCE_DIR"), "assets", "relay.conf", NULL);
    g_autofree char *text = NULL, *said = NULL;
    ck_assert(g_file_get_contents(sample, &text, NULL, NULL));
    g_autoptr(GString) awake = g_string_new(text);
    g_string_replace(awake, "\n#", "\n", 0);
    g_string_replace(awake, "\n ", "\n# ", 0);
    put("members", "", 0644);
    put("passphrase", "x\n", 0600);
    g_autoptr(Config) config = read_config(awake->str, &said);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(config->port, DEFAULT_PORT);
    ck_assert_uint_eq(config->limits.members, MEMBERS_MAX);
    ck_assert_uint_eq(config->limits.burst, SUBMIT_BURST);
    ck_assert_uint_eq(config->meetings.rate, UINT64_C(64) * 1024 * 1024);
    ck_assert_int_eq(config->door, HUB_OPEN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *cases = tcase_create("config");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, test_nothing_is_everything);
    tcase_add_test(cases, test_all_keys);
    tcase_add_loop_test(cases, test_mistakes_have_lines, 0, G_N_ELEMENTS(mistakes));
    tcase_add_test(cases, test_files_that_it_names);
    tcase_add_test(cases, test_a_file_that_is_not_there);
    tcase_add_test(cases, test_the_sample);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
