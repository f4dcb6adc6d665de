/* Disks that are put back to a copy, die or fill up, and which messages then may be lost in all
 * honesty: what no log holds any more, and the outbox of one who was put back. */
#include "tests/sim/world_internal.h"

#include <glib/gstdio.h>
#include <string.h>

/* Of directories with one level below. */
static void remove_files(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_files(child);
        else
            g_unlink(child);
    }
}

static void copy_files(const char *from, const char *to)
{
    g_autoptr(GDir) directory = g_dir_open(from, 0, NULL);
    const char *name = NULL;
    g_mkdir_with_parents(to, 0700);
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
            copy_files(source, target);
            continue;
        }
        g_autofree char *bytes = NULL;
        size_t length = 0;
        g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
        g_assert_true(g_file_set_contents_full(target, bytes, (gssize)length,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

static char *copy_of(const Node *node)
{
    return g_strdup_printf("%s/copy-%u", node->world->directory, node->index);
}

/* A bit for each message that the node's log holds. */
static GByteArray *held_by(const Node *node)
{
    World *world = node->world;
    GByteArray *held = g_byte_array_new();
    g_byte_array_set_size(held, world->said->len + 1);
    memset(held->data, 0, held->len);
    g_autofree char *directory =
        node->relay ? g_strdup(node->directory) : g_build_filename(node->directory, "place", NULL);
    g_autofree char *file = g_build_filename(directory, "log.db", NULL);
    g_autoptr(Log) closed = NULL;
    Log *log = node->log;
    if (!log && g_file_test(file, G_FILE_TEST_EXISTS))
        log = closed = log_open(directory, world_place(), NULL);
    uint64_t covered;
    g_autoptr(GArray) page =
        log ? log_page(log, NULL, 0, 0, G_MAXUINT, G_MAXSIZE, &covered, NULL) : NULL;
    for (guint i = 0; page && i < page->len; i++) {
        const Event *event = g_array_index(page, LogEntry, i).event;
        const Said *said = world_find_said(world, event_token(event));
        if (said)
            held->data[said - (Said *)(void *)world->said->data] = 1;
    }
    return held;
}

/* What was in the node's log, and is in none now, is lost. */
static void find_lost(Node *node, const GByteArray *before)
{
    World *world = node->world;
    g_autoptr(GByteArray) now = held_by(node);
    g_autofree uint8_t *lost = g_malloc0(world->said->len + 1);
    bool any = false;
    for (guint i = 0; i < world->said->len; i++)
        any |= lost[i] = before->data[i] && !now->data[i];
    for (unsigned j = 0; any && j < world->node_count; j++) {
        if (j == node->index)
            continue;
        g_autoptr(GByteArray) others = held_by(&world->nodes[j]);
        for (guint i = 0; i < world->said->len; i++)
            lost[i] &= !others->data[i];
    }
    for (guint i = 0; i < world->said->len; i++) {
        Said *said = &g_array_index(world->said, Said, i);
        bool author = said->author == node->index;
        said->unsaid |= lost[i] || (author && !said->told_sent);
        said->reader_reset |= said->to == (int)node->index;
        said->author_reset |= author;
        if (lost[i])
            world_trace(world, "%u is lost", i);
    }
}

void disk_copy(Node *node)
{
    world_trace(node->world, "%u is copied", node->index);
    g_autofree char *copy = copy_of(node);
    remove_files(copy);
    copy_files(node->directory, copy);
    node->copied = true;
}

void disk_put_back(Node *node)
{
    world_trace(node->world, "%u is put back", node->index);
    g_autoptr(GByteArray) before = held_by(node);
    g_autofree char *copy = copy_of(node);
    remove_files(node->directory);
    copy_files(copy, node->directory);
    find_lost(node, before);
}

void disk_lose(Node *node)
{
    world_trace(node->world, "%u loses its disk", node->index);
    g_autoptr(GByteArray) before = held_by(node);
    remove_files(node->directory);
    find_lost(node, before);
}

void disk_set_full(Node *node, bool full)
{
    world_trace(node->world, "%u has %s", node->index, full ? "a full disk" : "room on its disk");
    if (node->log)
        log_set_size_limit(node->log, full ? 1 : UINT64_MAX);
}
