/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's files: the same bytes as each of them. */
#include "base/cursor.h"
#include "sys/device.h"
#include "sys/host.h"
#include "sys/pressure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void claim(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void walk_devices(const char *bytes, size_t size)
{
	struct cursor c = cursor_over(bytes, size);
	struct disk_stat disk;
	struct net_stat net;

	while (disk_stat_next(&c, &disk))
		claim(disk.name.size > 0 && disk.name.at + disk.name.size <= bytes + size);
	c = cursor_over(bytes, size);
	while (net_stat_next(&c, &net))
		claim(net.name.size > 0 && net.name.at + net.name.size <= bytes + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct host_vmstat vmstat;
	struct host_memory memory;
	struct host_load load;
	struct host_stat stat;
	struct host_cpu cpus[3];
	struct pressure pressure;

	if (host_stat_parse(bytes, size, cpus, 3, &stat) == 0 && stat.cpu_count > 0)
		claim(cpus[0].number >= 0);
	host_load_parse(bytes, size, &load);
	host_memory_parse(bytes, size, &memory);
	host_vmstat_parse(bytes, size, &vmstat);
	pressure_parse(bytes, size, &pressure);
	walk_devices(bytes, size);
	return 0;
}
