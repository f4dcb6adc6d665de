#include "app/console/console_files.h"

#include <string.h>

#define PROGRESS_US INT64_C(200000) /* all that Transfers tells, but for a burst */
#define PATIENCE_MS 2000            /* before a person is told what is waited for */
#define HEX_KEY (2 * KEY_SIZE)

/* What was said of a transfer last. */
typedef struct {
    TransferState state;
    TransferWay way;
    char *why;
    int64_t said_us;
    bool moving; /* its beginning was said, its end not */
    bool unsaid; /* it waits, which may be over in a moment */
} Said;

struct ConsoleFiles {
    Member *member;
    const Printer *printer;
    const ConsoleFilesOptions *options;
    void (*settled)(void *user);
    void *user;
    GHashTable *said;   /* id → Said */
    GHashTable *before; /* ids of transfers and offers that were here when the program started */
    GHashTable *ours;   /* ids of transfers sent or accepted in this run */
    guint review_idle;
    guint wait_timer, patience_timer;
    bool finishing, moved, waited;
};

static void said_free(gpointer data)
{
    g_free(((Said *)data)->why);
    g_free(data);
}

static GHashTable *set_new(GDestroyNotify value)
{
    return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, value);
}

static bool contains(GHashTable *set, const uint8_t *id)
{
    g_autoptr(GBytes) key = g_bytes_new(id, TRANSFER_SIZE);
    return g_hash_table_contains(set, key);
}

static void add(GHashTable *set, const uint8_t *id)
{
    g_hash_table_add(set, g_bytes_new(id, TRANSFER_SIZE));
}

static GPtrArray *all(const ConsoleFiles *files)
{
    return transfers_list(member_transfers(files->member));
}

/* --- saying --- */

static bool moves(TransferState state)
{
    return state == TRANSFER_RUNNING || state == TRANSFER_CHECKING;
}

static TransferNews news(Said *said, const Transfer *transfer, bool first, int64_t now_us)
{
    bool same = !first && said->state == transfer->state && said->way == transfer->way &&
                g_str_equal(said->why, transfer->why);
    bool began = moves(transfer->state) && !said->moving;
    if (same)
        return now_us - said->said_us >= PROGRESS_US ? TRANSFER_NEWS_PROGRESS : TRANSFER_NEWS_NONE;
    if (moves(transfer->state) && !began)
        return TRANSFER_NEWS_DETAIL;
    return TRANSFER_NEWS_STATE;
}

static gboolean say_waiting(gpointer user)
{
    ConsoleFiles *files = user;
    files->patience_timer = 0;
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = list->len; i-- > 0;) {
        const Transfer *transfer = list->pdata[i];
        g_autoptr(GBytes) id = g_bytes_new(transfer->id, TRANSFER_SIZE);
        Said *said = g_hash_table_lookup(files->said, id);
        if (!said || !said->unsaid)
            continue;
        said->unsaid = false;
        files->printer->transfer(member_session(files->member), transfer, TRANSFER_NEWS_STATE);
    }
    return G_SOURCE_REMOVE;
}

static void say(ConsoleFiles *files, const Transfer *transfer)
{
    int64_t now_us = g_get_monotonic_time();
    g_autoptr(GBytes) id = g_bytes_new(transfer->id, TRANSFER_SIZE);
    Said *said = g_hash_table_lookup(files->said, id);
    bool first = said == NULL;
    if (first) {
        said = g_new0(Said, 1);
        g_hash_table_insert(files->said, g_bytes_ref(id), said);
    }
    TransferNews what = news(said, transfer, first, now_us);
    if (what == TRANSFER_NEWS_NONE)
        return;
    said->state = transfer->state;
    said->way = transfer->way;
    said->moving = moves(transfer->state);
    said->said_us = now_us;
    g_free(said->why);
    said->why = g_strdup(transfer->why);
    said->unsaid = transfer->state == TRANSFER_WAITING && files->options->patient;
    if (said->unsaid && files->patience_timer == 0)
        files->patience_timer = g_timeout_add(PATIENCE_MS, say_waiting, files);
    if (said->unsaid)
        return;
    files->printer->transfer(member_session(files->member), transfer, what);
}

