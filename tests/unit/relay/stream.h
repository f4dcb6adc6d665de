#pragma once
/* Long streams of bytes through blocking sockets, checked byte by byte, on threads, while the
 * default context is iterated. */

#include <stddef.h>

void stream_set_blocking(int fd);
/* `there` bytes from a to b, `back` bytes from b to a, each closed behind its last; returns when
 * all have arrived. */
void stream_both_ways(int a, int b, size_t there, size_t back);
/* On a thread: one more is done. `done` is atomic. */
void stream_count(int *done);
/* Iterates the default context until so many are; aborts after 30 s. */
void stream_await(int *done, int enough);
