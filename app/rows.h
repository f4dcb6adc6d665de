#pragma once
/* The messages of one conversation in the order shown: by (time, hash), with those that wait in the
 * outbox at the end. Kept in chunks, whose immutable copies (app/model_build.h) are made once and
 * shared by all snapshots until the chunk changes. Each (author, id) is there once. One thread. */

#include "app/model_build.h"
#include "relay/log.h"

typedef struct {
    /* `author` stays NULL here; `text`, `why` and a reference of `offer` are owned by the
     * row. */
    Message message;
    bool has_author;
    uint8_t author[KEY_SIZE];
    uint8_t hash[HASH_SIZE]; /* all zero while unsigned */
    bool waiting;            /* queued or failed */
    bool local;              /* a line of the program's own, in no log */
} Row;

typedef struct Rows Rows;

Rows *rows_new(void);
void rows_free(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)

/* Adds a copy, or puts it in the place of the one with the same author and id. Returns whether it
 * was new. */
bool rows_put(Rows *rows, const Row *row);
/* Nothing when it is not there. */
void rows_remove(Rows *rows, const Row *row);
/* NULL when it is not there; valid until the next change. `author` NULL: any. */
const Row *rows_find(Rows *rows, const uint8_t *author, const uint8_t *id);
/* The oldest one that is an event; NULL when there is none. */
const Row *rows_oldest(const Rows *rows);
/* The newest one that is an event in the log; NULL when there is none. */
const Row *rows_newest(const Rows *rows);
size_t rows_count(const Rows *rows);
int rows_compare(const LogPoint *a, const LogPoint *b);
LogPoint row_point(const Row *row);
/* Newest first, until `each` returns false. */
void rows_backwards(const Rows *rows, bool (*each)(const Row *row, void *user), void *user);
/* This author is shown differently from now on; NULL: all are. */
void rows_author_changed(Rows *rows, const uint8_t *author);
/* Into the conversation added last. `person` gives what stands for an author; transfer none. */
void rows_build(Rows *rows, ModelBuilder *builder,
                const Person *(*person)(const uint8_t *key, void *user), void *user);