/* --- accepting unattended --- */

static bool is_key(const char *text, const uint8_t *key)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    for (size_t i = 0; i < KEY_SIZE; i++)
        g_string_append_printf(hex, "%02x", key[i]);
    return strlen(text) == HEX_KEY && g_ascii_strcasecmp(text, hex->str) == 0;
}

/* A name counts only while nobody else has it, or one that looks alike. */
static bool is_welcome(const ConsoleFiles *files, const uint8_t *author)
{
    Session *session = member_session(files->member);
    for (char **from = files->options->accept_from; from && *from; from++) {
        if (g_str_equal(*from, "all") || is_key(*from, author))
            return true;
        const SessionMember *member = session_find_member(session, *from, NULL);
        if (member && memcmp(member->key, author, KEY_SIZE) == 0)
            return true;
    }
    return false;
}

static bool is_undecided(const Transfer *transfer)
{
    return !transfer->outgoing && transfer->state == TRANSFER_OFFERED && transfer->prompt;
}

static void take_in(ConsoleFiles *files, const Transfer *transfer)
{
    g_autoptr(GError) error = NULL;
    if (!transfers_accept(member_transfers(files->member), transfer->id, files->options->into, NULL,
                          g_get_monotonic_time(), &error))
        files->printer->error("cannot-accept", error->message);
}

static void accept_welcome(ConsoleFiles *files)
{
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = list->len; i-- > 0;) {
        const Transfer *transfer = list->pdata[i];
        if (is_undecided(transfer) && is_welcome(files, transfer->author))
            take_in(files, transfer);
    }
    member_touched(files->member);
}

unsigned console_files_undecided(ConsoleFiles *files)
{
    unsigned count = 0;
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++)
        count += is_undecided(list->pdata[i]);
    return count;
}

/* --- the end --- */

/* What was sent or accepted in this run; an older offer that goes on beside it is not waited for.
 */
static void own(ConsoleFiles *files, const Transfer *transfer)
{
    bool sent = transfer->outgoing && !contains(files->before, transfer->offer);
    bool goes = transfer->state == TRANSFER_WAITING || moves(transfer->state);
    bool accepted = !transfer->outgoing && goes && !contains(files->before, transfer->id);
    if (sent || accepted)
        add(files->ours, transfer->id);
}

static bool waits(const Transfer *transfer)
{
    return transfer->state == TRANSFER_OFFERED || transfer->state == TRANSFER_WAITING ||
           transfer->state == TRANSFER_PAUSED;
}

static bool is_moving(const ConsoleFiles *files)
{
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++) {
        const Transfer *transfer = list->pdata[i];
        if (contains(files->ours, transfer->id) && moves(transfer->state))
            return true;
    }
    return false;
}

/* Has anybody received this offer in a room? */
static bool is_received(const GPtrArray *list, const Transfer *offer)
{
    for (guint i = 0; i < list->len; i++) {
        const Transfer *transfer = list->pdata[i];
        if (memcmp(transfer->offer, offer->offer, TOKEN_SIZE) == 0 &&
            transfer->state == TRANSFER_DONE)
            return true;
    }
    return false;
}

static bool stands_for_room(const Transfer *transfer)
{
    static const uint8_t nobody[KEY_SIZE];
    return transfer->outgoing && memcmp(transfer->peer, nobody, KEY_SIZE) == 0;
}

static bool is_waiting(const ConsoleFiles *files)
{
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++) {
        const Transfer *transfer = list->pdata[i];
        if (contains(files->ours, transfer->id) && waits(transfer))
            return true;
    }
    return false;
}

static gboolean waited(gpointer user)
{
    ConsoleFiles *files = user;
    files->wait_timer = 0;
    files->waited = true;
    files->settled(files->user);
    return G_SOURCE_REMOVE;
}

