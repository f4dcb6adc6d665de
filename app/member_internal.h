#pragma once
/* What the files of the member share; nobody else includes it. */

#include "app/dialer.h"
#include "app/member.h"

/* A node that was seen, under the number that the session knows it by. */
typedef struct {
    uint64_t id;
    Candidate *candidate;
} Known;

struct Member {
    GMainContext *context;
    MemberEvents events;
    void *user;
    char *data_dir;
    Identity *identity;
    Keyring *keyring;
    Store *store;
    Tls *tls;
    Poller *poller;
    Finder *finder;
    Session *session;
    bool started; /* nothing is reported before */
    GSource *timer;
    GArray *known; /* Known */
    uint64_t last_id;
    char *wanted; /* an address typed while running, to be chosen when it is resolved */

    Dialer *dialer;
    uint64_t dialling; /* Known.id */
    Link *link;
    uint64_t linked;     /* Known.id */
    GPtrArray *parting;  /* Link that are finishing */
    GPtrArray *answered; /* GSocketAddress of the link, for remembering */
    uint8_t peer[KEY_SIZE];
    void (*left)(void *user);
    void *left_user;
    GSource *left_source;
};

/* A finishing link; frees it. */
void parting_free(gpointer parting);

/* member_link.c: for SessionOutput. */
void member_dial(uint64_t id, void *user);
void member_hang_up(void *user);
bool member_send(GBytes *frame, void *user);
/* member_left() is reported once nothing is finishing any more. */
void member_schedule_left(Member *member);

/* member_find.c */
void member_tell_candidates(Member *member);
/* NULL when it is forgotten. */
Candidate *member_candidate(Member *member, uint64_t id);
gboolean member_open_finder(Member *member, const MemberOptions *options, GError **error);
