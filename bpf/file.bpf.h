/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file: which file a struct file is of, as the user side knows it.
 *
 * mapping.bpf.c asks when code is mapped, stack.bpf.c when it meets code that no slice has.  It
 * reads the inode and nothing of the contents.
 */
#ifndef MEMTOP_FILE_BPF_H
#define MEMTOP_FILE_BPF_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>

#define NS_PER_S 1000000000LL

/* As struct stat has it: st_mtim. */
static __always_inline __u64 inode_version(struct inode *inode)
{
	struct inode___6_10 *private = (void *)inode;
	struct inode___6_6 *old = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec) * NS_PER_S +
		       BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(private->__i_mtime))
		return BPF_CORE_READ(private, __i_mtime.tv_sec) * NS_PER_S +
		       BPF_CORE_READ(private, __i_mtime.tv_nsec);
	return BPF_CORE_READ(old, i_mtime.tv_sec) * NS_PER_S + BPF_CORE_READ(old, i_mtime.tv_nsec);
}

/*
 * The inode that /proc/PID/maps shows (file_user_inode() in include/linux/fs.h).  An overlay's file
 * is mapped from the layer below, and what is mapped there knows by which path it was opened.
 */
static __always_inline struct inode *file_user_inode(struct file *file)
{
	struct backing_file *backing = (void *)file;
	__u32 mode = bpf_core_enum_value_exists(enum fsnotify_data_type, FSNOTIFY_EVENT_FILE_RANGE)
			     ? FMODE_BACKING
			     : FMODE_BACKING_6_13;

	if (bpf_core_field_exists(backing->user_path) && BPF_CORE_READ(file, f_mode) & mode)
		return BPF_CORE_READ(backing, user_path.dentry, d_inode);
	return BPF_CORE_READ(file, f_inode);
}

/* file: any pointer to one, also one that was read. */
static __always_inline void file_key_read(struct file *file, struct file_key *key)
{
	struct inode *inode = file_user_inode(file);

	key->inode = BPF_CORE_READ(inode, i_ino);
	key->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key->version = inode_version(inode);
}

#endif
