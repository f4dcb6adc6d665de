#include "app/files/journal.h"

#include "app/files/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define NAME "journal"
#define MAGIC "BFJRNL1\n"
#define MAGIC_SIZE 8
#define CHECK_SIZE 8
#define HEADER_SIZE (CHECK_SIZE + 1 + 2)
#define READ_SIZE (64 * 1024)

struct Journal {
    int file;
    uint64_t end;     /* of what is in the file */
    GByteArray *wait; /* owned: gathered */
    unsigned gathered;
    size_t gathered_bytes;
};

static void set_error(GError **error)
{
    disk_set_error(error, errno, "Cannot write the notes about a transfer:", NAME);
}

static uint64_t check_of(const uint8_t *record, size_t size, uint64_t offset)
{
    return XXH3_64bits_withSeed(record + CHECK_SIZE, size - CHECK_SIZE, offset);
}

/* The size of the record at `offset`, 0 when there is none. */
static size_t record_size(const uint8_t *at, size_t length, uint64_t offset)
{
    if (length < HEADER_SIZE)
        return 0;
    size_t size = HEADER_SIZE + (size_t)disk_get_number(at + CHECK_SIZE + 1, 2);
    if (size > HEADER_SIZE + JOURNAL_PAYLOAD_MAX || size > length ||
        disk_get_number(at, CHECK_SIZE) != check_of(at, size, offset))
        return 0;
    return size;
}

/* Reads records from journal->end on, which moves behind the last good one. */
static bool read_records(Journal *journal, JournalRead read, void *user)
{
    g_autofree uint8_t *bytes = g_malloc(READ_SIZE);
    for (;;) {
        ssize_t got = disk_read(journal->file, bytes, READ_SIZE, journal->end);
        if (got < 0)
            return false;
        size_t used = 0;
        for (;;) {
            const uint8_t *at = bytes + used;
            size_t size = record_size(at, (size_t)got - used, journal->end);
            if (size == 0)
                break;
            if (!read((RecordKind)at[CHECK_SIZE], at + HEADER_SIZE, size - HEADER_SIZE, user))
                return true;
            used += size;
            journal->end += size;
        }
        if (used == 0)
            return true;
    }
}

static bool start_file(Journal *journal)
{
    journal->end = MAGIC_SIZE;
    return ftruncate(journal->file, 0) == 0 && disk_write(journal->file, MAGIC, MAGIC_SIZE, 0);
}

static bool take_up(Journal *journal, JournalRead read, void *user)
{
    char magic[MAGIC_SIZE];
    ssize_t got = disk_read(journal->file, magic, MAGIC_SIZE, 0);
    if (got < 0)
        return false;
    if (got < MAGIC_SIZE || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
        return start_file(journal);
    journal->end = MAGIC_SIZE;
    return read_records(journal, read, user) && ftruncate(journal->file, (off_t)journal->end) == 0;
}

Journal *journal_open(int folder, JournalRead read, void *user, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);
    journal->wait = g_byte_array_new();
    journal->file = disk_open_beneath(folder, NAME, O_RDWR | O_CREAT, S_IRUSR | S_IWUSR);
    if (journal->file >= 0 && take_up(journal, read, user))
        return g_steal_pointer(&journal);
    set_error(error);
    return NULL;
}

static bool flush(Journal *journal)
{
    GByteArray *wait = journal->wait;
    if (wait->len == 0)
        return true;
    if (!disk_write(journal->file, wait->data, wait->len, journal->end))
        return false;
    journal->end += wait->len;
    g_byte_array_set_size(wait, 0);
    journal->gathered = 0;
    journal->gathered_bytes = 0;
    return true;
}

void journal_close(Journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->file >= 0) {
        flush(journal);
        close(journal->file);
    }
    g_byte_array_unref(journal->wait);
    g_free(journal);
}

static void gather(Journal *journal, RecordKind kind, const void *payload, size_t length)
{
    g_assert(length <= JOURNAL_PAYLOAD_MAX);
    uint8_t record[HEADER_SIZE + JOURNAL_PAYLOAD_MAX];
    record[CHECK_SIZE] = (uint8_t)kind;
    disk_put_number(record + CHECK_SIZE + 1, length, 2);
    memcpy(record + HEADER_SIZE, payload, length);
    uint64_t offset = journal->end + journal->wait->len;
    disk_put_number(record, check_of(record, HEADER_SIZE + length, offset), CHECK_SIZE);
    g_byte_array_append(journal->wait, record, (guint)(HEADER_SIZE + length));
}

static gboolean flush_or_say(Journal *journal, GError **error)
{
    if (flush(journal))
        return TRUE;
    set_error(error);
    return FALSE;
}

gboolean journal_add(Journal *journal, RecordKind kind, const void *payload, size_t length,
                     GError **error)
{
    gather(journal, kind, payload, length);
    return flush_or_say(journal, error);
}

gboolean journal_add_chunk(Journal *journal, const void *payload, size_t length, size_t bytes,
                           GError **error)
{
    gather(journal, RECORD_CHUNK, payload, length);
    journal->gathered++;
    journal->gathered_bytes += bytes;
    if (journal->gathered < JOURNAL_GATHERED && journal->gathered_bytes < JOURNAL_GATHERED_BYTES)
        return TRUE;
    return flush_or_say(journal, error);
}

gboolean journal_sync(Journal *journal, GError **error)
{
    if (!flush_or_say(journal, error))
        return FALSE;
    if (fdatasync(journal->file) == 0)
        return TRUE;
    set_error(error);
    return FALSE;
}

gboolean journal_reset(Journal *journal, GError **error)
{
    g_byte_array_set_size(journal->wait, 0);
    journal->gathered = 0;
    journal->gathered_bytes = 0;
    if (start_file(journal))
        return TRUE;
    set_error(error);
    return FALSE;
}
