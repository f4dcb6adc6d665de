#pragma once
/* What happens between choosing files and offering them, on a thread of its own: those that cannot
 * be read are left out, and a picture for one person gets a small copy to be seen beforehand. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Called on the thread; `paths` NULL: nothing can be offered. `thumbnail` NULL: none.
 * `complaint`: one sentence about what was left out, NULL when nothing was. All are the caller's.
 */
typedef void (*OfferingReady)(const char *conversation, const char *const *paths, GBytes *thumbnail,
                              uint32_t width, uint32_t height, const char *complaint, void *user);

typedef struct Offerings Offerings;

Offerings *offerings_new(OfferingReady ready, void *user);
/* What is under way is finished, or cut short. */
void offerings_free(Offerings *offerings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Offerings, offerings_free)

/* In the order asked. `sealed`: only one person will read it, so that it may have a thumbnail. Any
 * thread. */
void offerings_add(Offerings *offerings, const char *conversation, const char *const *paths,
                   bool sealed);
