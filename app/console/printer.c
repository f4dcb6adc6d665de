#include "app/console/printer.h"

#include <stdio.h>

static void (*before_line)(void);
static void (*after_line)(void);
static bool alive = true;

void printer_set_hooks(void (*before)(void), void (*after)(void))
{
    before_line = before;
    after_line = after;
}

void printer_write(const char *line)
{
    if (before_line)
        before_line();
    if (fputs(line, stdout) == EOF || fputc('\n', stdout) == EOF || fflush(stdout) == EOF)
        alive = false;
    if (after_line)
        after_line();
}

bool printer_alive(void)
{
    return alive;
}
