#pragma once
/* Files and transfers in words. Results are transfer full unless they are constant; any thread. */

#include "app/model.h"

/* "4.2 MB", "812 kB", "1 byte": decimal units. */
char *words_size(uint64_t bytes);
/* "11.4 of 18.4 MB": both in the unit of the whole. */
char *words_amount(uint64_t bytes, uint64_t total);
/* "1,204". */
char *words_number(uint64_t number);
/* "6 s left", "3 min left", "2 h 10 min left"; "" when it is not known. */
char *words_left(int64_t left_ms);
/* What an offer is called: "mockup.fig", "photos", "3 files"; names made visible. */
char *words_title(const Offer *offer);
/* "a.png, b.txt and 3 more" for an offer of several items, "" for one. */
char *words_items(const Offer *offer);
/* "4.2 MB", "1,204 files · 2.3 GB", "empty folder". */
char *words_total(const Offer *offer);
/* The last part of a path: "Downloads". */
char *words_folder(const char *path);
/* How a transfer stands, as parts to be joined, the least important last: "11.4 of 18.4 MB", "6 s
 * left", "3.1 MB/s". `other` is the other's name as shown. GPtrArray of owned strings, at least
 * one.
 */
GPtrArray *words_state(const Transfer *transfer, const char *other);
/* The first `count` parts of it (0: all), joined. */
char *words_join(const GPtrArray *parts, guint count);

/* One file or one folder. */
bool words_is_single(const Offer *offer);
/* Of assets/icons, by what the name promises. */
const char *words_icon(const char *name);
const char *words_offer_icon(const Offer *offer);
/* A picture that this program may be able to show. */
bool words_is_picture(const Offer *offer);
/* It waits, runs or is paused: not over, and somebody wanted it. */
bool words_is_active(const Transfer *transfer);
/* 0 to 1. */
double words_fraction(const Transfer *transfer);
