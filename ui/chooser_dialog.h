#pragma once
/* What the face's own files need of the chooser (ui/chooser.h): its dialog. UI thread only. */

#include "ui/actions.h"

/* The action of this name, when it is one of the dialog; else NULL. */
const Action *chooser_find(const char *name);
Field *chooser_field(Chooser *chooser);
/* "" when nothing was typed that is not there. */
const char *chooser_error(const Chooser *chooser);
const char *chooser_title(const Chooser *chooser);
const char *chooser_accept_text(const Chooser *chooser);
ChooserKind chooser_kind(const Chooser *chooser);
/* The text of the field changed. */
void chooser_edited(Chooser *chooser);
/* Tab in the dialog's field: completes the path as far as it is certain. FALSE when that adds
 * nothing. */
bool chooser_complete(Face *face);
