#pragma once
/* A folder "from/tree" that was offered, for tests of what interrupts its landing. */

#include "tests/unit/app/files_stage.h"

/* What is offered: at first "from/tree". Owned by the stage; a test may put another there. */
extern Listing *landing_stage_listing;

void landing_stage_setup(void);
void landing_stage_teardown(void);
/* The tree is in "into", equal and alone. */
void landing_stage_expect_whole(void);
/* Opens, sends some, closes as a killed program would: nothing is said in order. */
void landing_stage_die_after(unsigned chunks);
/* Opens and closes: how many bytes are believed to be there. */
uint64_t landing_stage_bytes_kept(void);
