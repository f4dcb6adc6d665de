#include "tests/bench/histogram.h"

/* Below HISTOGRAM_STEPS each value has a bucket of its own; above, an octave has 64. */
void histogram_add(Histogram *histogram, uint64_t value)
{
    unsigned octave = 0;
    while (value >= HISTOGRAM_STEPS * 2 && octave < HISTOGRAM_OCTAVES - 2) {
        value >>= 1;
        octave++;
    }
    if (value >= HISTOGRAM_STEPS) {
        value = value < HISTOGRAM_STEPS * 2 ? value - HISTOGRAM_STEPS : HISTOGRAM_STEPS - 1;
        octave++;
    }
    histogram->buckets[octave][value]++;
    histogram->count++;
}

static uint64_t upper_edge(unsigned octave, unsigned step)
{
    return octave == 0 ? step : ((uint64_t)(HISTOGRAM_STEPS + step + 1) << (octave - 1)) - 1;
}

uint64_t histogram_quantile(const Histogram *histogram, double fraction)
{
    uint64_t wanted = (uint64_t)((double)histogram->count * fraction), seen = 0;
    for (unsigned octave = 0; octave < HISTOGRAM_OCTAVES; octave++) {
        for (unsigned step = 0; step < HISTOGRAM_STEPS; step++) {
            seen += histogram->buckets[octave][step];
            if (seen > wanted || (seen == histogram->count && seen > 0))
                return upper_edge(octave, step);
        }
    }
    return 0;
}
