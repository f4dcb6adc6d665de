#include "relay/urgency.h"

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static int own_nice(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static gpointer tell_nice(gpointer user)
{
    return GINT_TO_POINTER(own_nice());
}

static gpointer raise_and_tell(gpointer user)
{
    urgency_raise();
    return GINT_TO_POINTER(own_nice());
}

static gpointer lower_and_tell(gpointer user)
{
    urgency_lower();
    return GINT_TO_POINTER(own_nice());
}

static int on_thread(GThreadFunc function)
{
    return GPOINTER_TO_INT(g_thread_join(g_thread_new("urgency", function, NULL)));
}

/* What needs a privilege is not asked for. */
START_TEST(test_raising_keeps_the_share)
{
    ck_assert_int_eq(on_thread(raise_and_tell), own_nice());
}
END_TEST

START_TEST(test_lowering_concerns_one_thread)
{
    int before = own_nice();
    ck_assert_int_gt(on_thread(lower_and_tell), before);
    ck_assert_int_eq(own_nice(), before);
    ck_assert_int_eq(on_thread(tell_nice), before);
}
END_TEST

/* Threads for files are made by the thread that carries chat. */
START_TEST(test_lowering_after_raising)
{
    int before = own_nice();
    urgency_raise();
    ck_assert_int_gt(on_thread(lower_and_tell), before);
    ck_assert_int_eq(on_thread(tell_nice), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("urgency");
    TCase *tcase = tcase_create("urgency");
    tcase_add_test(tcase, test_raising_keeps_the_share);
    tcase_add_test(tcase, test_lowering_concerns_one_thread);
    tcase_add_test(tcase, test_lowering_after_raising);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
