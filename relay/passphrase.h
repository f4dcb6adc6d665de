#pragma once
/* A file with a passphrase, for those who start programs by scripts: nobody but its owner may read
 * it, and a passphrase never is an argument, an environment variable or in a log. */

#include <glib.h>

/* In memory that is kept secret, transfer full (passphrase_free()); the last line break of the file
 * is left out. NULL with a sentence: missing, somebody else's, readable by others, empty, longer
 * than PASSPHRASE_MAX, not UTF-8, or more than one line. */
char *passphrase_read(const char *path, GError **error);
/* Wipes and frees; NULL is fine. */
void passphrase_free(char *passphrase);
