#pragma once
/* What a view put on the screen, as a tree: the same nodes serve hit testing, the order of focus
 * and the queries of tests.
 *
 * A tree lives for one frame; all of its memory, strings included, is in its arena. Ids are stable
 * from frame to frame ("sidebar/#general"), so focus, hover and press are remembered by id. UI
 * thread only. */

#include "ui/draw.h"

typedef enum {
    ROLE_GROUP,
    ROLE_PANE, /* F6 goes from one to the next */
    ROLE_DIALOG,
    ROLE_LIST,
    ROLE_ITEM,
    ROLE_BUTTON,
    ROLE_FIELD,
    ROLE_LINK,
    ROLE_CHECK,
    ROLE_TEXT,
    ROLE_STATUS /* spoken when it changes: notices, typing, link */
} Role;

typedef enum {
    NODE_FOCUSABLE = 1 << 0,
    NODE_FOCUSED = 1 << 1,
    NODE_HOVERED = 1 << 2,
    NODE_PRESSED = 1 << 3,
    NODE_DISABLED = 1 << 4,
    NODE_SELECTED = 1 << 5,
    NODE_CHECKED = 1 << 6,
    NODE_TAB_SKIP = 1 << 7, /* focusable by arrow keys or pointer, not by Tab */
    NODE_BLOCKS = 1 << 8    /* takes the pointer from everything below it */
} NodeState;

typedef struct Node Node;
struct Node {
    const char *id;
    Role role;
    const char *name;     /* what a screen reader says */
    unsigned state;       /* NodeState bits */
    Rect rect;            /* what is seen of it */
    const char *command;  /* of ui/keys.h, run by a click or Enter; NULL: none */
    const char *argument; /* of the command; NULL: none */
    Node *parent, *first, *last, *next;
};

typedef struct NodeTree NodeTree;

NodeTree *node_tree_new(void);
void node_tree_free(NodeTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeTree, node_tree_free)
/* Forgets all nodes and keeps the memory for the next frame. */
void node_tree_clear(NodeTree *tree);
/* A copy that lives as long as the tree's frame. */
const char *node_tree_copy(NodeTree *tree, const char *text);

/* The root, made by the first node_push(). */
Node *node_tree_root(const NodeTree *tree);
/* Opens a node inside the open one; strings are copied. The rect is cut to the clips around it. */
Node *node_push(NodeTree *tree, const char *id, Role role, const char *name, Rect rect);
void node_pop(NodeTree *tree);
/* A node without children. */
Node *node_add(NodeTree *tree, const char *id, Role role, const char *name, Rect rect);
void node_set_command(NodeTree *tree, Node *node, const char *command, const char *argument);
/* Later rects are cut to `rect` until the pop. */
void node_push_clip(NodeTree *tree, Rect rect);
void node_pop_clip(NodeTree *tree);

/* The topmost node at a point; later siblings are above earlier ones. NULL when there is none. */
Node *node_at(const NodeTree *tree, int x, int y);
Node *node_find(const NodeTree *tree, const char *id);
/* The first node, in order, with this role and name. */
Node *node_query(const NodeTree *tree, Role role, const char *name);
/* The nearest node at or above `node` with this role. */
Node *node_ancestor(Node *node, Role role);
/* The focusable node after (or before) `id` in reading order inside `scope` (NULL: everywhere),
 * around the ends; NULL when there is none. */
Node *node_next_focus(const NodeTree *tree, Node *scope, const char *id, bool forward);
/* The pane after (or before) the one that holds `id`. */
Node *node_next_pane(const NodeTree *tree, const char *id, bool forward);
/* Lines of "role name [states]", indented: for tests. */
char *node_dump(const NodeTree *tree);

/* Less by so much on all sides. */
Rect rect_inset(Rect rect, int by);
