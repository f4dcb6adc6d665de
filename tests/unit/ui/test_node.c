#include "ui/node.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static NodeTree *tree;

static Node *control(const char *id, Rect rect)
{
    Node *node = node_add(tree, id, ROLE_BUTTON, id, rect);
    node->state |= NODE_FOCUSABLE;
    return node;
}

/* Two panes: a, b (skipped), c (disabled) | d, e; a dialog over the right one with f. */
static void setup(void)
{
    tree = node_tree_new();
    node_push(tree, "root", ROLE_GROUP, "root", (Rect){0, 0, 200, 100});
    node_push(tree, "left", ROLE_PANE, "left", (Rect){0, 0, 100, 100});
    control("a", (Rect){0, 0, 50, 20});
    control("b", (Rect){0, 20, 50, 20})->state |= NODE_TAB_SKIP;
    control("c", (Rect){0, 40, 50, 20})->state |= NODE_DISABLED;
    node_pop(tree);
    node_push(tree, "right", ROLE_PANE, "right", (Rect){100, 0, 100, 100});
    control("d", (Rect){100, 0, 50, 20});
    control("e", (Rect){100, 20, 50, 20});
    node_pop(tree);
    node_push(tree, "dialog", ROLE_DIALOG, "dialog", (Rect){90, 0, 60, 60});
    control("f", (Rect){90, 0, 60, 60});
    node_pop(tree);
    node_pop(tree);
}

static void teardown(void)
{
    g_clear_pointer(&tree, node_tree_free);
}

START_TEST(topmost_is_hit)
{
    ck_assert_str_eq(node_at(tree, 10, 10)->id, "a");
    ck_assert_str_eq(node_at(tree, 10, 90)->id, "left");
    ck_assert_str_eq(node_at(tree, 120, 10)->id, "f");
    ck_assert_str_eq(node_at(tree, 180, 10)->id, "right");
    ck_assert_ptr_null(node_at(tree, 300, 10));
    ck_assert_ptr_null(node_at(tree, -1, 10));
}
END_TEST

START_TEST(focus_goes_in_order_and_around)
{
    ck_assert_str_eq(node_next_focus(tree, NULL, "a", true)->id, "d");
    ck_assert_str_eq(node_next_focus(tree, NULL, "f", true)->id, "a");
    ck_assert_str_eq(node_next_focus(tree, NULL, "a", false)->id, "f");
    ck_assert_str_eq(node_next_focus(tree, NULL, "e", false)->id, "d");
    /* From one that Tab passes over, to its neighbours. */
    ck_assert_str_eq(node_next_focus(tree, NULL, "b", true)->id, "d");
    ck_assert_str_eq(node_next_focus(tree, NULL, "b", false)->id, "a");
    ck_assert_str_eq(node_next_focus(tree, NULL, NULL, true)->id, "a");
    ck_assert_str_eq(node_next_focus(tree, NULL, "gone", true)->id, "a");
}
END_TEST

START_TEST(focus_stays_in_its_scope)
{
    Node *dialog = node_find(tree, "dialog");
    ck_assert_str_eq(node_next_focus(tree, dialog, "f", true)->id, "f");
    ck_assert_str_eq(node_next_focus(tree, dialog, "a", true)->id, "f");
    Node *right = node_find(tree, "right");
    ck_assert_str_eq(node_next_focus(tree, right, "e", true)->id, "d");
    ck_assert_str_eq(node_next_focus(tree, right, "d", false)->id, "e");
}
END_TEST

START_TEST(panes_go_around)
{
    ck_assert_str_eq(node_next_pane(tree, "a", true)->id, "right");
    ck_assert_str_eq(node_next_pane(tree, "d", true)->id, "left");
    ck_assert_str_eq(node_next_pane(tree, "a", false)->id, "right");
    ck_assert_str_eq(node_next_pane(tree, "e", false)->id, "left");
}
END_TEST

START_TEST(questions_are_answered)
{
    ck_assert_ptr_eq(node_query(tree, ROLE_BUTTON, "d"), node_find(tree, "d"));
    ck_assert_ptr_null(node_query(tree, ROLE_LINK, "d"));
    ck_assert_str_eq(node_ancestor(node_find(tree, "d"), ROLE_PANE)->id, "right");
    ck_assert_ptr_null(node_ancestor(node_find(tree, "f"), ROLE_PANE));
    g_autofree char *dump = node_dump(tree);
    ck_assert_ptr_nonnull(strstr(dump, "    button \"c\" [disabled]\n"));
}
END_TEST

START_TEST(rects_are_cut_to_clips)
{
    node_tree_clear(tree);
    node_push(tree, "root", ROLE_GROUP, "", (Rect){0, 0, 100, 100});
    node_push_clip(tree, (Rect){0, 0, 50, 50});
    node_push_clip(tree, (Rect){25, 25, 100, 100});
    Node *node = control("x", (Rect){0, 0, 100, 100});
    ck_assert_int_eq(node->rect.x, 25);
    ck_assert_int_eq(node->rect.w, 25);
    Node *hidden = control("y", (Rect){60, 60, 10, 10});
    ck_assert_int_eq(hidden->rect.w, 0);
    node_pop_clip(tree);
    node_pop_clip(tree);
    node_pop(tree);
    /* What is scrolled away takes no focus. */
    ck_assert_str_eq(node_next_focus(tree, NULL, "x", true)->id, "x");
}
END_TEST

START_TEST(memory_is_used_again)
{
    for (int frame = 0; frame < 50; frame++) {
        node_tree_clear(tree);
        node_push(tree, "root", ROLE_GROUP, "", (Rect){0, 0, 100, 100});
        for (int i = 0; i < 2000; i++) {
            char id[16];
            g_snprintf(id, sizeof id, "n%d", i);
            control(id, (Rect){0, i, 10, 1});
        }
        g_autofree char *big = g_strnfill(40000, 'x');
        node_add(tree, "big", ROLE_TEXT, big, (Rect){0, 0, 1, 1});
        node_pop(tree);
        ck_assert_ptr_nonnull(node_find(tree, "n1999"));
        ck_assert_uint_eq(strlen(node_find(tree, "big")->name), 40000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node");
    TCase *tcase = tcase_create("tree");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, topmost_is_hit);
    tcase_add_test(tcase, focus_goes_in_order_and_around);
    tcase_add_test(tcase, focus_stays_in_its_scope);
    tcase_add_test(tcase, panes_go_around);
    tcase_add_test(tcase, questions_are_answered);
    tcase_add_test(tcase, rects_are_cut_to_clips);
    tcase_add_test(tcase, memory_is_used_again);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
