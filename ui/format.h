#pragma once
/* Times and names as words. All results are transfer full. Times are Unix milliseconds, shown in
 * the machine's time zone; any thread. */

#include "app/model.h"

/* "10:41". */
char *format_clock(int64_t time_ms);
/* "Today", "Yesterday", "Monday", "3 May", "3 May 2024". */
char *format_day(int64_t time_ms, int64_t now_ms);
/* Short, for the sidebar: "11:02" today, "Mon" within a week, "3 May" before. */
char *format_short(int64_t time_ms, int64_t now_ms);
/* The two times are on different days. */
bool format_other_day(int64_t a_ms, int64_t b_ms);
/* Under a person's name: "", "away 12 min", "last seen 18:20", "last seen Mon". */
char *format_presence(const Person *person, int64_t now_ms);
/* "Mira is typing…", "Mira and Sam are typing…", "Several people are typing…"; "" for nobody. */
char *format_typing(const GPtrArray *persons);
/* Neighbouring joins, leaves and moves in one line: "Mira and 2 others joined, Sam left · The room
 * moved to Li's computer". `messages` holds const Message*. */
char *format_comings(const GPtrArray *messages);
/* A name as part of a sentence of the program's: one that is written from right to left is kept
 * together and leaves the sentence its direction. */
char *format_name(const char *name);
/* A sentence that may begin with a name: the same. */
char *format_sentence(const char *sentence);
/* "1 person", "6 people". */
char *format_people(unsigned count);
