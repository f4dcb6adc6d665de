#pragma once
/* What the files of the service share; nobody else includes it. */

#include "relay/server/service.h"

/* What is announced now; its name is the service's. */
Announcement service_announcement(const Service *service);
/* Remembers the place; when that cannot be done, reports it. */
void service_save_place(const Service *service);
/* CarrierConfig.claim and CarrierConfig.renamed; `user` is the Service. */
char *service_claims(const uint8_t *key, const char *code, void *user);
void service_renamed(void *user);
/* Takes over the place's name from the core, where admins may have changed it. */
void service_follow_name(void *user);
/* What the configuration says that holds for a core, which is new or goes on. */
void service_apply_config(Service *service);
/* SIGHUP: reads the configuration again, all or nothing. */
gboolean service_reload(void *user);
/* Tells a person at the terminal what this relay is and how it is found, once that is known: called
 * when it serves, and when the announcement changed. */
void service_greet(Service *service);
/* SIGUSR1: how the relay is, a fact a line of the log. */
gboolean service_report_state(void *user);
