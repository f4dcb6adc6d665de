#include "relay/process.h"
#include "relay/server/command.h"

#include <locale.h>

int main(int argc, char **argv)
{
    process_prepare();
    setlocale(LC_ALL, "");
    return command_main(argc, argv);
}
