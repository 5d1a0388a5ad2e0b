/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings: the facts about machine, kernel and user in words: fine, limited, missing, and how to
 * mend.
 *
 * `memtop check` prints them.  They try nothing out themselves: that is live/capability.h.
 */
#ifndef MEMTOP_CMD_FINDINGS_H
#define MEMTOP_CMD_FINDINGS_H

#include <stdio.h>

#include "cmd/exit_status.h"
#include "live/capability.h"

enum verdict { VERDICT_OK, VERDICT_LIMITED, VERDICT_MISSING };

/* One line: the verdict, what it is about, and (may be NULL) how to mend it. */
void finding_print(FILE *out, enum verdict verdict, const char *what, const char *mend);

/*
 * A line for each thing that measuring wants.  Returns EXIT_DONE when none is missing, otherwise
 * EXIT_NOT_PERMITTED or EXIT_NOT_SUPPORTED for the one that must be mended first.
 */
enum exit_status findings_print(FILE *out, const struct capability_facts *facts);

#endif
