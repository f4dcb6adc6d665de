#pragma once
/* The golden frames: one of every message of relay/wire.proto, in golden/NAME.hex. */

#include "relay/keyring.h"
#include "wire.pb-c.h"

#include <glib.h>

typedef struct {
    const char *name; /* of the file */
    void (*fill)(Wire__Frame *frame);
} GoldenFrame;

extern const GoldenFrame golden_frames[];
extern const unsigned golden_frame_count;

/* The same for the frames of data channels, and for notes. */
typedef struct {
    const char *name;
    void (*fill)(Wire__DataFrame *frame);
} GoldenDataFrame;

extern const GoldenDataFrame golden_data_frames[];
extern const unsigned golden_data_frame_count;

typedef struct {
    const char *name;
    void (*fill)(Wire__Note *note);
} GoldenNote;

extern const GoldenNote golden_notes[];
extern const unsigned golden_note_count;

/* A keyring with the one secret that is 32 times `byte`. */
Keyring *golden_keyring(int byte);
/* The bytes of golden/NAME.hex: hexadecimal digits; white space and lines that begin with '#' do
 * not count. Fails the test when it is not there. With BACKFENCE_GOLDEN_WRITE set, `expected` (may
 * be NULL) is written there first. Transfer full. */
GBytes *golden_read(const char *name, GBytes *expected);
