// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>

int vec_reserve_raw(void **at, size_t *cap, size_t want, size_t size)
{
	size_t next = *cap ? *cap : 8;
	void *grown;

	if (want <= *cap)
		return 0;
	while (next < want) {
		if (next > SIZE_MAX / 2)
			return -ENOMEM;
		next *= 2;
	}
	if (next > SIZE_MAX / size)
		return -ENOMEM;
	grown = realloc(*at, next * size);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*cap = next;
	return 0;
}
