#pragma once
/* Offers and transfers as lines of text for people; names are escaped (text_escape). All strings
 * are transfer full. */

#include "app/files/transfer.h"
#include "app/session.h"

/* "18.4 MB". */
char *transfer_line_size(uint64_t bytes);
/* "mockup.fig (18.4 MB)", "photos (214 files, 1.2 GB)", "3 files (12 MB): a.txt, b.txt, c.txt". */
char *transfer_line_offer(const Offer *offer);
/* Where it stands: "45 % of 18.4 MB, 12 MB/s, 3 s left", "paused by the other side", … */
char *transfer_line_state(const Transfer *transfer);
/* "3  mockup.fig (18.4 MB) from Sam: waits for your decision". */
char *transfer_line_row(Session *session, const Transfer *transfer);
