# Read by gdb: symbols of large files, over and over.
set pagination off
set confirm off
while 1
	file /usr/bin/gdb
	info functions ^mem
	file /lib/x86_64-linux-gnu/libstdc++.so.6
	info functions allocator
	info variables vtable
	file /lib/x86_64-linux-gnu/libc.so.6
	info functions ^str
	info variables ^_
end
