/* Who may come, when that changes while the relay runs. */
#include "relay/hub_internal.h"

#include <string.h>

static const char *address_of(const HubLink *link)
{
    const HubOutput *output = &link->hub->output;
    return output->address ? output->address(link->link, link->hub->user) : NULL;
}

static void look_again(HubLink *link)
{
    const HubAdmission *admission = &link->hub->admission;
    const char *address = address_of(link);
    if (memcmp(link->key, link->hub->self, KEY_SIZE) == 0)
        return;
    if (admission->address_banned && address && admission->address_banned(address, admission->user))
        hub_part(link, WIRE__PARTING__BANNED, "This address is banned here.");
    else if (admission->door == HUB_LISTED && !admission->listed(link->key, admission->user))
        hub_part(link, WIRE__PARTING__NOT_ADMITTED, "Only listed members are let in here.");
}

void hub_set_admission(Hub *hub, const HubAdmission *admission, int64_t now_us)
{
    static const HubAdmission open = {.door = HUB_OPEN};
    hub_begin(hub, now_us);
    hub->admission = admission ? *admission : open;
    hub_lock_changed(hub);
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if (link->joined && !link->doomed)
            look_again(link);
    }
    hub_sweep(hub);
}
