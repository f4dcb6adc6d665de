#pragma once
/* Heights of very many rows, most of them only estimated: a Fenwick tree, so that "where is row n"
 * and "which row is at y" cost O(log n). UI thread only. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Heights Heights;

/* Rows are `estimate` pixels high until heights_set(). */
Heights *heights_new(int estimate);
void heights_free(Heights *heights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Heights, heights_free)

/* Adds unmeasured rows. At the end O(log n) each, elsewhere O(n) in all. `at` ≤ count. */
void heights_insert(Heights *heights, size_t at, size_t count);
void heights_remove(Heights *heights, size_t at, size_t count);
/* All rows are unmeasured again: the width or the scale changed. */
void heights_forget(Heights *heights, int estimate);
void heights_set(Heights *heights, size_t row, int height);

size_t heights_count(const Heights *heights);
/* The height of a row, estimated or set, and whether it was set. */
int heights_get(const Heights *heights, size_t row);
bool heights_measured(const Heights *heights, size_t row);
/* Sum of the heights of rows before `row`, which may be the count. */
int64_t heights_before(const Heights *heights, size_t row);
/* The row that contains `y`, the last one beyond the end; 0 when there is none. */
size_t heights_at(const Heights *heights, int64_t y);
