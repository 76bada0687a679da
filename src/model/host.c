/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/host.h"

/* A view writes through to its object; const callers keep their hands off by contract. */
#define VIEW(type)                                                                     \
	struct object_view type##_view(const struct type *object)                      \
	{                                                                              \
		struct type *open = (struct type *)object;                             \
									               \
		return (struct object_view){ &type##_info, open->value, open->state,   \
					     open->text };                             \
	}

VIEW(host)
VIEW(cpu)
VIEW(disk)
VIEW(nic)
