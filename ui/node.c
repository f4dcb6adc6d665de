#include "ui/node.h"

#include <stddef.h>
#include <string.h>

#define CHUNK_BYTES 16384

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *next;
    size_t size;
    max_align_t bytes[];
};

struct NodeTree {
    Chunk *chunks;  /* owned; the one being filled is `current` */
    Chunk *current; /* NULL before the first allocation of a frame */
    size_t used;    /* bytes of `current` */
    Node *root;
    Node *open;
    GArray *clips; /* Rect */
};

NodeTree *node_tree_new(void)
{
    NodeTree *tree = g_new0(NodeTree, 1);
    tree->clips = g_array_new(FALSE, FALSE, sizeof(Rect));
    return tree;
}

void node_tree_free(NodeTree *tree)
{
    if (!tree)
        return;
    while (tree->chunks) {
        Chunk *chunk = tree->chunks;
        tree->chunks = chunk->next;
        g_free(chunk);
    }
    g_array_unref(tree->clips);
    g_free(tree);
}

void node_tree_clear(NodeTree *tree)
{
    tree->current = NULL;
    tree->used = 0;
    tree->root = NULL;
    tree->open = NULL;
    g_array_set_size(tree->clips, 0);
}

static void *allocate(NodeTree *tree, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    Chunk *chunk = tree->current;
    while (!chunk || tree->used + size > chunk->size) {
        Chunk **link = chunk ? &chunk->next : &tree->chunks;
        if (!*link) {
            size_t bytes = MAX(size, CHUNK_BYTES);
            *link = g_malloc(sizeof(Chunk) + bytes);
            (*link)->next = NULL;
            (*link)->size = bytes;
        }
        chunk = tree->current = *link;
        tree->used = 0;
    }
    void *memory = (char *)chunk->bytes + tree->used;
    tree->used += size;
    return memory;
}

const char *node_tree_copy(NodeTree *tree, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = allocate(tree, size);
    memcpy(copy, text, size);
    return copy;
}

Node *node_tree_root(const NodeTree *tree)
{
    return tree->root;
}

Node *node_add(NodeTree *tree, const char *id, Role role, const char *name, Rect rect)
{
    Node *node = allocate(tree, sizeof *node);
    *node = (Node){.role = role, .parent = tree->open};
    node->id = node_tree_copy(tree, id);
    node->name = node_tree_copy(tree, name ? name : "");
    if (tree->clips->len)
        rect = rect_intersect(rect, g_array_index(tree->clips, Rect, tree->clips->len - 1));
    node->rect = rect;
    if (!tree->open) {
        g_assert(!tree->root);
        tree->root = node;
    } else if (tree->open->last) {
        tree->open->last->next = node;
        tree->open->last = node;
    } else {
        tree->open->first = tree->open->last = node;
    }
    return node;
}

Node *node_push(NodeTree *tree, const char *id, Role role, const char *name, Rect rect)
{
    tree->open = node_add(tree, id, role, name, rect);
    return tree->open;
}

void node_pop(NodeTree *tree)
{
    g_assert(tree->open);
    tree->open = tree->open->parent;
}

void node_set_command(NodeTree *tree, Node *node, const char *command, const char *argument)
{
    node->command = node_tree_copy(tree, command);
    node->argument = node_tree_copy(tree, argument);
}

void node_push_clip(NodeTree *tree, Rect rect)
{
    if (tree->clips->len)
        rect = rect_intersect(rect, g_array_index(tree->clips, Rect, tree->clips->len - 1));
    g_array_append_val(tree->clips, rect);
}

void node_pop_clip(NodeTree *tree)
{
    g_assert(tree->clips->len);
    g_array_set_size(tree->clips, tree->clips->len - 1);
}

/* In order, parents first. */
static Node *following(const Node *node)
{
    if (node->first)
        return node->first;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

Node *node_at(const NodeTree *tree, int x, int y)
{
    Node *found = NULL;
    for (Node *node = tree->root; node; node = following(node)) {
        if (rect_contains(node->rect, x, y))
            found = node;
    }
    return found;
}

Node *node_find(const NodeTree *tree, const char *id)
{
    if (!id)
        return NULL;
    for (Node *node = tree->root; node; node = following(node)) {
        if (node->id && strcmp(node->id, id) == 0)
            return node;
    }
    return NULL;
}

Node *node_query(const NodeTree *tree, Role role, const char *name)
{
    for (Node *node = tree->root; node; node = following(node)) {
        if (node->role == role && strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

Node *node_ancestor(Node *node, Role role)
{
    while (node && node->role != role)
        node = node->parent;
    return node;
}

static bool inside(const Node *node, const Node *scope)
{
    for (; node; node = node->parent) {
        if (node == scope)
            return true;
    }
    return scope == NULL;
}

static bool takes_focus(const Node *node)
{
    unsigned state = node->state;
    return (state & NODE_FOCUSABLE) && !(state & (NODE_DISABLED | NODE_TAB_SKIP)) &&
           node->rect.w > 0 && node->rect.h > 0;
}

Node *node_next_focus(const NodeTree *tree, Node *scope, const char *id, bool forward)
{
    Node *first = NULL;
    Node *last = NULL;
    Node *before = NULL;
    bool passed = false;
    for (Node *node = tree->root; node; node = following(node)) {
        bool here = id && node->id && strcmp(node->id, id) == 0;
        if (here && !forward && before)
            return before;
        if (takes_focus(node) && inside(node, scope)) {
            if (passed && forward)
                return node;
            if (!here)
                before = node;
            first = first ? first : node;
            last = node;
        }
        passed = passed || here;
    }
    return forward ? first : last;
}

Node *node_next_pane(const NodeTree *tree, const char *id, bool forward)
{
    Node *holder = node_ancestor(node_find(tree, id), ROLE_PANE);
    Node *first = NULL;
    Node *before = NULL;
    bool passed = false;
    for (Node *node = tree->root; node; node = following(node)) {
        if (node->role != ROLE_PANE || node->rect.w <= 0)
            continue;
        if (passed && forward)
            return node;
        if (node == holder) {
            passed = true;
            if (!forward && before)
                return before;
        }
        first = first ? first : node;
        before = node;
    }
    return forward ? first : before;
}

static const char *role_name(Role role)
{
    static const char *const names[] = {"group", "pane", "dialog", "list", "item",  "button",
                                        "field", "link", "check",  "text", "status"};
    return names[role];
}

char *node_dump(const NodeTree *tree)
{
    static const char *const states[] = {NULL,       "focused",  "hovered", "pressed",
                                         "disabled", "selected", "checked"};
    GString *out = g_string_new(NULL);
    for (Node *node = tree->root; node; node = following(node)) {
        for (Node *up = node->parent; up; up = up->parent)
            g_string_append(out, "  ");
        g_string_append_printf(out, "%s \"%s\"", role_name(node->role), node->name);
        for (unsigned bit = 0; bit < G_N_ELEMENTS(states); bit++) {
            if (states[bit] && (node->state & 1u << bit))
                g_string_append_printf(out, " [%s]", states[bit]);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

Rect rect_inset(Rect rect, int by)
{
    return (Rect){rect.x + by, rect.y + by, MAX(rect.w - 2 * by, 0), MAX(rect.h - 2 * by, 0)};
}
