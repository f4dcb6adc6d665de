#pragma once
/* What the files of the configuration share; nobody else includes it. */

#include "relay/server/config.h"

typedef struct ConfigReading ConfigReading;
typedef struct ConfigKey ConfigKey;

/* Takes over a value of a key. Returns NULL or what is wrong, a sentence's rest, transfer full. */
typedef char *(*ConfigTake)(ConfigReading *reading, Config *config, const ConfigKey *key,
                            const char *value);

/* A key that there is. */
struct ConfigKey {
    const char *group, *key;
    ConfigTake take;
    /* Of a number: its bounds, what one of it stands for, and where Config has it. */
    uint64_t least, most, unit;
    size_t offset, size;
};

struct ConfigReading {
    const char *path;
    unsigned line;
    GPtrArray *faults; /* char * */
    char *group;       /* owned; NULL: none yet, or an unknown one */
    bool known_group;
    GHashTable *seen; /* "group.key" → line, owned */
    char *keys_file;  /* owned */
};

/* All there are, by group; ends with zeros. */
extern const ConfigKey config_keys[];

/* A fault on the line that is read. Takes `text`. */
void config_fault(ConfigReading *reading, char *text);
/* The one of `words` (NULL-terminated) that was probably meant; NULL: none is near. */
const char *config_nearest(const char *word, const char *const *words);
/* Below the folder of the configuration file, when it is relative; transfer full. */
char *config_path_from(const ConfigReading *reading, const char *path);
