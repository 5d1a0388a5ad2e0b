/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_file: opening files that a measured process names, without being led astray by it.
 *
 * Whoever reads a target's binaries, debug files and perf maps opens them here.  Only regular files
 * are ever opened (a FIFO would block, a device could act), symbolic links are resolved inside the
 * target's root, and nothing is opened for writing.
 */
#ifndef MEMTOP_STACK_TARGET_FILE_H
#define MEMTOP_STACK_TARGET_FILE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * The file behind a mapping: /proc/PID/map_files/START-END, which is right even when the file was
 * deleted or replaced, or lies in another mount namespace.  A descriptor (O_CLOEXEC), or -errno:
 * -ENOENT no such mapping, -EPERM not permitted (it takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE),
 * -EINVAL not a regular file.
 */
int target_file_open_map(pid_t pid, uint64_t start, uint64_t end);

/* What stat() says of the file behind a mapping; 0 or -errno as above. */
int target_file_stat_map(pid_t pid, uint64_t start, uint64_t end, struct stat *st);

/*
 * The file at path (absolute) as process pid would find it; pid 0: as memtop would.  A descriptor
 * (O_CLOEXEC) or -errno; -EINVAL when it is not a regular file.
 */
int target_file_open(pid_t pid, const char *path);

#endif
