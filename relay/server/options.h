#pragma once
/* What the relay is told at its start. */

#include "relay/server/config.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *data_dir; /* owned */
    char *name;     /* owned; a valid name, or NULL: not said */
    bool new_place; /* a separate one, called `name` */
    uint16_t port;
    bool port_is_wish; /* not asked for */
    bool mdns;
    bool allow_public;
    uint16_t metrics_port; /* 0: nobody watches */
    char *passphrase_file; /* owned; NULL: the place is open */
    char *config_path;     /* owned; read again at SIGHUP … */
    bool config_asked;     /* … and has to be there */
    bool verbose;          /* words for people, also when nobody is at a terminal */
    unsigned rate;         /* messages a second and member; 0: as usual */
    MeetingLimits meetings;
} Options;

/* What `serve` takes beside --data (relay/server/command.h). */
extern const GOptionEntry options_entries[];
/* Reads what was given, by long names, which goes before what the configuration file says; `config`
 * receives that (transfer full). FALSE with a sentence: something is wrong with it. */
gboolean options_read(JsonObject *given, Options *options, Config **config, GError **error);
void options_clear(Options *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)
