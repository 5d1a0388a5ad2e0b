/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusal: why the kernel does not take memtop's BPF programs, in one sentence.
 *
 * kernel.c hands it what libbpf prints while it loads them, which is where the verifier's words
 * are.  It loads nothing itself, and never tells someone who is root to become root: EACCES is also
 * what the verifier says of a program that breaks its rules.
 */
#ifndef MEMTOP_LIVE_REFUSAL_H
#define MEMTOP_LIVE_REFUSAL_H

/* What is known so far; all 0 in the beginning. */
struct refusal {
	char program[64]; /* that the verifier refused; "": none */
	char why[192];	  /* its last words on it; "": it said none */
};

/*
 * Takes one message of libbpf: notes what it says of a refused program, and writes it to the log as
 * debug: its first line, and of a verifier's log, which may have a million, the last ones.
 */
void refusal_note(struct refusal *r, const char *message);

/*
 * The sentence for a loading that ended with err, set for error_text().  -ENOTSUP: the kernel
 * cannot run the programs; -EPERM: it may not be asked to; -ENOMEM.
 */
int refusal_error(const struct refusal *r, int err);

#endif
