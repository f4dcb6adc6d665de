#include "ui/desktop.h"

#include <gio/gio.h>
#include <string.h>

/* What desktops run, install or follow when it is clicked on. Extensions decide before content:
 * most desktops choose the program by the name. */
static const char *const extensions[] = {
    "appimage",    "apk", "app", "bash",    "bat", "bin", "cmd",  "com",     "command",
    "cpl",         "csh", "deb", "desktop", "dll", "exe", "fish", "flatpak", "flatpakref",
    "flatpakrepo", "hta", "jar", "jnlp",    "js",  "jse", "ko",   "ksh",     "lnk",
    "lua",         "msi", "msp", "pif",     "pl",  "ps1", "py",   "pyc",     "pyw",
    "rb",          "reg", "rpm", "run",     "scr", "sh",  "snap", "so",      "tcl",
    "url",         "vb",  "vbe", "vbs",     "ws",  "wsf", "xpi",  "zsh",
};

static const char *const types[] = {
    "application/x-executable",
    "application/x-sharedlib",
    "application/x-desktop",
    "application/x-shellscript",
    "application/x-ms-dos-executable",
    "application/x-msdownload",
    "application/x-java-archive",
    "application/vnd.appimage",
    "application/vnd.debian.binary-package",
    "application/x-rpm",
    "application/x-mswinurl",
    "application/x-ms-shortcut",
};

static bool has_extension(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        if (g_ascii_strcasecmp(dot + 1, extensions[i]) == 0)
            return true;
    }
    return false;
}

static bool begins(const void *head, gsize length, const char *magic)
{
    return length >= strlen(magic) && memcmp(head, magic, strlen(magic)) == 0;
}

bool desktop_is_program(const char *path, const void *head, gsize length)
{
    static const char *const magics[] = {"\177ELF", "#!", "MZ", "\312\376\272\276",
                                         "[Desktop Entry]"};
    if (has_extension(path))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
        if (begins(head, length, magics[i]))
            return true;
    }
    g_autofree char *type = g_content_type_guess(path, head, length, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_content_type_is_a(type, types[i]))
            return true;
    }
    return false;
}
