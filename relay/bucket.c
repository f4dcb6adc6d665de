#include "relay/bucket.h"

#include <glib.h>
#include <math.h>

uint32_t bucket_take(Bucket *bucket, double rate, double burst, int64_t now_us)
{
    if (bucket->at_us == 0)
        bucket->tokens = burst;
    else
        bucket->tokens = MIN(burst, bucket->tokens + (double)(now_us - bucket->at_us) / 1e6 * rate);
    bucket->at_us = MAX(now_us, 1);
    if (bucket->tokens >= 1.0) {
        bucket->tokens -= 1.0;
        return 0;
    }
    return (uint32_t)MAX(1.0, ceil((1.0 - bucket->tokens) / rate * 1000.0));
}
