#include "relay/bucket.h"

#include <glib.h>
#include <math.h>

static void refill(Bucket *bucket, double rate, double burst, int64_t now_us)
{
    if (bucket->at_us == 0)
        bucket->tokens = burst;
    else
        bucket->tokens = MIN(burst, bucket->tokens + (double)(now_us - bucket->at_us) / 1e6 * rate);
    bucket->at_us = MAX(now_us, 1);
}

uint32_t bucket_take(Bucket *bucket, double rate, double burst, int64_t now_us)
{
    refill(bucket, rate, burst, now_us);
    if (bucket->tokens >= 1.0) {
        bucket->tokens -= 1.0;
        return 0;
    }
    return (uint32_t)MAX(1.0, ceil((1.0 - bucket->tokens) / rate * 1000.0));
}

double bucket_take_some(Bucket *bucket, double rate, double burst, double least, double most,
                        int64_t now_us, int64_t *wait_us)
{
    refill(bucket, rate, burst, now_us);
    if (bucket->tokens < least) {
        *wait_us = MAX(1, (int64_t)ceil((least - bucket->tokens) / rate * 1e6));
        return 0.0;
    }
    double taken = MIN(most, floor(bucket->tokens));
    bucket->tokens -= taken;
    return taken;
}
