#pragma once
/* Made-up places for tests of the face: a lively one like those in the design, and ones for single
 * states. */

#include "app/model.h"
#include "ui/face.h"

/* 2024-05-06 12:04:00 UTC, a Monday. */
#define SAMPLE_NOW_MS INT64_C(1714997040000)
#define SAMPLE_NOW_US (INT64_C(5000) * G_USEC_PER_SEC)

typedef struct {
    LinkState link;
    int64_t link_since_us;
    const char *why, *finding;
    bool first_run, wants_connect;
    bool no_network;
    CarriedBy carried;          /* CARRIED_BY_NOBODY: by a relay; a person is Mira */
    bool moves;                 /* the room moved, twice */
    bool fork;                  /* somebody's device contradicts itself */
    bool moderated;             /* admins, acts, an announcement, a topic */
    const char *barred;         /* why nobody lets one in; NULL: somebody does */
    const char *passphrase_why; /* a locked place asks; "" at first; NULL: none does */
    bool alone;                 /* nobody else, nothing said */
    bool no_place;              /* never joined: no place, no conversations */
    bool deliveries;            /* sending, failed, actions, notices, kinds of newer versions */
    bool scripts;               /* many writing systems */
    bool twins;                 /* two people of one name */
    unsigned choices;
    unsigned history; /* this many older messages in #general */
    unsigned extra;   /* and newer ones */
    unsigned unread;
    bool more_before;
    bool giant;           /* one message of 16 KiB */
    const char *repeated; /* one message of this, again and again up to 16 KiB */
    const char *files;    /* a scene of sample_files.c in #general … */
    bool files_direct;    /* … or in the direct with Mira, which comes first */
    unsigned accepted;    /* this many people are accepted unasked */
    uint64_t version;
} Sample;

/* Transfer full. */
Model *sample_model(const Sample *sample);
/* A landscape that fits into these pixels; lives as long as the program. */
Picture *sample_picture(int width, int height);
/* The id of the direct with Mira. */
const char *sample_direct(void);

/* What a face told its host, one line each ("say #general hello"). */
typedef struct {
    GString *log;
    char *clipboard;
    char *primary;
    Preferences preferences;
    unsigned attentions;
    bool portal;     /* there is a chooser of the desktop … */
    unsigned ticket; /* … asked with this */
    PasteAnswer paste;
    Picture *(*picture)(int width, int height); /* any picture; NULL: none is ever ready */
    uint32_t picture_width, picture_height;     /* of any; 0: not known */
} Recorder;

Recorder *recorder_new(void);
void recorder_free(Recorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recorder, recorder_free)
extern const FaceHost recorder_host;
