#pragma once
/* A token bucket: so many actions a second, and so many at once after a rest. */

#include <stdint.h>

typedef struct {
    double tokens;
    int64_t at_us; /* 0: never used, full */
} Bucket;

/* Takes a token and returns 0, or takes none and returns after how many milliseconds (at least 1)
 * there will be one. */
uint32_t bucket_take(Bucket *bucket, double rate, double burst, int64_t now_us);

/* Takes as many tokens as there are, at most `most`, if there are at least `least`: how many. Else
 * takes none and returns 0; then `wait_us` says after how long there will be `least`, which must
 * not be above `burst`. */
double bucket_take_some(Bucket *bucket, double rate, double burst, double least, double most,
                        int64_t now_us, int64_t *wait_us);
