/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_qemu.h"

#include "base/error.h"
#include "lab/guest/guest_kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct guest_kernel kernel = { .image = (char *)"/boot/vmlinux" };

static struct guest_plan plan_of(void)
{
	return (struct guest_plan){ .name = "vm1", .cpus = 2, .memory_bytes = 256 << 20,
				    .kernel = &kernel };
}

static struct guest_wiring wiring_of(void)
{
	return (struct guest_wiring){ .program = "qemu", .channel_fd = 10, .console_fd = 11,
				      .monitor_fd = 12, .root_fd = -1, .initramfs_fd = 13,
				      .words = "console=ttyS0" };
}

/* All arguments as one text with blanks between. */
static const char *line_of(const struct guest_plan *plan, const struct guest_wiring *wiring)
{
	static char line[8192];
	struct arguments arguments;
	size_t i;

	assert_int_equal(guest_qemu_arguments(&arguments, plan, wiring, NULL), 0);
	line[0] = '\0';
	for (i = 0; i < arguments.count; i++) {
		strcat(line, arguments.items[i]);
		strcat(line, " ");
	}
	arguments_done(&arguments);
	return line;
}

static void assert_has(const char *line, const char *part)
{
	if (strstr(line, part) == NULL)
		fail_msg("'%s' is not in: %s", part, line);
}

static void assert_has_not(const char *line, const char *part)
{
	if (strstr(line, part) != NULL)
		fail_msg("'%s' is in: %s", part, line);
}

static void a_guest_is_emulated_unless_kvm_was_asked_for(void **state)
{
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();

	assert_has(line_of(&plan, &wiring), "-accel tcg,thread=multi -cpu max ");
	plan.accelerator = ACCELERATOR_KVM;
	assert_has(line_of(&plan, &wiring), "-accel kvm -cpu host ");
}

static void its_processors_memory_and_name_are_those_of_the_plan(void **state)
{
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line = line_of(&plan, &wiring);

	assert_has(line, "-smp 2 ");
	assert_has(line, "-m 256M ");
	assert_has(line, "-name guest=vm1,debug-threads=on ");
	assert_has(line, "mem-merge=on ");
	assert_has(line, "-kernel /boot/vmlinux -append console=ttyS0 -initrd /proc/self/fd/13 ");
	plan.no_merge = true;
	assert_has(line_of(&plan, &wiring), "mem-merge=off ");
}

static void nothing_of_it_has_a_name_unless_asked_for(void **state)
{
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line = line_of(&plan, &wiring);

	assert_has_not(line, "path=");
	assert_has_not(line, "unix:");
	wiring.monitor_path = "/scratch/vm1.qmp";
	assert_has(line_of(&plan, &wiring), "-qmp unix:/scratch/vm1.qmp,server=on,wait=off ");
	wiring.monitor_path = "/scr,atch/vm1.qmp";
	assert_int_equal(guest_qemu_arguments(&(struct arguments){ 0 }, &plan, &wiring, NULL),
			 -EINVAL);
}

static void a_disk_has_its_format_and_goes_past_the_page_cache_when_asked(void **state)
{
	struct guest_disk disks[] = { { .bytes = 1 << 26 },
				      { .bytes = 1 << 26, .format = GUEST_DISK_QCOW2,
					.cache = GUEST_CACHE_DIRECT } };
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line;

	plan.disks = disks;
	plan.disk_count = 2;
	wiring.disks[0].fd = 20;
	wiring.disks[1].fd = 21;
	line = line_of(&plan, &wiring);
	assert_has(line, "node-name=disk0-file,filename=/proc/self/fd/20,cache.direct=off,");
	assert_has(line, "driver=raw,node-name=disk0,file=disk0-file,cache.direct=off,");
	assert_has(line, "drive=disk0,serial=data ");
	assert_has(line, "node-name=disk1-file,filename=/proc/self/fd/21,cache.direct=on,");
	assert_has(line, "driver=qcow2,node-name=disk1,");
	assert_has(line, "drive=disk1,serial=data1 ");
	assert_has_not(line, "throttle");
}

static void a_disk_of_a_known_speed_has_a_filter_on_top(void **state)
{
	struct guest_disk disk = { .bytes = 1 << 26, .bytes_per_sec = 1000,
				   .operations_per_sec = 7 };
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line;

	plan.disks = &disk;
	plan.disk_count = 1;
	line = line_of(&plan, &wiring);
	assert_has(line, "throttle-group,id=disk0-speed,x-bps-total=1000,x-iops-total=7 ");
	assert_has(line, "driver=throttle,node-name=disk0-slow,throttle-group=disk0-speed,"
			 "file=disk0 ");
	assert_has(line, "drive=disk0-slow,serial=data ");
}

static void a_disk_of_a_shared_device_is_a_connection(void **state)
{
	struct guest_disk disk = { .bytes_per_sec = 1000 };
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line;

	plan.disks = &disk;
	plan.disk_count = 1;
	wiring.disks[0].fd = 30;
	strcpy(wiring.disks[0].export, "disk5");
	line = line_of(&plan, &wiring);
	assert_has(line, "driver=nbd,node-name=disk0,server.type=fd,server.str=30,export=disk5,");
	/* Its speed is the device's business. */
	assert_has_not(line, "throttle");
}

static void a_network_interface_is_a_tap_of_ours(void **state)
{
	struct guest_nic nic = { .tap_fd = 40, .mac = { 0x52, 0x54, 0, 0, 0, 0xa } };
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line;

	plan.nics = &nic;
	plan.nic_count = 1;
	line = line_of(&plan, &wiring);
	assert_has(line, "tap,id=net0,fd=40,vhost=off ");
	assert_has(line, "netdev=net0,romfile=,mac=52:54:00:00:00:0a ");
}

static void an_image_is_booted_by_its_own_boot_loader(void **state)
{
	struct guest_plan plan = plan_of();
	struct guest_wiring wiring = wiring_of();
	const char *line;

	plan.kernel = NULL;
	plan.image = "/images/debian.qcow2";
	wiring.root_fd = 50;
	wiring.initramfs_fd = -1;
	line = line_of(&plan, &wiring);
	assert_has(line, "filename=/proc/self/fd/50,");
	assert_has(line, "bootindex=1 ");
	assert_has_not(line, "-kernel");
	assert_has_not(line, "debian.qcow2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_is_emulated_unless_kvm_was_asked_for),
		cmocka_unit_test(its_processors_memory_and_name_are_those_of_the_plan),
		cmocka_unit_test(nothing_of_it_has_a_name_unless_asked_for),
		cmocka_unit_test(a_disk_has_its_format_and_goes_past_the_page_cache_when_asked),
		cmocka_unit_test(a_disk_of_a_known_speed_has_a_filter_on_top),
		cmocka_unit_test(a_disk_of_a_shared_device_is_a_connection),
		cmocka_unit_test(a_network_interface_is_a_tap_of_ours),
		cmocka_unit_test(an_image_is_booted_by_its_own_boot_loader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
