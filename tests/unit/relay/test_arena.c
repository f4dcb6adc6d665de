#include "relay/arena.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

START_TEST(gives_until_the_limit)
{
    g_autoptr(Arena) arena = arena_new(64);
    void *first = arena_alloc(arena, 1);
    void *second = arena_alloc(arena, 17);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq((uintptr_t)second % 16, 0);
    ck_assert_ptr_null(arena_alloc(arena, 17));
    ck_assert_ptr_nonnull(arena_alloc(arena, 16));
    ck_assert_ptr_null(arena_alloc(arena, 1));
}
END_TEST

START_TEST(gives_all_again_after_a_reset)
{
    g_autoptr(Arena) arena = arena_new(64);
    void *first = arena_alloc(arena, 64);
    ck_assert_ptr_null(arena_alloc(arena, 1));
    arena_reset(arena);
    ck_assert_ptr_eq(arena_alloc(arena, 64), first);
}
END_TEST

START_TEST(refuses_sizes_that_overflow)
{
    g_autoptr(Arena) arena = arena_new(64);
    arena_alloc(arena, 16);
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX - 15));
    ck_assert_ptr_nonnull(arena_alloc(arena, 48));
}
END_TEST

START_TEST(tells_nothing_apart_for_requests_of_nothing)
{
    g_autoptr(Arena) arena = arena_new(64);
    void *first = arena_alloc(arena, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_ne(arena_alloc(arena, 0), first);
}
END_TEST

START_TEST(serves_protobuf)
{
    g_autoptr(Arena) arena = arena_new(64);
    ProtobufCAllocator *allocator = arena_allocator(arena);
    void *memory = allocator->alloc(allocator->allocator_data, 48);
    ck_assert_ptr_nonnull(memory);
    allocator->free(allocator->allocator_data, memory);
    ck_assert_ptr_null(allocator->alloc(allocator->allocator_data, 48));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *all = tcase_create("all");
    tcase_add_test(all, gives_until_the_limit);
    tcase_add_test(all, gives_all_again_after_a_reset);
    tcase_add_test(all, refuses_sizes_that_overflow);
    tcase_add_test(all, tells_nothing_apart_for_requests_of_nothing);
    tcase_add_test(all, serves_protobuf);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
