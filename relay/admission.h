#pragma once
/* Connections that have not shown yet why they came: who may be among them, how many in all and
 * from one address (relay/limits.h). When there are too many the oldest gives way, since an honest
 * one is through within milliseconds. */

#include "relay/source_address.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool allow_public; /* serve also those whose address is not of this network */
    GQueue waiting;    /* AdmissionEntry, by `node`, oldest first */
} Admission;

/* Part of the connection that it stands for. */
typedef struct {
    SourceAddress from;
    void *owner;
    bool waiting; /* in the queue */
    GList node;
} AdmissionEntry;

/* Nobody waits. */
void admission_init(Admission *admission, bool allow_public);
/* Why a connection from there is not even begun; NULL: it is. Static. */
const char *admission_refusal(const Admission *admission, const SourceAddress *from);
/* The owner of the oldest, which has to go before another one comes; NULL: there is room. */
void *admission_surplus(const Admission *admission);
void admission_enter(Admission *admission, AdmissionEntry *entry, const SourceAddress *from,
                     void *owner);
/* Admitted, or gone. Does nothing when it is not waiting. */
void admission_leave(Admission *admission, AdmissionEntry *entry);
