#include "tests/bench/process_use.h"

#include <glib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char *read_proc(pid_t pid, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("process %d is gone", (int)pid);
    return text;
}

double process_use_cpu(pid_t pid)
{
    g_autofree char *stat = read_proc(pid, "stat");
    /* proc(5): fields 14 and 15, counted from 1; the name in field 2 may hold anything but ends at
     * the last parenthesis. */
    g_auto(GStrv) fields = g_strsplit(strrchr(stat, ')') + 2, " ", 14);
    return (g_ascii_strtod(fields[11], NULL) + g_ascii_strtod(fields[12], NULL)) /
           (double)sysconf(_SC_CLK_TCK);
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line != NULL ? g_ascii_strtoull(line + strlen(name), NULL, 10) : 0;
}

uint64_t process_use_rss(pid_t pid)
{
    g_autofree char *status = read_proc(pid, "status");
    return number_after(status, "VmRSS:");
}

uint64_t process_use_wakeups(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) threads = g_dir_open(path, 0, NULL);
    const char *name;
    uint64_t sum = 0;
    while (threads != NULL && (name = g_dir_read_name(threads)) != NULL) {
        g_autofree char *file = g_strdup_printf("task/%s/status", name);
        g_autofree char *status = read_proc(pid, file);
        sum += number_after(status, "\nvoluntary_ctxt_switches:");
    }
    return sum;
}

void process_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* less will do, too */
}
