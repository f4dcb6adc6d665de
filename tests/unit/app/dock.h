#pragma once
/* Some members whose Transfers are wired to each other without sockets: notes are carried, dials
 * lead where the network lets them, and stand-ins for workers meet in pairs. The clock is virtual,
 * listings are real. */

#include "app/files/transfers.h"

#define DOCK_MAX 24

/* One end of a channel. */
typedef struct {
    struct Dock *dock;
    unsigned member;
    WorkerConfig config;
    OpeningKind kind;
    uint8_t ticket[TRANSFER_SIZE], peer[KEY_SIZE];
    bool sends, opened, over;
    Worker *other; /* NULL: not there yet, or gone */
    int stop;      /* Why; -1: none */
    uint64_t bytes, total;
    WorkerPhase phase;
    char *into;
} DockWorker;

typedef struct {
    struct Dock *dock;
    unsigned index;
    uint8_t key[KEY_SIZE];
    char *name;
    Store *store;
    char *data_dir;
    Transfers *transfers;
    bool here;       /* linked to the relay */
    bool undialable; /* nobody reaches its addresses */
    bool relay_refuses;
    GPtrArray *dials;   /* DockDial */
    GPtrArray *workers; /* DockWorker */
    GPtrArray *inbox;   /* DockLetter */
    GPtrArray *jobs;    /* DockJob */
    GPtrArray *posted;  /* DockPost: what it said; others hear of it */
    unsigned changes, discards, gone;
    char *notice;     /* the last */
    unsigned answers; /* notes sent */
    unsigned touched;
} DockMember;

typedef struct Dock {
    char *directory;
    int64_t now_us;
    uint64_t random;
    uint8_t place[PLACE_SIZE];
    DockMember members[DOCK_MAX];
    unsigned count;
    bool drop_notes;   /* they vanish, unreturned */
    bool hold_tickets; /* who dialled does not show its ticket */
    bool refuse_dials; /* refused at once; else they time out */
    unsigned pairs_made;
} Dock;

Dock *dock_new(unsigned count);
void dock_free(Dock *dock);
/* The program of a member ends (`kill`: without a word) and begins again. */
void dock_stop(Dock *dock, unsigned member, bool kill);
void dock_start(Dock *dock, unsigned member);
void dock_restart(Dock *dock, unsigned member);
/* The link to the relay. */
void dock_here(Dock *dock, unsigned member, bool here);

/* Carries everything that waits, until nothing does. */
void dock_run(Dock *dock);
/* Lets time pass, timer by timer. */
void dock_pass(Dock *dock, int64_t us);

/* A file of that name with some bytes; its path. Transfer full. */
char *dock_file(Dock *dock, const char *name);
/* Offers a file, to one or (`to` < 0) in the room; everybody hears of it. */
void dock_offer(Dock *dock, unsigned from, int to, const char *name);
/* Tells `member` again what `from` said, as history. */
void dock_tell(Dock *dock, unsigned from, unsigned member, bool live);

/* The newest transfer of a member, and the one with `peer`; transfer full, never NULL. */
Transfer *dock_newest(Dock *dock, unsigned member);
Transfer *dock_with(Dock *dock, unsigned member, unsigned peer);
TransferState dock_state(Dock *dock, unsigned member, unsigned peer);
void dock_accept(Dock *dock, unsigned member);
/* The channel end of a member that stands now; NULL: none. */
DockWorker *dock_worker(Dock *dock, unsigned member);
unsigned dock_workers(Dock *dock, unsigned member);
/* Both ends moved so much. */
void dock_move(DockWorker *worker, uint64_t bytes);
/* Everything arrived. */
void dock_finish(Dock *dock, DockWorker *worker);
/* The connection breaks. */
void dock_lose(Dock *dock, DockWorker *worker);
void dock_fail(Dock *dock, DockWorker *worker, const char *code, Wire__Why told, const char *text);
/* Has it nothing to wait for? */
bool dock_sleeps(Dock *dock, unsigned member);
