#pragma once
/* Verifies the signatures of many events at once, on as many processors as there are: a
 * verification costs as much as fifty deliveries, and the thread that delivers has other things to
 * do. The caller's thread takes part, and waits for the others. */

#include "relay/limits.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *body; /* `length` bytes, at most EVENT_MAX */
    size_t length;
    const uint8_t *signature; /* SIGNATURE_SIZE bytes */
    const uint8_t *author;    /* KEY_SIZE bytes */
    bool valid;               /* the answer */
} VerifierJob;

typedef struct Verifier Verifier;

/* Threads come with the first run that is worth it; none on a machine of one processor. */
Verifier *verifier_new(void);
void verifier_free(Verifier *verifier);

/* Answers all jobs. One caller at a time. */
void verifier_run(Verifier *verifier, VerifierJob *jobs, unsigned count);
