#pragma once
/* Long streams of bytes through blocking sockets, checked byte by byte, on threads, while the
 * default context is iterated. */

#include <stddef.h>

void stream_set_blocking(int fd);
/* `there` bytes from a to b, `back` bytes from b to a, each closed behind its last; returns when
 * all have arrived. */
void stream_both_ways(int a, int b, size_t there, size_t back);
