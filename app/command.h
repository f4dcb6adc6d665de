#pragma once
/* The commands that people type, one file each in app/commands/, in one table. Network thread. */

#include "app/member.h"

/* Who typed, where, and where answers go. */
typedef struct {
    Member *member;
    ConversationId here; /* the conversation it was typed in */
    /* One line of answer; already clean. */
    void (*print)(const char *line, void *user);
    /* Something that cannot be done, in one sentence; `code` is a word for programs. */
    void (*fail)(const char *code, const char *text, void *user);
    /* The person wants to go. */
    void (*quit)(void *user);
    /* Shows the newest `count` messages of `here`, or that many older ones than shown. */
    void (*history)(unsigned count, void *user);
    /* Shows who is here; NULL: printed as lines. */
    void (*people)(void *user);
    /* Shows all transfers; NULL: printed as lines. */
    void (*transfers)(void *user);
    const char *into; /* folder for what is accepted without naming one; NULL: the usual */
    void *user;
} CommandContext;

typedef struct {
    const char *name; /* without the slash */
    const char *const
        *aliases; /* whole first words such as "!online", NULL-terminated; may be NULL */
    const char *const
        *alone; /* aliases that count only when nothing follows, such as "q"; may be NULL */
    const char *arguments; /* for /help, such as "NAME TEXT" */
    const char *help;      /* one line */
    /* `arguments` is what follows the first word, without blanks at both ends; "" when nothing
     * does. */
    void (*run)(const CommandContext *context, const char *arguments);
} Command;

/* Why something was not queued, in one word. */
const char *command_fault(const GError *error);
/* All of them, NULL-terminated, in the order of /help. */
const Command *const *commands(void);
/* A typed line: runs the command, or says it as a message where `context->here` is. "//x" says
 * "/x". Empty lines do nothing. */
void command_line(const CommandContext *context, const char *line);
