/* Runs a fuzzer's entry over every file of a corpus folder, where libFuzzer is not linked. */

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        g_autoptr(GDir) folder = g_dir_open(argv[i], 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *path = g_build_filename(argv[i], name, NULL);
            g_autofree char *bytes = NULL;
            gsize size = 0;
            if (g_file_get_contents(path, &bytes, &size, NULL)) {
                /* A copy of exactly this size, so that reading past its end is noticed; malloc(0)
                 * is not NULL, as libFuzzer's empty input is not. */
                uint8_t *exact = malloc(size);
                if (!exact) {
                    return 1;
                }
                memcpy(exact, bytes, size);
                LLVMFuzzerTestOneInput(exact, size);
                free(exact);
                count++;
            }
        }
    }
    printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
