#include "ui/heights.h"

/* rows[i] is the height of row i, or UNMEASURED; tree is 1-based: tree[i] sums the (i & -i) rows
 * that end with row i - 1. */
struct Heights {
    GArray *rows; /* int32_t */
    GArray *tree; /* int64_t; tree[0] unused */
    int estimate;
};

#define UNMEASURED (-1)

static int64_t *node(const Heights *heights, size_t i)
{
    return &g_array_index(heights->tree, int64_t, i);
}

static int32_t *cell(const Heights *heights, size_t row)
{
    return &g_array_index(heights->rows, int32_t, row);
}

Heights *heights_new(int estimate)
{
    Heights *heights = g_new0(Heights, 1);
    heights->rows = g_array_new(FALSE, FALSE, sizeof(int32_t));
    heights->tree = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_set_size(heights->tree, 1);
    heights->estimate = estimate;
    return heights;
}

void heights_free(Heights *heights)
{
    if (!heights)
        return;
    g_array_unref(heights->rows);
    g_array_unref(heights->tree);
    g_free(heights);
}

static void rebuild(Heights *heights)
{
    size_t count = heights->rows->len;
    g_array_set_size(heights->tree, (guint)count + 1);
    for (size_t i = 1; i <= count; i++)
        *node(heights, i) = heights_get(heights, i - 1);
    for (size_t i = 1; i <= count; i++) {
        size_t parent = i + (i & -i);
        if (parent <= count)
            *node(heights, parent) += *node(heights, i);
    }
}

static void append_one(Heights *heights)
{
    int32_t none = UNMEASURED;
    g_array_append_val(heights->rows, none);
    size_t i = heights->rows->len;
    int64_t sum = heights->estimate;
    for (size_t step = 1; step < (i & -i); step <<= 1)
        sum += *node(heights, i - step);
    g_array_append_val(heights->tree, sum);
}

void heights_insert(Heights *heights, size_t at, size_t count)
{
    g_assert(at <= heights->rows->len);
    if (at == heights->rows->len) {
        for (size_t i = 0; i < count; i++)
            append_one(heights);
        return;
    }
    g_autofree int32_t *fresh = g_new(int32_t, count);
    for (size_t i = 0; i < count; i++)
        fresh[i] = UNMEASURED;
    g_array_insert_vals(heights->rows, (guint)at, fresh, (guint)count);
    rebuild(heights);
}

void heights_remove(Heights *heights, size_t at, size_t count)
{
    g_assert(at + count <= heights->rows->len);
    if (!count)
        return;
    g_array_remove_range(heights->rows, (guint)at, (guint)count);
    rebuild(heights);
}

void heights_forget(Heights *heights, int estimate)
{
    heights->estimate = estimate;
    for (size_t i = 0; i < heights->rows->len; i++)
        *cell(heights, i) = UNMEASURED;
    rebuild(heights);
}

void heights_set(Heights *heights, size_t row, int height)
{
    int64_t change = height - heights_get(heights, row);
    *cell(heights, row) = height;
    if (!change)
        return;
    for (size_t i = row + 1; i < heights->tree->len; i += i & -i)
        *node(heights, i) += change;
}

size_t heights_count(const Heights *heights)
{
    return heights->rows->len;
}

int heights_get(const Heights *heights, size_t row)
{
    int height = *cell(heights, row);
    return height == UNMEASURED ? heights->estimate : height;
}

bool heights_measured(const Heights *heights, size_t row)
{
    return *cell(heights, row) != UNMEASURED;
}

int64_t heights_before(const Heights *heights, size_t row)
{
    int64_t sum = 0;
    for (size_t i = row; i > 0; i -= i & -i)
        sum += *node(heights, i);
    return sum;
}

size_t heights_at(const Heights *heights, int64_t y)
{
    size_t count = heights->rows->len;
    if (!count || y < 0)
        return 0;
    size_t step = 1;
    while (step <= count / 2)
        step <<= 1;
    size_t i = 0;
    for (; step; step >>= 1) {
        if (i + step <= count && *node(heights, i + step) <= y) {
            i += step;
            y -= *node(heights, i);
        }
    }
    return i < count ? i : count - 1;
}
