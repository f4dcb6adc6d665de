#include "relay/passphrase.h"

#include "relay/limits.h"
#include "relay/secret_file.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

static gboolean refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The passphrase in %s %s.", path, why);
    return FALSE;
}

static void explain(const char *path, const GError *unreadable, GError **error)
{
    if (g_error_matches(unreadable, G_FILE_ERROR, G_FILE_ERROR_PERM))
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    "The passphrase file %s must be a plain file of your own that nobody else may "
                    "read: chmod 600 helps.",
                    path);
    else if (g_error_matches(unreadable, G_FILE_ERROR, G_FILE_ERROR_INVAL))
        refuse(path, "is empty or too long", error);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "The passphrase file cannot be used: %s.",
                    unreadable->message);
}

static size_t without_line_break(const uint8_t *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    return length;
}

static gboolean check(const char *path, const uint8_t *bytes, size_t length, GError **error)
{
    if (length == 0)
        return refuse(path, "is empty", error);
    if (length > PASSPHRASE_MAX)
        return refuse(path, "is too long", error);
    if (memchr(bytes, '\n', length) || memchr(bytes, '\0', length))
        return refuse(path, "is more than one line", error);
    if (!g_utf8_validate((const char *)bytes, (gssize)length, NULL))
        return refuse(path, "is not valid UTF-8", error);
    return TRUE;
}

char *passphrase_read(const char *path, GError **error)
{
    size_t length = 0;
    g_autoptr(GError) unreadable = NULL;
    if (sodium_init() < 0)
        g_error("libsodium does not work here");
    uint8_t *bytes = secret_file_read(path, PASSPHRASE_MAX + 2, &length, &unreadable);
    if (!bytes) {
        explain(path, unreadable, error);
        return NULL;
    }
    char *passphrase = NULL;
    length = without_line_break(bytes, length);
    if (check(path, bytes, length, error)) {
        passphrase = sodium_malloc(length + 1);
        if (!passphrase)
            g_error("no memory that is kept secret");
        memcpy(passphrase, bytes, length);
        passphrase[length] = '\0';
    }
    secret_free(bytes);
    return passphrase;
}

void passphrase_free(char *passphrase)
{
    sodium_free(passphrase);
}
