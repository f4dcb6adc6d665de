#pragma once
/* For the commands' show(): answers as people read them, on stdout. What members wrote is escaped
 * here and nowhere else. */

#include <json-glib/json-glib.h>
#include <stdint.h>

/* A member of an answer; "" when it is not there. The answer's. */
const char *show_text(JsonObject *answer, const char *name);
int64_t show_number(JsonObject *answer, const char *name); /* 0 when it is not there */
/* "label   value", the values under each other. Nothing when the value is "". */
void show_field(const char *label, const char *value);
/* One line of text. */
void show_line(const char *text);
/* Rows under each other in columns; the titles are the first row. Takes nothing. */
typedef struct ShowTable ShowTable;
ShowTable *show_table_new(const char *const *titles);
/* As many cells as there are titles. */
void show_table_add(ShowTable *table, const char *const *cells);
/* Prints and frees it. */
void show_table_print(ShowTable *table);
/* "2026-11-21 20:15", of this machine's time zone; "" for 0. Transfer full. */
char *show_time(int64_t time_ms);
/* "1.2 MB". Transfer full. */
char *show_size(uint64_t bytes);
