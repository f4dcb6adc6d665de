/* Runs worlds by seed: sim --seeds FIRST-LAST [--hostile]. Says which seed failed, and how to run
 * it alone. */
#include "tests/sim/world.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

static void remove_tree(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_tree(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

typedef struct {
    unsigned failed, messages, nodes;
    int64_t healing_us;
} Totals;

static gboolean hostile = FALSE, trace = FALSE, times = FALSE;

static void run(guint64 seed, const char *directory, Totals *totals)
{
    g_autofree char *why = NULL;
    g_autoptr(World) world = world_new(seed, directory);
    if (trace)
        world_set_tracing(world);
    if (hostile)
        world_set_hostile(world);
    world_live(world);
    bool well = hostile || world_heal(world, &why);
    totals->failed += !well;
    totals->messages += world_messages(world);
    totals->nodes += world_nodes(world);
    totals->healing_us = MAX(totals->healing_us, world_healing_us(world));
    if (!well)
        printf("seed %" G_GUINT64_FORMAT " failed: %s\n", seed, why);
    else if (times)
        printf("seed %" G_GUINT64_FORMAT ": %u nodes, healed in %.1f s\n", seed, world_nodes(world),
               (double)world_healing_us(world) / G_USEC_PER_SEC);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    g_autofree char *range = NULL;
    const GOptionEntry entries[] = {
        {"trace", 0, 0, G_OPTION_ARG_NONE, &trace, "Print what happens", NULL},
        {"times", 0, 0, G_OPTION_ARG_NONE, &times, "Print how long each world took to heal", NULL},
        {"hostile", 0, 0, G_OPTION_ARG_NONE, &hostile,
         "Alter what members get; see whether any breaks", NULL},
        {"seeds", 0, 0, G_OPTION_ARG_STRING, &range, "Which worlds to run", "FIRST-LAST"},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("— simulated places");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 64;
    }
    guint64 first = 1, last = 10;
    if (range && sscanf(range, "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, &first, &last) == 1)
        last = first;

    /* Memory is quick, and a crash here is one of the program, not of the machine. */
    const char *base = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir();
    Totals totals = {0};
    for (guint64 seed = first; seed <= last; seed++) {
        g_autofree char *directory = g_build_filename(base, "backfence-sim-XXXXXX", NULL);
        if (!g_mkdtemp(directory)) {
            fprintf(stderr, "%s: %s\n", directory, g_strerror(errno));
            return 74;
        }
        run(seed, directory, &totals);
        remove_tree(directory);
    }
    printf("seeds %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
           ": %u failed; %u nodes, %u messages, healed within %.1f s\n",
           first, last, totals.failed, totals.nodes, totals.messages,
           (double)totals.healing_us / G_USEC_PER_SEC);
    return totals.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
