#pragma once
/* What a test says on a data channel when it plays one side itself. Whether it arrives is no
 * matter: the other may have had enough. */

#include "tests/unit/app/worker_stage.h"

#define SPEECH_FIRST_SIZE (2 * CHUNK_SIZE + 5)

/* Who speaks, set by the test; borrowed. */
extern Channel *speech_channel;
extern WorkerStage *speech_stage;

/* Any frame: all bodies are pointers. */
void say(Wire__DataFrame__BodyCase kind, void *body);
/* With `length` bytes of what is in "first", "second" or "third". */
void say_chunk(uint32_t file, uint64_t number, uint32_t length, bool spoilt);
/* The three chunks of file 0, which has SPEECH_FIRST_SIZE bytes. */
void say_first(void);
/* That it vanished. */
void say_missing(uint32_t file);
/* Everything was sent. */
void say_finished(void);
/* The true one. */
void say_manifest(void);
/* One of other files. */
void say_other_manifest(void);
/* With the right ids. */
Wire__Begin make_begin(void);
/* From there on. */
void say_begin(uint32_t file, uint64_t number);
/* That chunk. */
void say_again(uint32_t file, uint64_t number);
