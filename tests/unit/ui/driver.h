#pragma once
/* Drives one face as a person does: keys and the pointer in; nodes, and what the host was told,
 * out. Every input is followed by a frame. */

#include "tests/unit/ui/sample.h"

extern Face *face;         /* NULL before drive_open() */
extern Recorder *recorder; /* of what its host was told */

void drive_open(const Sample *sample, int width, int height);
/* The lively place in a window of 1100×720. */
void drive_lively(void);
void drive_close(void);
void drive_model(const Sample *sample);
/* Lets time pass. */
void drive_time(int64_t us);
/* What drive_time() counts from and on. */
int64_t drive_now(void);
/* A key and its text for each character. */
void drive_type(const char *text);
/* Text alone, as it follows a key. */
void drive_text(const char *text);
void drive_key(SDL_Keycode sym, SDL_Keymod mod);
void drive_pointer(uint32_t type, int x, int y, uint8_t clicks);
void drive_click_at(int x, int y);
/* Into the middle of the node with this role and name; the test fails when there is none. */
void drive_click(Role role, const char *name);
void drive_wheel(int x, int y, int turns);
const Node *drive_find(Role role, const char *name);
bool drive_exists(Role role, const char *name);
/* The topmost row of the message list that is seen. */
const Node *drive_first_row(void);
/* The host was told this line. */
bool drive_told(const char *line);

#define ck_told(line)                                                                              \
    ck_assert_msg(drive_told(line), "not told \"%s\", but:\n%s", line, recorder->log->str)
