#pragma once
/* An offer as faces see it, and how its transfer goes: one for each that came; one for an own one
 * to a person; of an own one in a room, one that stands for the offer (peer all zero, OFFERED until
 * it is withdrawn) and one for each that answered. Immutable, reference-counted (atomic): safe on
 * any thread. */

#include "relay/offer.h"

typedef enum {
    TRANSFER_OFFERED, /* nobody has decided yet */
    TRANSFER_WAITING, /* accepted; the other is away, or a way to it is being looked for */
    TRANSFER_RUNNING,
    TRANSFER_CHECKING, /* running: compares what came before a break, or makes sure it is on the
                          disk */
    TRANSFER_PAUSED,
    TRANSFER_DONE,
    TRANSFER_DECLINED,
    TRANSFER_CANCELLED, /* by a person, or the offer was withdrawn */
    TRANSFER_FAILED,
} TransferState;
/* "offered", "waiting", …: one lower-case word for programs. Static. */
const char *transfer_state_name(TransferState state);
/* DONE, DECLINED, CANCELLED, FAILED: only a person makes it move again. */
bool transfer_state_is_final(TransferState state);

typedef enum {
    TRANSFER_WAY_NONE,
    TRANSFER_WAY_DIRECT,  /* the receiver dialled the sender */
    TRANSFER_WAY_REVERSE, /* the sender dialled the receiver */
    TRANSFER_WAY_RELAY,   /* through the relay, which cannot read it */
} TransferWay;
const char *transfer_way_name(TransferWay way); /* "direct", "reverse", "relay", "" */

typedef struct {
    gatomicrefcount references;
    uint8_t id[TRANSFER_SIZE]; /* ours, for commands and programs */
    unsigned number;           /* short id for people: 1, 2, 3 … while the program runs */
    uint8_t offer[TOKEN_SIZE]; /* the id of the message that carries the offer */
    uint8_t author[KEY_SIZE];  /* who offered */
    uint8_t peer[KEY_SIZE];    /* the other one; all zero: an own offer in a room, as a whole */
    bool outgoing;
    bool in_room; /* the offer stands in a room: others decide for themselves */
    Offer *content;
    char *title; /* "mockup.fig", "photos", "3 files": made visible, for people */

    TransferState state;
    bool by_peer;     /* PAUSED, CANCELLED: the other did it */
    bool retryable;   /* FAILED */
    char *why;        /* one sentence, "" when there is nothing to say */
    const char *code; /* FAILED: a word for programs, static; else NULL */
    TransferWay way;  /* of the present or last connection */
    bool prompt;      /* OFFERED to us and new: ask the person */

    uint64_t bytes;     /* on the receiver's disk */
    uint64_t total;     /* of what is wanted */
    uint64_t rate;      /* bytes a second lately; 0 unless running */
    int64_t left_ms;    /* time left; -1 unknown */
    int64_t changed_ms; /* wall clock of the last change of state */

    char *into;       /* receiving: the folder; "" before it is decided */
    GBytes *left_out; /* receiving: items not wanted, a bit each; NULL: all wanted */
    char *path; /* where the first item is, on this machine: sending always, receiving when DONE;
                   else NULL */
    unsigned missing; /* files that the sender could not give */
} Transfer;

/* The label of an item, made visible; transfer full. */
char *transfer_item_shown(const OfferItem *item);

Transfer *transfer_ref(Transfer *transfer);
void transfer_unref(Transfer *transfer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transfer, transfer_unref)
