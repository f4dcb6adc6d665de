#pragma once
/* An app without a face, as a process: a real Member that is told what to do by lines and tells
 * what happens. node_process.h is the other end.
 *
 *   say TEXT | where | held | quit
 *   joining US | joined US | message US TEXT | newest US | where serving|linked|nowhere KEY ADDRESS
 *   held NUMBER
 *
 * US is the monotonic clock, which all processes share. */

#define NODE_ARGUMENT "node"

/* The message that is the one numbered so in a history made by history_fill(); they are counted
 * until the newest page is seen whole. */
#define NODE_PAGE 50

/* node DIRECTORY NAME CONNECT|- NEWEST */
int node_run(int argc, char **argv);
