/* fontconfig keeps its configuration as long as the program lives, and Pango has a thread of its
 * own list the fonts, which nobody can join: what that thread holds when the program ends looks
 * lost. Backfence itself only borrows fontconfig's objects, so nothing of ours is hidden by this.
 */

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so.1\n";
}
