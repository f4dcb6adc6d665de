#pragma once
/* What the files of the carrier share; nobody else includes it. */

#include "relay/admission.h"
#include "relay/bucket.h"
#include "relay/carrier.h"
#include "relay/link.h"
#include "relay/listener.h"

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

struct Carrier {
    Poller *poller;
    Listener *listener;
    PollerWatch *timer;
    Tls *tls;
    Hub *hub;
    Meetings *meetings;
    Admission admission;
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
