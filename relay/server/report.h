#pragma once
/* The program's log: one line a fact on stderr, `level=… event=… key=value …`. Never bodies of
 * messages. */

/* `detail` is "key=value …", values escaped; NULL or "" for none. Faults and what others did wrong
 * are told apart by the event's word: see report.c. */
void report(const char *event, const char *detail);
/* The same with one field, whose value is escaped here and quoted where that is needed. */
void report_value(const char *event, const char *key, const char *value);
/* `value` as it stands in a field; transfer full. */
char *report_quote(const char *value);