static void wait_anew(ConsoleFiles *files)
{
    g_clear_handle_id(&files->wait_timer, g_source_remove);
    files->waited = files->options->wait_s == 0;
    if (!files->waited)
        files->wait_timer = g_timeout_add_seconds(files->options->wait_s, waited, files);
}

void console_files_finish(ConsoleFiles *files)
{
    files->finishing = true;
    wait_anew(files);
}

bool console_files_hold(const ConsoleFiles *files)
{
    return is_moving(files) || member_is_listing(files->member) ||
           (!files->waited && is_waiting(files));
}

/* Nothing to report to who sent or accepted it. */
static bool is_well(const GPtrArray *list, const Transfer *transfer)
{
    bool room = transfer->outgoing && transfer->in_room;
    return transfer->state == TRANSFER_DONE ||
           (transfer->state == TRANSFER_CANCELLED && !transfer->by_peer) ||
           (transfer->state == TRANSFER_DECLINED && room) ||
           (stands_for_room(transfer) && is_received(list, transfer));
}

FilesVerdict console_files_verdict(const ConsoleFiles *files)
{
    FilesVerdict verdict = FILES_ALL_THROUGH;
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++) {
        const Transfer *transfer = list->pdata[i];
        if (!contains(files->ours, transfer->id) || is_well(list, transfer))
            continue;
        if (!waits(transfer) && !moves(transfer->state))
            return FILES_FAILED;
        verdict = FILES_KEPT;
    }
    return verdict;
}

static void review_end(ConsoleFiles *files)
{
    bool moving = is_moving(files);
    if (files->moved && !moving)
        wait_anew(files);
    files->moved = moving;
    files->settled(files->user);
}

/* --- what happens --- */

static gboolean review(gpointer user)
{
    ConsoleFiles *files = user;
    files->review_idle = 0;
    if (files->options->accept_from)
        accept_welcome(files);
    if (files->finishing)
        review_end(files);
    return G_SOURCE_REMOVE;
}

/* Later: nothing may be decided from inside of what Transfers tells. */
void console_files_look(ConsoleFiles *files)
{
    if (files->review_idle == 0 && (files->options->accept_from || files->finishing))
        files->review_idle = g_idle_add(review, files);
}

void console_files_changed(ConsoleFiles *files, Transfer *transfer)
{
    own(files, transfer);
    say(files, transfer);
    console_files_look(files);
}

Transfer *console_files_of(ConsoleFiles *files, const SessionMessage *message)
{
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++) {
        Transfer *transfer = list->pdata[i];
        if (memcmp(transfer->offer, message->token, TOKEN_SIZE) == 0 &&
            memcmp(transfer->author, message->author, KEY_SIZE) == 0)
            return transfer_ref(transfer);
    }
    return NULL;
}

ConsoleFiles *console_files_new(Member *member, const Printer *printer,
                                const ConsoleFilesOptions *options, void (*settled)(void *user),
                                void *user)
{
    ConsoleFiles *files = g_new0(ConsoleFiles, 1);
    files->member = member;
    files->printer = printer;
    files->options = options;
    files->settled = settled;
    files->user = user;
    files->said = set_new(said_free);
    files->before = set_new(NULL);
    files->ours = set_new(NULL);
    g_autoptr(GPtrArray) list = all(files);
    for (guint i = 0; i < list->len; i++) {
        const Transfer *transfer = list->pdata[i];
        if (transfer->outgoing || transfer->state != TRANSFER_OFFERED)
            add(files->before, transfer->outgoing ? transfer->offer : transfer->id);
    }
    return files;
}

void console_files_free(ConsoleFiles *files)
{
    if (!files)
        return;
    g_clear_handle_id(&files->review_idle, g_source_remove);
    g_clear_handle_id(&files->wait_timer, g_source_remove);
    g_clear_handle_id(&files->patience_timer, g_source_remove);
    g_hash_table_unref(files->said);
    g_hash_table_unref(files->before);
    g_hash_table_unref(files->ours);
    g_free(files);
}
