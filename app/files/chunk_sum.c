#include "app/files/chunk_sum.h"

/* The library is built for the oldest processors; on these it also knows how to choose at run time,
 * which is three times as fast. */
#ifdef __x86_64__
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

void chunk_sum(const void *bytes, size_t length, uint8_t *sum)
{
    _Static_assert(sizeof(XXH128_canonical_t) == CHUNK_SUM_SIZE, "as it travels");
    XXH128_canonicalFromHash((XXH128_canonical_t *)sum, XXH3_128bits(bytes, length));
}
