#pragma once
/* What the files of the console share; nobody else includes it. */

#include "app/console/console.h"

#define EXIT_FAILED 1
#define EXIT_BARRED 77 /* EX_NOPERM of sysexits.h: banned, removed, not on the list */

typedef struct Console Console;

struct Console {
    Member *member;
    const ConsoleOptions *options;
    ConsoleFiles *files;
    const Printer *printer;
    GMainLoop *loop;
    bool json, terminal;
    bool reading;      /* input was started */
    bool greeted;      /* joined once */
    bool lost;         /* and said to be lost since; a room that moved in between is no news */
    bool ending;       /* waits for the outbox, or leaves */
    bool leaving;      /* Goodbye is under way */
    bool refused;      /* something about files could not be done at all */
    bool drained;      /* the outbox had its time */
    unsigned wanted;   /* messages that /history still waits for; 0: none */
    unsigned missed;   /* messages to #general before joining was told */
    unsigned skipped;  /* that came after newer ones were shown */
    uint64_t newest;   /* position of the newest one shown of #general */
    GHashTable *typed; /* tokens of what was typed here: shown already */
    bool waits;        /* some of these wait for a link */
    bool unlocked;     /* the passphrase of the options was tried */
    bool muted;        /* as far as was told */
    guint start_timer, drain_timer, skipped_timer;
    int exit_code;
};

/* console_rules.c */
/* SESSION_EVENT_RULES */
void console_rules(Console *console);
/* SESSION_EVENT_BARRED: a script ends. */
void console_barred(Console *console, const SessionEvent *event);

/* console_lock.c */
/* `why` is "" at first. */
void console_wants_passphrase(Console *console, const char *why);
/* The person, while the place waits for it. */
void console_ask_passphrase(Console *console);

/* console_end.c */
/* Goodbye, then the loop ends with this code. */
void console_leave(Console *console, int exit_code);
/* Leaves when everything went out; asked for twice, at once. `user` is the Console, as below. */
void console_finish(void *user);
/* A script that asked for this should learn of it by the exit code. */
bool console_is_refusal(const char *code);
/* Nothing more is typed. */
void console_input_over(void *user);
/* Leaves if it is to and nothing is to be waited for any more. */
void console_settle(void *user);
