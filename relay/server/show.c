#include "relay/server/show.h"

#include "relay/text.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 12
#define COLUMN_GAP 2

struct ShowTable {
    guint columns;
    GPtrArray *cells; /* clean; owned */
};

const char *show_text(JsonObject *answer, const char *name)
{
    return json_object_get_string_member_with_default(answer, name, "");
}

int64_t show_number(JsonObject *answer, const char *name)
{
    return json_object_get_int_member_with_default(answer, name, 0);
}

static char *clean(const char *text)
{
    return text_escape(text, strlen(text));
}

static void pad(const char *text, long width)
{
    for (long filled = g_utf8_strlen(text, -1); filled < width; filled++)
        putchar(' ');
}

void show_field(const char *label, const char *value)
{
    if (*value == '\0')
        return;
    g_autofree char *safe = clean(value);
    fputs(label, stdout);
    pad(label, LABEL_WIDTH);
    printf(" %s\n", safe);
}

void show_line(const char *text)
{
    g_autofree char *safe = clean(text);
    puts(safe);
}

ShowTable *show_table_new(const char *const *titles)
{
    ShowTable *table = g_new0(ShowTable, 1);
    table->columns = g_strv_length((char **)titles);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    show_table_add(table, titles);
    return table;
}

void show_table_add(ShowTable *table, const char *const *cells)
{
    for (guint i = 0; i < table->columns; i++)
        g_ptr_array_add(table->cells, clean(cells[i]));
}

static long width_of(const ShowTable *table, guint column)
{
    long width = 0;
    for (guint i = column; i < table->cells->len; i += table->columns)
        width = MAX(width, g_utf8_strlen(table->cells->pdata[i], -1));
    return width;
}

void show_table_print(ShowTable *table)
{
    g_autofree long *widths = g_new(long, table->columns);
    for (guint i = 0; i < table->columns; i++)
        widths[i] = width_of(table, i);
    for (guint i = 0; i < table->cells->len; i++) {
        const char *cell = table->cells->pdata[i];
        guint column = i % table->columns;
        fputs(cell, stdout);
        if (column + 1 < table->columns)
            pad(cell, widths[column] + COLUMN_GAP);
        else
            putchar('\n');
    }
    g_ptr_array_unref(table->cells);
    g_free(table);
}

char *show_time(int64_t time_ms)
{
    g_autoptr(GDateTime) time =
        time_ms != 0 ? g_date_time_new_from_unix_local(time_ms / 1000) : NULL;
    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("");
}

char *show_size(uint64_t bytes)
{
    return g_format_size(bytes);
}
