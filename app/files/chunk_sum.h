#pragma once
/* The checksum of a chunk: XXH3-128, canonical (big-endian), by libxxhash. It finds what a disk or
 * a crash spoilt; against people there is TLS. */

#include "relay/limits.h"

#include <stddef.h>

/* CHUNK_SUM_SIZE bytes into `sum`. */
void chunk_sum(const void *bytes, size_t length, uint8_t *sum);
