/* What a person is told who starts the relay. */
#include "relay/server/greeting.h"

#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const addresses[] = {"192.0.2.5:7667", "[fe80::1%eth0]:7667", NULL};

static Greeting usual(void)
{
    return (Greeting){.first = true,
                      .name = "Home",
                      .origin = PLACE_GATEWAY,
                      .data = "/srv/back fence",
                      .addresses = addresses,
                      .port = 7667,
                      .found = true,
                      .no_admin = true,
                      .code = "ABCD-2345",
                      .firewall = FIREWALL_UFW};
}

static void says(const Greeting *greeting, const char *part)
{
    g_autofree char *text = greeting_text(greeting);
    ck_assert_msg(strstr(text, part) != NULL, "%s in %s", part, text);
}

START_TEST(the_first_start_says_everything)
{
    Greeting greeting = usual();
    static const char *const parts[] = {"“Home”",
                                        "/srv/back fence",
                                        "192.0.2.5:7667",
                                        "[fe80::1%eth0]:7667",
                                        "everybody on this network",
                                        "/connect 192.0.2.5:7667",
                                        "ufw is active: sudo ufw allow 7667/tcp",
                                        "/claim ABCD-2345",
                                        "backup DIRECTORY --data '/srv/back fence'"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        says(&greeting, parts[i]);
    greeting.default_data = true;
    says(&greeting, "backfence-relay backup DIRECTORY,");
}
END_TEST

START_TEST(why_nobody_finds_it_is_said)
{
    Greeting greeting = usual();
    greeting.found = false;
    greeting.why = "Avahi is not running.";
    says(&greeting, "nobody without its address: Avahi is not running.");
    greeting.first = false;
    says(&greeting, "nobody finds it without its address: Avahi is not running.");
}
END_TEST

START_TEST(a_later_start_is_two_lines_and_gives_no_code)
{
    Greeting greeting = usual();
    greeting.first = false;
    g_autofree char *text = greeting_text(&greeting);
    ck_assert_ptr_null(strstr(text, "ABCD"));
    ck_assert_ptr_nonnull(strstr(text, "admin --code"));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3); /* the last one is empty */
    greeting.no_admin = false;
    g_autofree char *quiet = greeting_text(&greeting);
    ck_assert_ptr_null(strstr(quiet, "admin"));
}
END_TEST

START_TEST(without_a_network_it_says_so)
{
    static const char *const none[] = {NULL};
    Greeting greeting = usual();
    greeting.addresses = none;
    says(&greeting, "7667, on no network yet");
    greeting.first = false;
    says(&greeting, "“Home”; everybody");
}
END_TEST

START_TEST(nothing_in_it_steers_the_terminal)
{
    Greeting greeting = usual();
    greeting.name = "a\x1b[31mb";
    greeting.data = "/tmp/\x1b]0;x\a";
    greeting.why = "\x1b[2J";
    for (int i = 0; i < 4; i++) {
        greeting.first = (i & 1) != 0;
        greeting.found = (i & 2) != 0;
        g_autofree char *text = greeting_text(&greeting);
        ck_assert_ptr_null(strchr(text, '\x1b'));
        ck_assert_ptr_null(strchr(text, '\a'));
    }
}
END_TEST

/* --- firewalls --- */

static char *root;

static void put(const char *path, const char *contents)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
    ck_assert(g_file_set_contents(whole, contents, -1, NULL));
}

static void take(const char *path)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_remove(whole);
}

START_TEST(firewalls_are_found_by_their_files)
{
    static const char nft[] = "/etc/systemd/system/sysinit.target.wants/nftables.service";
    root = g_dir_make_tmp("backfence-root-XXXXXX", NULL);
    ck_assert_int_eq(firewall_active(root), FIREWALL_UNKNOWN);
    put("/etc/ufw/ufw.conf", "# ENABLED=yes\nENABLED=no\n");
    ck_assert_int_eq(firewall_active(root), FIREWALL_UNKNOWN);
    put(nft, "");
    ck_assert_int_eq(firewall_active(root), FIREWALL_NFTABLES);
    put("/etc/ufw/ufw.conf", "# note\n\nENABLED=yes\nLOGLEVEL=low\n");
    ck_assert_int_eq(firewall_active(root), FIREWALL_UFW);
    take("/etc/ufw/ufw.conf");
    take(nft);
    static const char *const folders[] = {"/etc/systemd/system/sysinit.target.wants",
                                          "/etc/systemd/system",
                                          "/etc/systemd",
                                          "/etc/ufw",
                                          "/etc",
                                          ""};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        take(folders[i]);
    ck_assert(!g_file_test(root, G_FILE_TEST_EXISTS));
    g_free(root);
}
END_TEST

START_TEST(all_advice_names_the_port)
{
    for (int i = FIREWALL_UNKNOWN; i <= FIREWALL_NFTABLES; i++) {
        g_autofree char *advice = firewall_advice((Firewall)i, 7700);
        ck_assert_ptr_nonnull(strstr(advice, "7700"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("greeting");
    TCase *tcase = tcase_create("greeting");
    tcase_add_test(tcase, the_first_start_says_everything);
    tcase_add_test(tcase, why_nobody_finds_it_is_said);
    tcase_add_test(tcase, a_later_start_is_two_lines_and_gives_no_code);
    tcase_add_test(tcase, without_a_network_it_says_so);
    tcase_add_test(tcase, nothing_in_it_steers_the_terminal);
    tcase_add_test(tcase, firewalls_are_found_by_their_files);
    tcase_add_test(tcase, all_advice_names_the_port);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
