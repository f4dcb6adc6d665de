#pragma once
/* Paths as people type them. Pure but for looking into folders; any thread. */

#include <glib.h>
#include <stdbool.h>

/* An absolute path without "." and "..", "~" being the person's home; blanks around it and a
 * "file://" in front are forgiven. NULL for "" and for names of other people's homes; transfer
 * full. */
char *path_text_read(const char *typed);
/* `typed`, continued as far as it is certain; a folder ends in '/'. NULL when nothing can be added;
 * transfer full. Hidden names need their dot. */
char *path_text_complete(const char *typed, bool folders_only);
/* A path for people: home is "~"; valid UTF-8; transfer full. */
char *path_text_show(const char *path);
