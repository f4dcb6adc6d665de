#pragma once
/* Counts durations in buckets 1.6 % wide, for percentiles of millions of samples. */

#include <stdint.h>

#define HISTOGRAM_OCTAVES 32
#define HISTOGRAM_STEPS 64 /* buckets an octave */

typedef struct {
    uint64_t count;
    uint64_t buckets[HISTOGRAM_OCTAVES][HISTOGRAM_STEPS];
} Histogram;

void histogram_add(Histogram *histogram, uint64_t value);
/* The upper edge of the bucket where `fraction` of all values is reached; 0 when empty. */
uint64_t histogram_quantile(const Histogram *histogram, double fraction);
