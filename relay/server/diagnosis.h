#pragma once
/* What the doctor found, and the examinations that need nothing but this machine. */

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdint.h>

typedef enum {
    DIAGNOSIS_FINE,
    DIAGNOSIS_DOUBT, /* may be the reason */
    DIAGNOSIS_FAULT,
} DiagnosisGrade;

typedef struct Diagnosis Diagnosis;

Diagnosis *diagnosis_new(void);
void diagnosis_free(Diagnosis *diagnosis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diagnosis, diagnosis_free)

/* One finding: `subject` is a word for programs, `what` and `advice` (may be NULL) sentences. */
void diagnosis_add(Diagnosis *diagnosis, DiagnosisGrade grade, const char *subject,
                   const char *what, const char *advice);
unsigned diagnosis_faults(const Diagnosis *diagnosis);

/* Interfaces that are up, can do multicast, have addresses; and whether the default route leads
 * into a tunnel. */
void diagnosis_network(Diagnosis *diagnosis);
/* Unix milliseconds. */
void diagnosis_clock(Diagnosis *diagnosis, int64_t wall_ms);
/* Of the data directory: rights and room. */
void diagnosis_disk(Diagnosis *diagnosis, const char *directory);

/* On stdout: for people, the faults last; one JSON object. */
void diagnosis_print(const Diagnosis *diagnosis);
void diagnosis_print_json(const Diagnosis *diagnosis);
