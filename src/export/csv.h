/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csv: a row per stack with all its figures, for spreadsheets and data frames.
 *
 * `memtop export -f csv` writes it.  Bytes and times are exact integers; it never rounds or cuts.
 */
#ifndef MEMTOP_EXPORT_CSV_H
#define MEMTOP_EXPORT_CSV_H

#include "export/export.h"

/*
 * RFC 4180: a heading line, CRLF line ends, fields with a comma or a quote in quotes.  Control
 * characters in names become '?', which RFC 4180 leaves no place for.  A field is empty where the
 * value is not known.  function, module, file and line are those of the frame to blame
 * (model/blame.h); `stack` has all frames, root first, separated by ';'.
 */
extern const struct export_format export_csv;

#endif
