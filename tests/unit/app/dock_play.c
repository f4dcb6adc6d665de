#include "tests/unit/app/dock_play.h"

#include <check.h>
#include <sodium.h>

Dock *dock;

static void setup(unsigned count)
{
    ck_assert_int_ge(sodium_init(), 0);
    dock = dock_new(count);
}

void dock_play_setup(void)
{
    setup(MIRA + 1);
}

void dock_play_setup_many(void)
{
    setup(21);
}

void dock_play_teardown(void)
{
    g_clear_pointer(&dock, dock_free);
}

void dock_play_offered(void)
{
    dock_offer(dock, ANN, SAM, "mockup.fig");
}

void dock_play_accepted(void)
{
    dock_play_offered();
    dock_accept(dock, SAM);
}

void dock_play_running(void)
{
    dock_play_accepted();
    dock_pass(dock, SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    dock_play_expect(ANN, SAM, TRANSFER_RUNNING);
}

void dock_play_expect(unsigned member, unsigned peer, TransferState state)
{
    g_autoptr(Transfer) transfer = dock_with(dock, member, peer);

    ck_assert_str_eq(transfer_state_name(transfer->state), transfer_state_name(state));
}
