/* libedit in its unbuffered mode: each call of el_gets() takes one key. It thinks that it knows
 * where the cursor is, so before anything else is printed the rows that it drew are wiped, and
 * afterwards it draws them anew. */
#include "app/console/editor.h"

#include "app/console/printer.h"
#include "relay/text.h"

#include <errno.h>
#include <glib-unix.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 1000
#define PROMPT "> "
#define PROMPT_WIDTH 2
#define KEY_WAIT_MS 50 /* for the rest of what a key sends */
#define CTRL_D 4
#define CTRL_U 21
#define BACKSPACE 127
#define ANSWER_MAX 2048
#define WORDS_SHOWN 60 /* of a completion with many answers */

/* A question whose answer is not shown. */
typedef struct {
    char *question; /* NULL: nothing is asked */
    char *answer;   /* ANSWER_MAX bytes of secret memory */
    size_t length;
    void (*done)(const char *answer, void *user);
    void *user;
} Asking;

/* libedit calls back without a pointer of ours, so the one editor is a static. */
static struct {
    EditLine *line;
    History *history;
    InputEvents events;
    void *user;
    char *history_path;
    struct termios before;
    bool drawn; /* the prompt is on the screen */
    bool ended;
    int resumed; /* signalfd of SIGCONT, or -1 */
    guint keys_source, size_source, resumed_source;
    Asking asking;
} editor = {.resumed = -1};

bool editor_is_possible(void)
{
    const char *type = g_getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && type && *type &&
           strcmp(type, "dumb") != 0;
}

/* --- rows on the screen --- */

static void terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *columns = known ? size.ws_col : 80;
    *rows = known ? size.ws_row : 24;
}

/* The row that the end of this text stands in, 0 the prompt's, as libedit wraps it. */
static unsigned row_of(const wchar_t *text, const wchar_t *end)
{
    unsigned columns, rows, row = 0, column = PROMPT_WIDTH;
    terminal_size(&columns, &rows);
    for (; text < end && *text != L'\n'; text++) {
        int width = wcwidth(*text);
        unsigned cells = *text < 32 ? 2 : width < 0 ? 1 : (unsigned)width;
        if (column + cells > columns) {
            row++;
            column = 0;
        }
        column += cells;
        if (column >= columns) {
            row++;
            column = 0;
        }
    }
    return MIN(row, rows - 1);
}

static void wipe_rows(unsigned above)
{
    fputs("\r", stdout);
    if (above > 0)
        printf("\033[%uA", above);
    fputs("\033[J", stdout);
}

static void step_aside(void)
{
    if (editor.asking.question)
        wipe_rows(0);
    if (!editor.drawn)
        return;
    const LineInfoW *line = el_wline(editor.line);
    wipe_rows(row_of(line->buffer, line->cursor));
}

static void come_back(void)
{
    if (editor.asking.question) {
        fputs(editor.asking.question, stdout);
        fflush(stdout);
    }
    if (editor.drawn)
        el_set(editor.line, EL_REFRESH);
}

/* --- keys --- */

/* One character, for libedit. A key may send several bytes, which come together: an Esc alone must
 * not keep the program waiting. */
static int next_character(EditLine *line, wchar_t *out)
{
    char bytes[4];
    for (gssize length = 0;;) {
        struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&ready, 1, KEY_WAIT_MS) <= 0)
            return 0;
        ssize_t count = read(STDIN_FILENO, bytes + length, 1);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (count <= 0) {
            editor.ended = true;
            return 0;
        }
        gunichar character = g_utf8_get_char_validated(bytes, ++length);
        bool partial = character == (gunichar)-2 && bytes[0] != '\0' && length < 4;
        if (partial)
            continue;
        length = 0;
        if (character >= (gunichar)-2)
            continue; /* no UTF-8 */
        *out = (wchar_t)character;
        return 1;
    }
}

static void remember(const char *text)
{
    HistEvent event;
    if (*text != '\0')
        history(editor.history, &event, H_ENTER, text);
}

static void draw_again(void)
{
    el_set(editor.line, EL_UNBUFFERED, 1);
    editor.drawn = true;
}

/* A whole line: taken off the screen, then told, then the prompt comes again. */
static void take_line(const char *typed)
{
    const LineInfoW *line = el_wline(editor.line);
    wipe_rows(row_of(line->buffer, line->lastchar) + 1);
    g_autofree char *text = g_strndup(typed, strcspn(typed, "\r\n"));
    editor.drawn = false;
    el_set(editor.line, EL_UNBUFFERED, 0);
    remember(text);
    editor.events.line(text, editor.user);
    if (!editor.line || editor.asking.question)
        return;
    draw_again();
}

static void tell_edited(void)
{
    const LineInfo *line = el_line(editor.line);
    g_autofree char *text = g_strndup(line->buffer, (gsize)(line->lastchar - line->buffer));
    editor.events.edited(text, editor.user);
}

/* --- what is not shown --- */

