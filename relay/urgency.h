#pragma once
/* How soon the calling thread gets the processor when others want it too. Asks for nothing that
 * needs a privilege, and costs a machine with nothing else to do nothing. */

/* What somebody waits for: threads that carry chat. They run shortly and often, and want to start
 * at once; their share of the processor stays as it was. Threads that they make are like others. */
void urgency_raise(void);
/* What may take its time: threads that move or compare large amounts. They take what is left, but
 * never nothing at all. */
void urgency_lower(void);
