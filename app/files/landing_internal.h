#pragma once
/* What the parts of landing share.
 *
 * Entries of the manifest become files by names that are planned from their labels alone, so that
 * each attempt plans the same. What is done is told by one point and a few holes before it; from
 * the point on everything wanted is missing. */

#include "app/files/disk.h"
#include "app/files/journal.h"
#include "app/files/landing.h"

#include <stdatomic.h>

typedef enum {
    ITEM_WANTED,
    ITEM_LEFT_OUT,
    ITEM_READY,   /* all there, waits to be placed */
    ITEM_PLACED,  /* under its final name */
    ITEM_NOTHING, /* nothing of it could be had */
} ItemState;

typedef struct {
    ItemState state;
    char *part;     /* owned: name beside the target; NULL: not begun */
    bool in_place;  /* its folders were made, or found, since the landing was opened */
    char *final;    /* owned: name chosen last; NULL: none yet */
    uint64_t inode; /* of the part, when `final` was chosen; 0: was not known */
    char *path;     /* owned: PLACED */
} LandingItem;

enum {
    FILE_MADE = 1,
    FILE_MISSING = 2, /* cannot be had from the sender */
};

/* Of the transfer, in the names of its parts; with its NUL. */
#define LANDING_MARK_SIZE 9

/* A chunk that the journal knows. */
typedef struct {
    LandingPoint point;
    uint8_t sum[CHUNK_SUM_SIZE];
} LandingChunk;

struct Landing {
    Manifest *manifest; /* owned reference */
    GBytes *left_out;   /* owned reference or NULL */
    char *into;         /* owned */
    char mark[LANDING_MARK_SIZE];
    int state_folder;
    int into_folder;
    Journal *journal;
    bool resumed;  /* the journal told of an earlier time */
    bool failed;   /* what was noted may not be all that happened */
    bool doubtful; /* the journal has chunks that did not agree */

    LandingItem *items;  /* owned */
    const char **names;  /* owned: of each entry, in its folder; of an item: its planned name */
    uint8_t *flags;      /* owned: of each entry */
    GStringChunk *texts; /* owned: names that are not the label itself */
    GHashTable *inodes;  /* of what this made, as found: only when `resumed` */
    unsigned missing;

    LandingPoint next;
    GArray *holes; /* owned: LandingPoint, rising */
    atomic_uint_least64_t bytes;
    uint32_t swept; /* items before this were looked at when `next` passed them */
    GArray *ready;  /* owned: uint32_t, items */
    uint64_t ready_bytes;
    int64_t ready_since; /* monotonic µs, of the first */
    GHashTable *numbers; /* owned: final name without number → last number tried */

    /* Open now; -1: none. */
    int root; /* the part of a folder item */
    uint32_t root_item;
    int folder; /* below root */
    uint32_t folder_entry;
    int file;
    uint32_t file_entry;
    uint64_t unflushed; /* bytes written to `file` and not yet on their way to the disk */

    /* How to write (landing_put.c). */
    uint64_t large;   /* a file of this size is large */
    bool direct;      /* large files go straight to the disk, */
    bool past_memory; /* or at least need not stay in memory */
};

/* In the order of the stream. */
bool landing_point_before(LandingPoint a, LandingPoint b);
/* Something of it is still to come. */
bool landing_is_wanted(const Landing *landing, uint32_t item);

/* --- names (landing_plan.c) --- */

/* Plans names[] for all entries. */
void landing_plan_names(Landing *landing);
/* The name for the part of an item, and other ones when that is taken. Transfer full. */
char *landing_part_name(const Landing *landing, uint32_t item, unsigned attempt);

/* --- parts of a transfer (landing_discard.c) --- */

/* Writes LANDING_MARK_SIZE bytes. */
void landing_make_mark(const uint8_t *transfer, char *mark);
/* Removes everything in the folder that bears this mark. */
void landing_remove_parts(const char *into, const char *mark);

/* --- files (landing_file.c) --- */

/* Closes what is open. */
void landing_close_files(Landing *landing);
/* Makes the part of an item and its folders, or finds those of an earlier time. */
gboolean landing_begin_item(Landing *landing, uint32_t item, GError **error);
/* The folder that holds an entry, until the next call; -1 with errno. */
int landing_folder_of(Landing *landing, uint32_t index);
/* The entry's name there. */
const char *landing_name_of(const Landing *landing, uint32_t index);
/* The file for writing, as landing->file. */
gboolean landing_open_file(Landing *landing, uint32_t index, GError **error);

/* --- writing (landing_put.c) --- */

/* Of pieces that are written in one step. */
#define LANDING_RUN_MAX 8

/* By what the folder lies on. */
void landing_choose_way(Landing *landing, const LandingConfig *config);
/* Writes neighbours in one file, at most LANDING_RUN_MAX. */
gboolean landing_put(Landing *landing, const LandingPiece *pieces, unsigned count, GError **error);

/* --- progress (landing_progress.c) --- */

/* Moves `next` on to what is wanted, and items that are complete to `ready`. */
gboolean landing_advance(Landing *landing, GError **error);
/* Among the files from `first` to before `end`. */
bool landing_has_holes(const Landing *landing, uint32_t first, uint32_t end);
/* Bytes of a file that are done. */
uint64_t landing_file_bytes(const Landing *landing, uint32_t index);
/* Sets next, holes and bytes by the chunks that are good (rising), and what was placed. */
void landing_count(Landing *landing, const GArray *good);
/* If nothing of the item is missing any more, it is ready. */
gboolean landing_check_item(Landing *landing, uint32_t item, GError **error);

/* --- journal (landing_notes.c, landing_resume.c) --- */

#define LANDING_BOOT_SIZE 36 /* of the id of a boot of the machine, text */

/* Opens the journal, takes up what it says, compares it with the parts. */
gboolean landing_resume(Landing *landing, const LandingConfig *config, GError **error);
/* What the folder chosen is on. */
uint64_t landing_device(const Landing *landing);
/* Writes LANDING_BOOT_SIZE bytes; false when there is none. */
bool landing_read_boot(char *boot);
/* Records; each says in app/files/journal.h when it is written. */
gboolean landing_note_begin(Landing *landing, const uint8_t *hash, GError **error);
gboolean landing_note_file(Landing *landing, RecordKind kind, uint32_t number, const char *name,
                           GError **error);
gboolean landing_note_chunk(Landing *landing, LandingPoint point, size_t length, const uint8_t *sum,
                            GError **error);
gboolean landing_note_placing(Landing *landing, RecordKind kind, uint32_t item, GError **error);
void landing_note_clean(Landing *landing);

/* --- placing (landing_place.c) --- */

/* Puts all items that are ready on the disk and under their names. */
gboolean landing_settle(Landing *landing, GError **error);
/* An item whose renaming may have happened or not: finds out. */
void landing_find_placed(Landing *landing, uint32_t item);
/* Sets an item's state and path. */
void landing_set_placed(Landing *landing, uint32_t item);
