/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmlinux.h: the kernel types that memtop's BPF programs use, and no others.
 *
 * Only names matter: libbpf finds each field's place in the running kernel's BTF (CO-RE), so a
 * struct here lists just the fields that are read, in any order.  To see a kernel's own definition:
 *	bpftool btf dump file /sys/kernel/btf/vmlinux format c | less
 * Constants that BTF does not carry (flags, magic numbers) name the kernel header they are from.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __s8 s8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef int pid_t;
typedef _Bool bool;
#define true  1
#define false 0

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

/* arch/x86/include/asm/ptrace.h; also the context of uprobes, whose layout is ABI there */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

/* include/linux/fsnotify_backend.h, since 6.14 */
enum fsnotify_data_type {
	FSNOTIFY_EVENT_FILE_RANGE = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	long long i_mtime_sec;
	unsigned int i_mtime_nsec;
};

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};

/* include/linux/fs.h, to 6.6 and to 6.10 */
struct inode___6_6 {
	struct timespec64 i_mtime;
};

struct inode___6_10 {
	struct timespec64 __i_mtime;
};

struct dentry {
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

typedef unsigned int fmode_t;

struct file {
	fmode_t f_mode;
	struct inode *f_inode;
};

/* fs/file_table.c: a file behind another file system's, which was opened by user_path; from 6.7 on */
struct backing_file {
	struct file file;
	struct path user_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct vm_operations_struct;

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	const struct vm_operations_struct *vm_ops;
	struct file *vm_file;
};

/* kernel/events/uprobes.c: the page, [uprobes], where probed instructions are executed */
struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	unsigned long start_code, start_brk, brk;
	struct file *exe_file;
	struct uprobes_state uprobes_state;
};

/* kernel/events/uprobes.c: a return address that a uretprobe has replaced */
struct return_instance {
	unsigned long stack;
	unsigned long orig_ret_vaddr;
	struct return_instance *next;
};

struct uprobe_task {
	struct return_instance *return_instances;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct thread_info {
	u32 status;
};

/* arch/x86/include/asm/processor.h */
struct thread_struct {
	unsigned long fsbase;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
};

struct task_struct {
	struct thread_info thread_info;
	struct thread_struct thread;
	struct mm_struct *mm;
	struct files_struct *files;
	struct uprobe_task *utask;
	const struct cred *cred;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	pid_t pid, tgid;
	unsigned int flags;
	char comm[16];
};

struct linux_binprm;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define TS_COMPAT  0x0002     /* arch/x86/include/asm/thread_info.h: a 32-bit system call */

/* include/linux/fs.h: the file in a struct backing_file; since 6.14, with FSNOTIFY_EVENT_FILE_RANGE */
#define FMODE_BACKING	   (1u << 24)
#define FMODE_BACKING_6_13 (1u << 25)

#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */

/* include/uapi/asm-generic/mman*.h, include/uapi/linux/mman.h */
#define PROT_WRITE    0x2
#define PROT_EXEC     0x4
#define MAP_SHARED    0x01
#define MAP_FIXED     0x10
#define MAP_ANONYMOUS 0x20

#define MADV_DONTNEED	     4
#define MADV_FREE	     8
#define MADV_REMOVE	     9
#define MADV_DONTNEED_LOCKED 24

/* arch/x86/entry/syscalls/syscall_64.tbl */
#define NR_MMAP	    9
#define NR_MPROTECT 10
#define NR_MUNMAP   11
#define NR_BRK	    12
#define NR_MREMAP   25
#define NR_MADVISE  28
#define NR_SHMAT    30
#define NR_SHMDT    67

#endif
