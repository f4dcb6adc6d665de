#pragma once
/* What the files of the member share; nobody else includes it. */

#include "app/host.h"
#include "app/member.h"
#include "relay/dialer.h"

/* A node that was seen, under the number that the session knows it by. */
typedef struct {
    uint64_t id;
    Candidate *candidate;
    bool kept; /* joined once: may be dialled again though nobody sees it any more */
} Known;

/* A link that was just made. */
typedef struct {
    Link *link;
    uint64_t id;
    const uint8_t *key;
    GSocketAddress *address;
} Dialled;

/* Its files; member_files.c. */
typedef struct MemberFiles MemberFiles;

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
    MemberFiles *files;
    bool started; /* nothing is reported before */
    GSource *timer;
    GArray *known; /* Known */
    uint64_t last_id;
    char *wanted; /* an address typed while running, to be chosen when it is resolved */

    uint64_t chosen; /* by the person, and not joined yet; 0: nothing */
    bool chosen_has_place, has_chosen_place;
    uint8_t choice[PLACE_SIZE];       /* its place */
    uint8_t chosen_place[PLACE_SIZE]; /* on this network, now or earlier */

    GCancellable *unlocking; /* a passphrase is made into a secret; NULL: none is */

    Host *host;                         /* NULL: never serves */
    GSource *gateway_wait;              /* for the gateway's answer; NULL: not */
    char gateways[NETWORK_ROUTES_SIZE]; /* that were waited for */
    bool loopback;
    bool leaving;
    bool quiet; /* nothing is served here any more, for good */

    Dialer *dialer;
    uint64_t dialling;             /* Known.id, or one of the session's own; the last one */
    GSocketAddress *answered_last; /* of the last dial that succeeded */
    Link *link;
    uint64_t linked;          /* as `dialling` */
    uint8_t peer[KEY_SIZE];   /* of the link */
    GSocketAddress *answered; /* of the link */
    Dialled *dialled;   /* while session_dialled() decides whether it takes the place of `link` */
    GPtrArray *parting; /* Link that are finishing */
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
void member_export(uint8_t *out, void *user);
/* Reports that the member has left, if nothing is finishing any more. */
void member_schedule_left(Member *member);

/* member_host.c: for SessionOutput. */
bool member_serve(void *user);
void member_retire(const uint8_t *key, char *const *addresses, void *user);
void member_tell_network(Member *member);
/* Ends what member_tell_network() may have begun. */
void member_stop_waiting(Member *member);
/* A place was joined on the present network. */
void member_keep_place(Member *member);

/* member_unlock.c */
/* What a passphrase becomes is not waited for any more. */
void member_unlock_stop(Member *member);

/* member_choice.c */
/* What was chosen on the present network. */
void member_load_choice(Member *member);
/* PLACE_SIZE bytes; NULL: nothing. */
const uint8_t *member_chosen_place(const Member *member);
/* A place was joined: if it is what the person chose, that is remembered. */
void member_keep_choice(Member *member);

/* member_files.c */
MemberFiles *member_files_new(Member *member, GError **error);
/* Workers stop without a word. */
void member_files_free(MemberFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemberFiles, member_files_free)
/* Takes in what the log and the outbox hold already. */
void member_files_start(MemberFiles *files);
/* Before faces hear of it, so that they find the transfer of an offer. */
void member_files_event(MemberFiles *files, const SessionEvent *event);
/* Monotonic µs of the next call; INT64_MAX: nothing to wait for. */
int64_t member_files_tick(MemberFiles *files);
/* Tells the others that this program ends, and stops the workers; before the link is given up. */
void member_files_leave(MemberFiles *files);

/* member_find.c */
void member_tell_candidates(Member *member);
/* NULL when it is forgotten. */
Candidate *member_candidate(Member *member, uint64_t id);
/* Its number stays for good. */
void member_keep_candidate(Member *member, uint64_t id);
gboolean member_open_finder(Member *member, const MemberOptions *options, GError **error);
