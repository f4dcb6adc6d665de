#pragma once
/* A history that is the same each time: messages of some authors in turn, a millisecond apart. */

#include "relay/log.h"

/* Puts messages 1 … `count` into the log of the place that `data_dir` of an app joined last: on any
 * network that cannot be told from others. */
void history_fill(const char *data_dir, unsigned count, unsigned authors);
/* How many messages of such a history are in the log. */
uint64_t history_held(Log *log);
/* Of such a message; 0: something else. */
uint64_t history_number(const char *text);
