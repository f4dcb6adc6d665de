#pragma once
/* Shared by the files of the dock only. */

#include "tests/unit/app/dock.h"

typedef struct {
    uint8_t transfer[TRANSFER_SIZE];
    char *address; /* NULL: the relay */
    bool done;
} DockDial;

typedef struct {
    uint8_t from[KEY_SIZE];
    Wire__Note *note;
} DockLetter;

typedef struct {
    uint64_t id;
    char **paths;
    char *directory;
} DockJob;

typedef struct {
    ConversationId conversation;
    Offer *offer;
    uint8_t token[TOKEN_SIZE];
} DockPost;

/* For pointer arrays. */
void dock_free_dial(gpointer data);
void dock_free_letter(gpointer data);
void dock_free_job(gpointer data);
void dock_free_post(gpointer data);

/* NULL: nobody. */
DockMember *dock_by_key(Dock *dock, const uint8_t *key);
/* What a member's Transfers asks for; `user` is the DockMember. */
extern const TransfersOutput dock_output;
/* The stand-in for a worker ends; what it met loses its other end. */
void dock_end_worker(DockWorker *worker, const WorkerResult *result);
