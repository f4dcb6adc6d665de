/* The TXT record of a stranger: what is taken from it holds what txt.h promises, and survives being
 * written and read again. */

#include "discovery/txt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AvahiStringList *strings = NULL;
    Txt txt;
    Txt again;
    if (avahi_string_list_parse(data, size, &strings) != 0) {
        return 0;
    }
    if (txt_parse(strings, &txt) == TXT_OK) {
        check(txt.role != CANDIDATE_ROLE_UNKNOWN);
        check(g_utf8_validate(txt.name, -1, NULL) && strlen(txt.name) <= CANDIDATE_NAME_MAX);
        AvahiStringList *written = txt_build(&txt);
        check(txt_parse(written, &again) == TXT_OK);
        check(strcmp(txt.name, again.name) == 0 && txt.epoch == again.epoch &&
              txt.locked == again.locked && memcmp(txt.key, again.key, sizeof txt.key) == 0 &&
              memcmp(txt.place, again.place, sizeof txt.place) == 0 && txt.role == again.role);
        avahi_string_list_free(written);
    }
    avahi_string_list_free(strings);
    return 0;
}
