/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_qemu.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const int two_fds[] = { 31, 32 };

static struct box_spec plain_spec(void)
{
	return (struct box_spec){ .cpus = 3, .memory_bytes = 1536ull << 20,
				  .kernel = "/boot/image", .init = "/usr/libexec/box-init" };
}

static struct box_wiring plain_wiring(void)
{
	return (struct box_wiring){ .port_fd = 11, .console_fd = 12, .root_fd = 13 };
}

/* Whether the option stands there with exactly this value. */
static bool has(const struct arguments *arguments, const char *option, const char *value)
{
	size_t i;

	for (i = 0; i + 1 < arguments->count; i++)
		if (strcmp(arguments->items[i], option) == 0 &&
		    strcmp(arguments->items[i + 1], value) == 0)
			return true;
	return false;
}

static struct arguments build(const struct box_spec *spec, const struct box_wiring *wiring)
{
	struct arguments arguments;

	assert_int_equal(box_qemu_arguments(&arguments, spec, wiring, NULL), 0);
	assert_null(arguments.items[arguments.count]);
	return arguments;
}

static void a_plain_box_is_emulated_and_shares_its_memory(void **state)
{
	struct box_spec spec = plain_spec();
	struct box_wiring wiring = plain_wiring();
	struct arguments arguments = build(&spec, &wiring);

	assert_true(has(&arguments, "-accel", "tcg,thread=multi"));
	assert_true(has(&arguments, "-cpu", "max"));
	assert_true(has(&arguments, "-d", "cpu_reset"));
	assert_true(has(&arguments, "-smp", "3"));
	assert_true(has(&arguments, "-m", "1536M"));
	assert_true(has(&arguments, "-object",
			"memory-backend-memfd,id=memory,size=1536M,share=on"));
	assert_true(has(&arguments, "-kernel", "/boot/image"));
	assert_true(has(&arguments, "-append",
			"console=ttyS0 panic=-1 quiet rootfstype=virtiofs root=rootfs ro "
			"no_timer_check init=\"/usr/libexec/box-init\""));
	arguments_done(&arguments);
}

static void every_wire_is_a_descriptor(void **state)
{
	struct box_spec spec = plain_spec();
	struct box_wiring wiring = plain_wiring();
	struct arguments arguments = build(&spec, &wiring);

	assert_true(has(&arguments, "-chardev", "socket,id=rootfs,fd=13"));
	assert_true(has(&arguments, "-device", "vhost-user-fs-pci,chardev=rootfs,tag=rootfs"));
	assert_true(has(&arguments, "-chardev", "socket,id=console,fd=12"));
	assert_true(has(&arguments, "-chardev", "socket,id=port,fd=11"));
	assert_true(has(&arguments, "-device", "virtserialport,chardev=port,name=truce.box"));
	arguments_done(&arguments);
}

static void disks_and_writable_shares_are_numbered_in_order(void **state)
{
	static const uint64_t sizes[] = { 1 << 20, 1 << 30 };
	struct box_spec spec = plain_spec();
	struct box_wiring wiring = plain_wiring();
	struct arguments arguments;

	spec.disk_bytes = sizes;
	spec.disk_count = ARRAY_SIZE(sizes);
	wiring.disk_fds = two_fds;
	wiring.writable_fds = two_fds;
	wiring.writable_count = ARRAY_SIZE(two_fds);
	arguments = build(&spec, &wiring);
	assert_true(has(&arguments, "-drive",
			"if=none,id=disk0,format=raw,discard=unmap,file=/proc/self/fd/31"));
	assert_true(has(&arguments, "-drive",
			"if=none,id=disk1,format=raw,discard=unmap,file=/proc/self/fd/32"));
	assert_true(has(&arguments, "-device", "virtio-blk-pci,drive=disk1,serial=disk1"));
	assert_true(has(&arguments, "-chardev", "socket,id=writable1,fd=32"));
	assert_true(has(&arguments, "-device",
			"vhost-user-fs-pci,chardev=writable0,tag=writable0"));
	arguments_done(&arguments);
}

static void only_an_emulated_processor_is_told_the_rate_of_its_clock(void **state)
{
	struct box_spec spec = plain_spec();
	struct box_wiring wiring = plain_wiring();
	struct arguments arguments;

	wiring.tsc_khz = 2596084;
	arguments = build(&spec, &wiring);
	assert_true(has(&arguments, "-append",
			"console=ttyS0 panic=-1 quiet rootfstype=virtiofs root=rootfs ro "
			"no_timer_check tsc_early_khz=2596084 init=\"/usr/libexec/box-init\""));
	arguments_done(&arguments);
	spec.accel = BOX_ACCEL_KVM;
	arguments = build(&spec, &wiring);
	assert_true(has(&arguments, "-accel", "kvm"));
	assert_true(has(&arguments, "-cpu", "host"));
	assert_false(has(&arguments, "-d", "cpu_reset"));
	assert_true(has(&arguments, "-append",
			"console=ttyS0 panic=-1 quiet rootfstype=virtiofs root=rootfs ro "
			"init=\"/usr/libexec/box-init\""));
	arguments_done(&arguments);
}

static void a_path_that_a_kernel_cannot_take_is_refused_by_name(void **state)
{
	static char long_path[3000];
	struct box_spec spec = plain_spec();
	struct box_wiring wiring = plain_wiring();
	struct arguments arguments;
	struct error err = { 0 };

	spec.init = "/a \"quoted\" directory/box-init";
	assert_int_equal(box_qemu_arguments(&arguments, &spec, &wiring, &err), -EINVAL);
	assert_non_null(strstr(err.text, spec.init));
	memset(long_path, 'x', sizeof long_path - 1);
	spec.init = long_path;
	assert_int_equal(box_qemu_arguments(&arguments, &spec, &wiring, &err), -ENAMETOOLONG);
}

static void only_a_writable_share_asks_again_for_what_it_cached(void **state)
{
	struct arguments arguments;

	assert_int_equal(box_virtiofsd_arguments(&arguments, "virtiofsd", "/", 9, false, NULL), 0);
	assert_string_equal(arguments.items[1], "--fd=9");
	assert_true(has(&arguments, "-o", "source=/"));
	assert_true(has(&arguments, "-o", "cache=always"));
	arguments_done(&arguments);
	assert_int_equal(box_virtiofsd_arguments(&arguments, "virtiofsd", "/srv", 9, true, NULL),
			 0);
	assert_true(has(&arguments, "-o", "source=/srv"));
	assert_true(has(&arguments, "-o", "cache=auto"));
	arguments_done(&arguments);
}

static void a_directory_that_would_end_an_option_is_refused(void **state)
{
	struct arguments arguments;

	assert_int_equal(box_virtiofsd_arguments(&arguments, "virtiofsd", "/a,sandbox=none", 9,
						 true, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_box_is_emulated_and_shares_its_memory),
		cmocka_unit_test(every_wire_is_a_descriptor),
		cmocka_unit_test(disks_and_writable_shares_are_numbered_in_order),
		cmocka_unit_test(only_an_emulated_processor_is_told_the_rate_of_its_clock),
		cmocka_unit_test(a_path_that_a_kernel_cannot_take_is_refused_by_name),
		cmocka_unit_test(only_a_writable_share_asks_again_for_what_it_cached),
		cmocka_unit_test(a_directory_that_would_end_an_option_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
