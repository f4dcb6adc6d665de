/* What a landing writes into its journal; landing_resume.c reads it. */

#include "app/files/landing_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"

gboolean landing_note_file(Landing *landing, RecordKind kind, uint32_t number, const char *name,
                           GError **error)
{
    uint8_t payload[4 + FILE_NAME_MAX + 1];
    size_t length = strlen(name);
    g_assert(length <= FILE_NAME_MAX);
    disk_put_number(payload, number, 4);
    memcpy(payload + 4, name, length);
    return journal_add(landing->journal, kind, payload, 4 + length, error);
}

gboolean landing_note_placing(Landing *landing, RecordKind kind, uint32_t item, GError **error)
{
    uint8_t payload[4 + 8 + FILE_NAME_MAX + 1];
    const LandingItem *own = &landing->items[item];
    size_t length = strlen(own->final);
    g_assert(length <= FILE_NAME_MAX);
    disk_put_number(payload, item, 4);
    disk_put_number(payload + 4, own->inode, 8);
    memcpy(payload + 12, own->final, length);
    return journal_add(landing->journal, kind, payload, 12 + length, error);
}

uint64_t landing_device(const Landing *landing)
{
    struct stat status;
    return fstat(landing->into_folder, &status) == 0 ? status.st_dev : 0;
}

gboolean landing_note_begin(Landing *landing, const uint8_t *hash, GError **error)
{
    uint8_t payload[JOURNAL_PAYLOAD_MAX];
    size_t length = MIN(strlen(landing->into), sizeof payload - HASH_SIZE - 8);
    memcpy(payload, hash, HASH_SIZE);
    disk_put_number(payload + HASH_SIZE, landing_device(landing), 8);
    memcpy(payload + HASH_SIZE + 8, landing->into, length);
    return journal_add(landing->journal, RECORD_BEGIN, payload, HASH_SIZE + 8 + length, error);
}

bool landing_read_boot(char *boot)
{
    g_auto(Descriptor) file = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);
    return file >= 0 && read(file, boot, LANDING_BOOT_SIZE) == LANDING_BOOT_SIZE;
}

/* The clock of file systems, which lags: a change that comes later is never older than this. */
static int64_t coarse_time_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void landing_note_clean(Landing *landing)
{
    uint8_t payload[LANDING_BOOT_SIZE + 8];
    if (!landing_read_boot((char *)payload))
        return;
    disk_put_number(payload + LANDING_BOOT_SIZE, (uint64_t)coarse_time_ns(), 8);
    (void)journal_add(landing->journal, RECORD_CLEAN, payload, sizeof payload, NULL);
}

gboolean landing_note_chunk(Landing *landing, LandingPoint point, size_t length, const uint8_t *sum,
                            GError **error)
{
    uint8_t payload[4 + 8 + CHUNK_SUM_SIZE];
    disk_put_number(payload, point.file, 4);
    disk_put_number(payload + 4, point.chunk, 8);
    memcpy(payload + 12, sum, CHUNK_SUM_SIZE);
    return journal_add_chunk(landing->journal, payload, sizeof payload, length, error);
}
