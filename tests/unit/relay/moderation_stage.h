#pragma once
/* Events of roles and moderation, by members who are numbers. Each is the first of a feed of its
 * own. */

#include "relay/moderation.h"

/* A fixture. */
void acts_begin(void);
void acts_end(void);

#define ACTS_MEMBERS 10
const uint8_t *acts_key(unsigned who);
const uint8_t *acts_place(void);
const uint8_t *acts_room(unsigned number); /* PLACE_SIZE */

/* Transfer full. `text` NULL: none; who is concerned is left out where nobody is. */
Event *acts_sign(unsigned by, int64_t at, ModerationAct act, unsigned whom, Role role,
                 int64_t until_ms, const char *text);
Event *acts_topic(unsigned by, int64_t at, unsigned room, const char *text);
/* A public event of this kind, with something in it that fits. */
Event *acts_speech(unsigned by, int64_t at, uint32_t kind);
Event *acts_private(unsigned by, int64_t at);
Event *acts_raw(unsigned by, int64_t at, uint32_t kind, const void *content, size_t length);
/* The order shown. */
int acts_compare(const Event *a, const Event *b);
/* Everything that can be asked, as text; `events`: of which each is asked whether it counts.
 * Transfer full. */
char *acts_tell(const Moderation *moderation, const GPtrArray *events);
