#pragma once
/* A dock of Ann, who offers, Sam, who accepts, and Mira, as a fixture, with the steps that most of
 * its tests begin with. */

#include "tests/unit/app/dock.h"

enum {
    ANN,
    SAM,
    MIRA
};

#define SECOND INT64_C(1000000)

extern Dock *dock;

void dock_play_setup(void);
/* The same with members up to 20. */
void dock_play_setup_many(void);
void dock_play_teardown(void);

/* Ann offers Sam a file; he accepts it, too; it runs, too. */
void dock_play_offered(void);
void dock_play_accepted(void);
void dock_play_running(void);
/* The transfer of `member` with `peer` is in this state. */
void dock_play_expect(unsigned member, unsigned peer, TransferState state);
