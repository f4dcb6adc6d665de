#pragma once
/* Offers and transfers as lines of text for people; names are escaped (text_escape). All strings
 * are transfer full. */

#include "app/files/transfer.h"
#include "app/session.h"

/* "mockup.fig (18.4 MB)", "photos (214 files, 1.2 GB)", "3 files (12 MB): a.txt, b.txt, c.txt". */
char *transfer_line_offer(const Offer *offer);
/* "3  mockup.fig (18.4 MB) from Sam: waits for your decision". */
char *transfer_line_row(Session *session, const Transfer *transfer);
