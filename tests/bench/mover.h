#pragma once
/* A process that moves one file by real workers, over and over or once: the sender's for any number
 * of receivers side by side, or one receiver's. Faults end the program. */

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool sends;
    bool meets;      /* at the relay; else the receiver dials the sender */
    bool once;       /* receiving: end after one */
    uint16_t port;   /* of the relay, or of the sender; sending directly: it listens on its own and
                        prints that */
    unsigned number; /* receiving: which one, from 0 */
    unsigned count;  /* sending: receivers */
    char *file;      /* what is moved */
    char *own;       /* a directory for the process's own use; receiving: it lands there too */
} MoverConfig;

/* At the relay they are members of a crowd: the sender is its first, the receivers those after. */
int mover_run(const MoverConfig *config);
