#pragma once
/* Movers at work beside what is measured: one process that sends, one for each receiver. */

#include <stdbool.h>
#include <stdint.h>

#define MOVERS_MAX 64

typedef struct {
    unsigned receivers;
    uint16_t relay_port; /* they meet there; 0: they connect directly */
    const char *file;
    const char *into; /* directories for their own use are made and removed in there */
    bool once;        /* each receiver ends when it has the file; else it begins anew */
} MoverGroupConfig;

typedef struct MoverGroup MoverGroup;

MoverGroup *mover_group_start(const MoverGroupConfig *config);
/* Kills and cleans up; NULL does nothing. */
void mover_group_stop(MoverGroup *group);

/* Bytes that all receivers that still run have written. */
uint64_t mover_group_bytes(const MoverGroup *group);
/* Bytes that the sender had to fetch from the disk. */
uint64_t mover_group_disk_read(const MoverGroup *group);
/* How many receivers have not ended; one that failed ends the program. */
unsigned mover_group_running(MoverGroup *group);
/* Seconds from the start to the first and the last end. */
void mover_group_seconds(const MoverGroup *group, double *fastest, double *slowest);

/* What the programs started are told first; they hand everything to the second. */
#define MOVER_ARGUMENT "mover"
int mover_group_be_mover(int argc, char **argv);
