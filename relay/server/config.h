#pragma once
/* The configuration file of backfence-relay: groups, "key = value" and comments, as GKeyFile reads
 * them; everything in it is optional. Unlike GKeyFile alone this names the line of what is wrong,
 * knows what was probably meant, and takes no key twice. */

#include "relay/hub.h"
#include "relay/meeting.h"

#define CONFIG_RATE_MAX 1000000       /* events a second of a member */
#define CONFIG_BURST_MAX 4000000      /* … at once */
#define CONFIG_FILES_RATE_MAX 1000000 /* MiB a second */
#define CONFIG_FILES_AT_ONCE_MAX 4096 /* each takes six descriptors and half a megabyte */

typedef struct {
    /* [relay]: what is looked at at the start only. */
    char *name; /* owned; a valid name, or NULL: not said */
    int port;   /* -1: not said */
    bool mdns;
    bool allow_public;
    uint16_t metrics_port; /* 0: none */
    /* [history] */
    unsigned history_days;  /* 0: everything is kept */
    uint64_t history_bytes; /* 0: as much as there is room for */
    /* [limits] */
    HubLimits limits;
    /* [files] */
    MeetingLimits meetings;
    /* [admission] */
    HubDoor door;
    GHashTable *keys;      /* owned; GBytes of KEY_SIZE, HUB_LISTED */
    char *passphrase_file; /* owned, HUB_LOCKED */
} Config;

/* What is so when nothing is said. */
Config *config_new(void);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Reads the file and those that it names (lists of keys, the passphrase). NULL when anything is
 * wrong; `faults` (GPtrArray of char *, transfer full) then has a sentence for each: "FILE:LINE:
 * …". A file that is not there is one only when it was asked for. */
Config *config_read(const char *path, bool asked_for, GPtrArray **faults);
/* The one that is read when none is named: /etc/backfence/relay.conf for root and for system users,
 * else below $XDG_CONFIG_HOME. Transfer full. */
char *config_default_path(void);
