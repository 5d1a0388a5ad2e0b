#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# swap.sh COMMAND…: runs it with 512 MiB of swap, which is gone afterwards.
#
# The machine's own swap is taken when enough of it is free; else a file on a real file system, else
# zram.  Exit status 77 and "skipped: why" when the machine allows none of them.
set -u
mib=512
file= device=

end() {
	if [ -n "$file" ]; then
		swapoff "$file" 2>/dev/null
		rm -f "$file"
	fi
	if [ -n "$device" ]; then
		swapoff "$device" 2>/dev/null
		echo "${device#/dev/zram}" >/sys/class/zram-control/hot_remove 2>/dev/null
	fi
}
trap end EXIT
trap 'exit 143' TERM INT HUP

free_mib() {
	awk '/^SwapFree/ { print int($2 / 1024) }' /proc/meminfo
}

on_file() {
	local directory
	for directory in "${TMPDIR:-/var/tmp}" /var/tmp /root; do
		case $(stat -f -c %T "$directory" 2>/dev/null) in
		ext2/ext3 | xfs) ;;
		*) continue ;;
		esac
		file=$(mktemp "$directory/memtop-swap.XXXXXX") || continue
		chmod 600 "$file"
		dd if=/dev/zero of="$file" bs=1M count=$mib status=none &&
			mkswap "$file" >/dev/null 2>&1 && swapon "$file" 2>/dev/null && return 0
		rm -f "$file"
		file=
	done
	return 1
}

on_zram() {
	local n
	[ -e /sys/class/zram-control/hot_add ] || modprobe zram 2>/dev/null
	n=$(cat /sys/class/zram-control/hot_add 2>/dev/null) || return 1
	device=/dev/zram$n
	echo ${mib}M >"/sys/block/zram$n/disksize" && mkswap "$device" >/dev/null 2>&1 &&
		swapon "$device" 2>/dev/null
}

if [ "$(free_mib)" -lt $mib ] && ! on_file && ! on_zram; then
	echo "skipped: no swap can be made here, neither as a file nor with zram"
	exit 77
fi
"$@"
