/* The door of a place that asks for a passphrase. */
#include "relay/hub_internal.h"

bool hub_lock_asks(HubLink *link)
{
    if (link->hub->admission.door != HUB_LOCKED)
        return false;
    hub_part(link, WIRE__PARTING__LOCKED, "This place asks for a passphrase.");
    return true;
}

void hub_lock_answer(HubLink *link, const Wire__Unlock *unlock)
{
    hub_part(link, WIRE__PARTING__BAD_FRAME, "Nothing is locked here.");
}

void hub_lock_end(HubLink *link)
{
}
