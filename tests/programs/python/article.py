# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrays of ones, of zeros, and of zeros that are read; then the ones are pushed to swap."""

import ctypes
import sys

import numpy

BYTES = 64 << 20


def make():
	ones = numpy.ones(BYTES // 8)		# written
	zeros = numpy.zeros(BYTES // 8)		# never touched
	read = numpy.zeros(BYTES // 8)		# read: the zero page
	read.sum()
	return ones, zeros, read


def page_out(array):
	start = (array.ctypes.data + 4095) & ~4095
	size = BYTES - 4096
	ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), 21)


numpy.ones(10).sum()
print("READY", flush=True)
sys.stdin.readline()
arrays = make()
print("REST", flush=True)
sys.stdin.readline()
page_out(arrays[0])
print("REST", flush=True)
sys.stdin.readline()
