#pragma once
/* Made-up offers and transfers for tests of the face. */

#include "app/model_build.h"

/* Who may offer and receive, in this order; the first is this person. */
typedef struct {
    const Person *people[6];
    int64_t now_ms;
} SampleFiles;

/* Adds the messages of the scene `name` to the conversation added last, and the transfers that
 * belong to them; fails the program when there is no such scene. */
void sample_files(ModelBuilder *builder, const SampleFiles *files, const char *name);
/* The id of the transfer that was made as the `index`-th, in hex; transfer full. */
char *sample_transfer_hex(unsigned index);
