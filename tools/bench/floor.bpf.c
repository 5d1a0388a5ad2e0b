// SPDX-License-Identifier: GPL-2.0-or-later
/* floor: programs that do nothing; what they cost is what a probe costs. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license")
= "GPL";

SEC("uprobe")
int floor_enter(void *ctx)
{
	return 0;
}

SEC("uretprobe")
int floor_leave(void *ctx)
{
	return 0;
}
