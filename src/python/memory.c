// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/memory.h"

#include <errno.h>
#include <sys/uio.h>

int python_memory_read(pid_t pid, uint64_t addr, void *to, size_t n)
{
	struct iovec local = { to, n }, remote = { (void *)(uintptr_t)addr, n };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (got < 0)
		return -errno;
	return (size_t)got == n ? 0 : -EFAULT;
}