static void wipe_question(void)
{
    if (!editor.asking.question)
        return;
    wipe_rows(0);
    sodium_free(editor.asking.answer);
    g_free(editor.asking.question);
    editor.asking = (Asking){.question = NULL};
}

void editor_ask(const char *question, void (*done)(const char *answer, void *user), void *user)
{
    if (!editor.line || editor.asking.question)
        return;
    step_aside();
    if (editor.drawn)
        el_set(editor.line, EL_UNBUFFERED, 0);
    editor.drawn = false;
    editor.asking = (Asking){.question = text_escape(question, strlen(question)),
                             .answer = sodium_malloc(ANSWER_MAX),
                             .done = done,
                             .user = user};
    if (!editor.asking.answer)
        g_error("no memory that is kept secret");
    come_back();
}

void editor_ask_no_more(void)
{
    if (!editor.asking.question)
        return;
    wipe_question();
    draw_again();
}

/* `given`: Enter, and not Ctrl+C. */
static void end_asking(bool given)
{
    Asking asked = editor.asking;
    editor.asking.answer = NULL;
    asked.answer[asked.length] = '\0';
    editor_ask_no_more();
    asked.done(given && asked.length > 0 ? asked.answer : NULL, asked.user);
    sodium_free(asked.answer);
}

static void take_back(Asking *asking)
{
    while (asking->length > 0 && ((unsigned char)asking->answer[--asking->length] & 0xc0) == 0x80) {
    }
}

static void take_secret_key(wchar_t key)
{
    Asking *asking = &editor.asking;
    if (key == L'\r' || key == L'\n')
        end_asking(true);
    else if (key == CTRL_D && asking->length == 0)
        end_asking(false);
    else if (key == CTRL_U)
        asking->length = 0;
    else if (key == BACKSPACE || key == L'\b')
        take_back(asking);
    else if (key >= L' ' && asking->length + 4 < ANSWER_MAX)
        asking->length += (size_t)g_unichar_to_utf8((gunichar)key, asking->answer + asking->length);
}

static void take_secret_keys(void)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    wchar_t key = 0;
    while (editor.asking.question && !editor.ended && poll(&ready, 1, 0) > 0 &&
           next_character(editor.line, &key) == 1)
        take_secret_key(key);
}

static gboolean keys_ready(gint fd, GIOCondition condition, gpointer user)
{
    if (editor.asking.question && (condition & G_IO_IN) && !editor.ended) {
        take_secret_keys();
        return G_SOURCE_CONTINUE;
    }
    int count = 0;
    const char *typed = el_gets(editor.line, &count);
    if (typed && count == 1 && typed[0] == CTRL_D) {
        editor_clear();
        editor.events.end(editor.user);
        return G_SOURCE_CONTINUE;
    }
    if (typed && count > 0 && (typed[count - 1] == '\n' || typed[count - 1] == '\r'))
        take_line(typed);
    else if (typed && count > 0)
        tell_edited();
    if (editor.ended || ((condition & (G_IO_HUP | G_IO_ERR)) && !(condition & G_IO_IN))) {
        editor.keys_source = 0;
        editor.events.end(editor.user);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

bool editor_clear(void)
{
    if (editor.asking.question) {
        end_asking(false);
        return true;
    }
    if (!editor.line || !editor.drawn)
        return false;
    const LineInfo *line = el_line(editor.line);
    bool something = line->lastchar > line->buffer;
    step_aside();
    el_set(editor.line, EL_UNBUFFERED, 0);
    el_set(editor.line, EL_UNBUFFERED, 1);
    return something;
}

/* --- completion --- */

static char *common_start(const GPtrArray *words)
{
    const char *first = words->pdata[0];
    size_t length = strlen(first);
    for (guint i = 1; i < words->len; i++) {
        const char *word = words->pdata[i];
        size_t same = 0;
        while (same < length && word[same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char)first[length] & 0xc0) == 0x80)
        length--; /* not in the middle of a character */
    return g_strndup(first, length);
}

static void list_words(const GPtrArray *words)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < words->len && i < WORDS_SHOWN; i++)
        g_string_append_printf(line, "%s%s", i > 0 ? "   " : "", (char *)words->pdata[i]);
    if (words->len > WORDS_SHOWN)
        g_string_append_printf(line, "   … and %u more", words->len - WORDS_SHOWN);
    printer_write(line->str);
}

static unsigned char complete(EditLine *edit, int key)
{
    const LineInfo *line = el_line(edit);
    g_autofree char *before = g_strndup(line->buffer, (gsize)(line->cursor - line->buffer));
    size_t replaced = 0;
    g_autoptr(GPtrArray) words = editor.events.complete(before, &replaced, editor.user);
    if (!words || words->len == 0)
        return CC_ERROR;
    g_autofree char *start = common_start(words);
    const char *typed = before + strlen(before) - replaced;
    if (words->len > 1 && strlen(start) <= strlen(typed)) {
        list_words(words);
        return CC_NORM;
    }
    if (*typed != '\0')
        el_deletestr(edit, (int)g_utf8_strlen(typed, -1));
    return el_insertstr(edit, start) == 0 ? CC_REFRESH : CC_ERROR;
}

