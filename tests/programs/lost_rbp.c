// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lost_rbp: a block whose stack cannot be told to its end: its caller's rbp is said to be lost.
 *
 * framed() has no unwind information, so that only rbp leads on from it; loses() has some, and says
 * of rbp that nobody knows where it is.  An unwinder that goes on all the same makes up a stack.
 *
 *	main -> framed (rbp only) -> loses (rbp undefined) -> lost_keep -> malloc
 */
#include "target.h"

static void *kept;

void framed(void);

APART void lost_keep(void)
{
	kept = malloc(hidden(MIB));
	KEEP(kept);
}

__asm__(".text\n"
	".type framed, @function\n"
	"framed: push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	call loses\n"
	"	pop %rbp\n"
	"	ret\n"
	".size framed, . - framed\n"
	".type loses, @function\n"
	"loses:	.cfi_startproc\n"
	"	.cfi_undefined rbp\n"
	"	sub $8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call lost_keep\n"
	"	add $8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size loses, . - loses\n");

int main(void)
{
	target_ready();
	framed();
	truth("lost_keep", MIB, 1);
	target_rest();
	return 0;
}
