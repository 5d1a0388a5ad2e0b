// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* True for what write(2) fails with in practice, and text_open()'s stream. */
static bool write_error(int err)
{
	return err == ENOSPC || err == EPIPE || err == EDQUOT || err == EFBIG || err == ENOMEM;
}

int output_flush(FILE *out)
{
	int earlier = errno, err = 0;

	if (fflush(out))
		err = errno;
	else if (ferror(out))
		/* stdio drops what it failed to write, so only errno may still tell why */
		err = write_error(earlier) ? earlier : EIO;
	if (!err)
		return 0;
	return error_set(-err, "cannot write the output: %s", strerror(err));
}
