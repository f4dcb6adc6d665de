#pragma once
/* How the console shows what happens: as lines for people or as JSON objects for programs. Both
 * write to standard output, a line at a time. */

#include "app/files/transfer.h"
#include "app/session.h"

#include <stdbool.h>

typedef enum {
    PRINT_LIVE,    /* said now */
    PRINT_WAITING, /* one's own, said while nowhere joined */
    PRINT_MISSED,  /* said while away, or before the first joining */
    PRINT_HISTORY, /* asked for by /history */
} PrintWhen;

/* What is new about a transfer. */
typedef enum {
    TRANSFER_NEWS_NONE,
    TRANSFER_NEWS_PROGRESS,
    TRANSFER_NEWS_DETAIL, /* still moving, but otherwise */
    TRANSFER_NEWS_STATE
} TransferNews;

/* One of the two ways. Everything from others is escaped inside. */
typedef struct {
    /* `again`: after the link was lost. */
    void (*joined)(Session *session, bool again);
    void (*message)(Session *session, const SessionMessage *message, PrintWhen when);
    /* The same for one that offers files; `transfer` may be NULL. */
    void (*offer)(Session *session, const SessionMessage *message, const Transfer *transfer,
                  PrintWhen when);
    void (*transfer)(Session *session, const Transfer *transfer, TransferNews news);
    /* Transfer*; NULL: left to the command. */
    void (*transfers)(Session *session, const GPtrArray *list);
    /* A message of one's own was queued, stored by the relay, or refused. */
    void (*delivery)(Session *session, const SessionMessage *message);
    void (*member)(Session *session, const SessionMember *member, MemberChange change,
                   const char *old_name);
    void (*link)(Session *session, const char *why);
    /* Another node carries the room now; `who` NULL: a relay program. */
    void (*moved)(Session *session, const SessionMember *who, const char *text);
    /* Roles, mutes, topic, motd or the place's name are others; NULL: the acts are told already. */
    void (*rules)(Session *session);
    /* Not let in: one word and why. */
    void (*barred)(Session *session, const char *code, const char *text);
    void (*people)(Session *session);
    /* The place asks for its passphrase (session_locked_name()); `why`: "", or why again. */
    void (*passphrase)(Session *session, const char *why);
    /* All of what /history asked for was printed. */
    void (*history_end)(unsigned count);
    /* An answer of a command or a notice of the program. */
    void (*line)(const char *text);
    /* Something that cannot be done: a word for programs, a sentence for people. */
    void (*error)(const char *code, const char *text);
} Printer;

/* Lines for people; objects for programs. */
extern const Printer text_printer;
extern const Printer json_printer;

/* Before the first line of text_printer: whether to colour it. */
void text_printer_set_colours(bool colours);

/* Called before and after each line that is printed, so that a line being edited on the terminal
 * can step aside. Either may be NULL. */
void printer_set_hooks(void (*before)(void), void (*after)(void));
/* For the two printers: writes one line. */
void printer_write(const char *line);
/* What was typed, to be shown before the next line that is written; NULL: not to be shown after
 * all.
 */
void printer_set_echo(const char *line);
/* While `hold`, lines are kept back, until printer_release() shows them. */
void printer_hold(bool hold);
void printer_release(void);
/* False when standard output is gone. */
bool printer_alive(void);
