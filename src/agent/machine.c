/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/machine.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void machine_parse_boot_id(const char *text, uint8_t ret[16])
{
	unsigned digits = 0;

	memset(ret, 0, 16);
	for (; digits < 32 && (*text == '-' || digit_of(*text) >= 0); text++)
		if (*text != '-') {
			ret[digits / 2] |= (uint8_t)(digit_of(*text) << (digits % 2 ? 0 : 4));
			digits++;
		}
}

static void boot_id_read(uint8_t ret[16])
{
	CLEANUP_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	machine_parse_boot_id(text, ret);
}

void machine_read(struct machine *ret)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname names;
	struct sysinfo info;

	*ret = (struct machine){ .cpus = cpus > 0 ? (uint32_t)cpus : 1 };
	if (uname(&names) == 0)
		text_copy(ret->kernel, sizeof ret->kernel, names.release, strlen(names.release));
	if (sysinfo(&info) == 0)
		ret->memory_bytes = (uint64_t)info.totalram * info.mem_unit;
	boot_id_read(ret->boot_id);
}
