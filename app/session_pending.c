/* Until the parts that these belong to are there. */
#include "app/session.h"

#define WEAK __attribute__((weak))
WEAK void session_network(Session *s, const SessionNetwork *n, int64_t now)
{
}
WEAK void session_set_addresses(Session *s, char *const *a, int64_t now)
{
}
WEAK char *const *session_addresses(const Session *s, uint64_t c)
{
    return NULL;
}
WEAK bool session_serving(const Session *s)
{
    return false;
}
WEAK const uint8_t *session_relay_key(const Session *s)
{
    return NULL;
}
