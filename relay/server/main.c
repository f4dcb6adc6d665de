#include "relay/process.h"
#include "relay/server/options.h"
#include "relay/server/service.h"

#include <locale.h>

int main(int argc, char **argv)
{
    process_prepare();
    setlocale(LC_ALL, "");
    Options options;
    switch (options_parse(argc, argv, &options)) {
    case OPTIONS_WRONG:
        return SERVICE_USAGE;
    case OPTIONS_DONE:
        return SERVICE_OK;
    case OPTIONS_SERVE:
        break;
    }
    ServiceExit result = service_run(&options);
    options_clear(&options);
    return (int)result;
}
