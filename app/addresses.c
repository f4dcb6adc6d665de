#include "app/addresses.h"

#include "discovery/announcer.h"
#include "discovery/reach.h"
#include "relay/limits.h"
#include "relay/source_address.h"

G_STATIC_ASSERT(REACH_MAX == ADDRESSES_MAX && ANNOUNCER_DEFAULT_PORT == DEFAULT_PORT);

char **addresses_own(uint16_t port)
{
    return reach_own(port, source_address_admits);
}

char **addresses_write(const GPtrArray *addresses)
{
    return reach_write(addresses);
}

bool addresses_any(void)
{
    return reach_any(source_address_admits);
}

GPtrArray *addresses_read(char *const *texts, size_t count)
{
    return reach_read(texts, count, source_address_admits);
}