/* --- start and stop --- */

static char *prompt(EditLine *line)
{
    static char text[] = PROMPT;
    return text;
}

static gboolean size_changed(gpointer user)
{
    step_aside();
    el_resize(editor.line);
    come_back();
    return G_SOURCE_CONTINUE;
}

/* After Ctrl+Z and fg the shell has set the terminal its own way. */
static gboolean process_resumed(gint fd, GIOCondition condition, gpointer user)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) == (ssize_t)sizeof info && editor.drawn) {
        el_set(editor.line, EL_PREP_TERM, 0); /* it believes that nothing has changed */
        el_set(editor.line, EL_PREP_TERM, 1);
        come_back();
    }
    return G_SOURCE_CONTINUE;
}

static void bind_keys(EditLine *line)
{
    static const char *const keys[][2] = {
        {"^I", "backfence-complete"},  {"^R", "em-inc-search-prev"},
        {"^W", "ed-delete-prev-word"}, {"\\e[3~", "ed-delete-next-char"},
        {"\\e[1~", "ed-move-to-beg"},  {"\\e[4~", "ed-move-to-end"},
        {"\\e[H", "ed-move-to-beg"},   {"\\e[F", "ed-move-to-end"},
        {"\\eOH", "ed-move-to-beg"},   {"\\eOF", "ed-move-to-end"},
        {"\\e[1;5C", "em-next-word"},  {"\\e[1;5D", "ed-prev-word"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        el_set(line, EL_BIND, keys[i][0], keys[i][1], NULL);
}

static void open_history(const char *path)
{
    HistEvent event;
    editor.history = history_init();
    history(editor.history, &event, H_SETSIZE, HISTORY_LINES);
    history(editor.history, &event, H_SETUNIQUE, 1);
    editor.history_path = g_strdup(path);
    if (path)
        history(editor.history, &event, H_LOAD, path);
}

/* What is typed while a line is handled must stay what it is: neither echoed nor edited by the
 * terminal itself, which libedit's normal mode ("x") would ask for. */
static void quieten_terminal(EditLine *line)
{
    el_set(line, EL_SETTY, "-x", "-echo", "-icanon", "-iexten", NULL);
}

static void watch_signals(void)
{
    sigset_t resumed;
    sigemptyset(&resumed);
    sigaddset(&resumed, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &resumed, NULL);
    editor.resumed = signalfd(-1, &resumed, SFD_CLOEXEC | SFD_NONBLOCK);
    if (editor.resumed >= 0)
        editor.resumed_source = g_unix_fd_add(editor.resumed, G_IO_IN, process_resumed, NULL);
    editor.size_source = g_unix_signal_add(SIGWINCH, size_changed, NULL);
}

void editor_start(const InputEvents *events, void *user, const char *history_path)
{
    editor.events = *events;
    editor.user = user;
    tcgetattr(STDIN_FILENO, &editor.before);
    open_history(history_path);
    editor.line = el_init("backfence", stdin, stdout, stderr);
    el_set(editor.line, EL_PROMPT, prompt);
    el_set(editor.line, EL_EDITOR, "emacs");
    el_set(editor.line, EL_SIGNAL, 0);
    el_set(editor.line, EL_HIST, history, editor.history);
    el_set(editor.line, EL_GETCFN, next_character);
    /* The narrow el_set() would copy the two texts and lose the copies. */
    el_wset(editor.line, EL_ADDFN, L"backfence-complete", L"Complete a command or name", complete);
    quieten_terminal(editor.line);
    bind_keys(editor.line);
    el_source(editor.line, NULL); /* ~/.editrc */
    el_set(editor.line, EL_UNBUFFERED, 1);
    editor.drawn = true;
    printer_set_hooks(step_aside, come_back);
    watch_signals();
    editor.keys_source =
        g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, keys_ready, NULL);
}

static void close_history(void)
{
    HistEvent event;
    mode_t mask = umask(077); /* it holds what was said in private */
    if (editor.history_path)
        history(editor.history, &event, H_SAVE, editor.history_path);
    umask(mask);
    history_end(editor.history);
    g_clear_pointer(&editor.history_path, g_free);
}

void editor_stop(void)
{
    if (!editor.line)
        return;
    printer_set_hooks(NULL, NULL);
    g_clear_handle_id(&editor.keys_source, g_source_remove);
    g_clear_handle_id(&editor.size_source, g_source_remove);
    g_clear_handle_id(&editor.resumed_source, g_source_remove);
    if (editor.resumed >= 0)
        close(editor.resumed);
    editor.resumed = -1;
    step_aside();
    wipe_question();
    fflush(stdout);
    el_set(editor.line, EL_UNBUFFERED, 0);
    el_end(editor.line);
    editor.line = NULL;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &editor.before);
    close_history();
}
