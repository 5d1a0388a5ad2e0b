// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/exit_status.h"

#include <errno.h>

enum exit_status exit_status_of(int err)
{
	switch (-err) {
	case 0:
	case EPIPE:
		return EXIT_DONE;
	case EPERM:
	case EACCES:
		return EXIT_NOT_PERMITTED;
	case ENOTSUP:
	case ENOSYS:
		return EXIT_NOT_SUPPORTED;
	case ESRCH:
		return EXIT_NO_TARGET;
	default:
		return EXIT_FAILED;
	}
}
