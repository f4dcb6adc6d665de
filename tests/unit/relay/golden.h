#pragma once
/* The golden frames: one of every message of relay/wire.proto, in golden/NAME.hex. */

#include "relay/identity.h"
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

/* Mira and Jonas, whose seeds are 32 times 0x01 and 0x02; their X25519 secrets are 32 times 0x03
 * and 0x04. A fixture. */
extern Identity *golden_mira, *golden_jonas;
extern uint8_t golden_sealing_keys[2][SEALING_KEY_SIZE];
void golden_set_up(void);
void golden_tear_down(void);
/* Of all golden events and notes: 00, 01 … 0f. */
extern uint8_t golden_place[PLACE_SIZE];

/* A keyring with the one secret that is 32 times `byte`. */
Keyring *golden_keyring(int byte);
/* The bytes of golden/NAME.hex: hexadecimal digits; white space and lines that begin with '#' do
 * not count. Fails the test when it is not there. With BACKFENCE_GOLDEN_WRITE set, `expected` (may
 * be NULL) is written there first. Transfer full. */
GBytes *golden_read(const char *name, GBytes *expected);
