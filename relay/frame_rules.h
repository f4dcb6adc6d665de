#pragma once
/* What a parsed frame must fulfil beyond what protobuf checks (relay/PROTOCOL.md, "Rules of the
 * messages"). */

#include "wire.pb-c.h"

/* NULL when the frame is good, else static text that says what is wrong. Enum values that this
 * version does not know are replaced by the nearest known one; a Status of an unknown kind becomes
 * a frame without a body. */
const char *frame_check(Wire__Frame *frame);
