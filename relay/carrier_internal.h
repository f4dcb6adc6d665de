#pragma once
/* What the files of the carrier share; nobody else includes it. */

#include "relay/admission.h"
#include "relay/bucket.h"
#include "relay/carrier.h"
#include "relay/link.h"
#include "relay/listener.h"
#include "relay/verifier.h"

typedef struct {
    Carrier *carrier;
    Link *link;
    HubLink *hub_link; /* NULL before TLS is through, after the hub closed it, and for data */
    bool data;         /* a data connection, that has said nothing yet */
    bool meets;        /* a data connection that waits for the other one */
    AdmissionEntry entry;
    int64_t deadline_us;
    GList node; /* in `admitted`, unless the entry waits */
    uint8_t key[KEY_SIZE];
} Connection;

/* carrier_batch.c */
typedef struct {
    GArray *kept;  /* messages of members, in the order in which they came */
    size_t bytes;  /* of these */
    GArray *jobs;  /* VerifierJob, while they are given to the hub */
    unsigned next; /* the job that the hub will ask for next, perhaps */
    bool busy;
    Verifier *verifier;
} CarrierBatch;

struct Carrier {
    Poller *poller;
    Listener *listener;
    PollerWatch *timer;
    Tls *tls;
    Hub *hub;
    Meetings *meetings;
    Admission admission;
    CarrierBatch batch;
    GQueue admitted;  /* Connection, by `node` */
    unsigned refused; /* not reported yet */
    int64_t report_us;
    char address[SOURCE_ADDRESS_TEXT]; /* asked for last */
    Bucket reports;
    unsigned suppressed; /* lines that the bucket left out */
    void (*report)(const char *event, const char *detail, void *user);
    char *(*claim)(const uint8_t *key, const char *code, void *user);
    void (*renamed)(void *user);
    void *user; /* of these three */
    bool shutting_down;
    void (*done)(void *user); /* to be called when all links are closed */
    void *done_user;
};

/* One line in the log, unless there were too many. */
void carrier_report(Carrier *carrier, const char *event, const char *detail);
/* The limits of those who wait do not hold any more. */
void carrier_admit(Connection *connection);
/* Cuts and frees it. */
void carrier_remove(Connection *connection);

/* carrier_meeting.c */
void carrier_make_meetings(Carrier *carrier, const MeetingLimits *limits);
/* What came on a data connection. It may be gone after it. */
void carrier_data_message(Connection *connection, const uint8_t *message, size_t length);

/* carrier_batch.c */
void carrier_make_batch(Carrier *carrier);
void carrier_free_batch(Carrier *carrier);
/* What an admitted member sent; until the end of the round, or until there is much of it. */
void carrier_keep(Connection *connection, const uint8_t *message, size_t length);
/* Gives all of it to the hub. Before a connection goes, and before anything else is to come after
 * it. Does nothing when it is called from inside itself. */
void carrier_flush_batch(Carrier *carrier);
/* HubOutput.verify */
bool carrier_verify(const uint8_t *body, size_t length, const uint8_t *signature,
                    const uint8_t *author, void *user);
