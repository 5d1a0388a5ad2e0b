/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speedscope: a snapshot for speedscope, in its own JSON: a profile per figure, in bytes.
 *
 * `memtop export -f speedscope` writes it.  It never leaves a figure out: --value only says which
 * profile is shown first.
 */
#ifndef MEMTOP_EXPORT_SPEEDSCOPE_H
#define MEMTOP_EXPORT_SPEEDSCOPE_H

#include "export/export.h"

/*
 * https://www.speedscope.app/file-format-schema.json: "sampled" profiles, weights in bytes.  Stacks
 * begin with their process.  A frame is told by function, module, file and line.
 */
extern const struct export_format export_speedscope;

#endif
