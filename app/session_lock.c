/* Places that ask for a passphrase: none is joined yet. */
#include "app/member.h"

const uint8_t *session_locked_place(const Session *session)
{
    return NULL;
}

const char *session_locked_name(const Session *session)
{
    return "";
}

void member_unlock(Member *member, const char *passphrase)
{
}
