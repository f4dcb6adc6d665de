#include "app/console/printer.h"

#include <stdio.h>

static void (*before_line)(void);
static void (*after_line)(void);
static bool alive = true;
static char *echo;
static bool holding;
static GPtrArray *held_lines; /* NULL: none */

void printer_set_hooks(void (*before)(void), void (*after)(void))
{
    before_line = before;
    after_line = after;
}

static void put(const char *line)
{
    if (fputs(line, stdout) == EOF || fputc('\n', stdout) == EOF)
        alive = false;
}

void printer_write(const char *line)
{
    g_autofree char *typed = g_steal_pointer(&echo);
    if (holding) {
        if (!held_lines)
            held_lines = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(held_lines, g_strdup(line));
        return;
    }
    if (before_line)
        before_line();
    if (typed)
        put(typed);
    put(line);
    if (fflush(stdout) == EOF)
        alive = false;
    if (after_line)
        after_line();
}

void printer_set_echo(const char *line)
{
    g_free(echo);
    echo = g_strdup(line);
}

void printer_hold(bool hold)
{
    holding = hold;
}

void printer_release(void)
{
    g_autoptr(GPtrArray) lines = g_steal_pointer(&held_lines);
    for (guint i = 0; lines && i < lines->len; i++)
        printer_write(lines->pdata[i]);
}

bool printer_alive(void)
{
    return alive;
}
