/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent and its host over vsock: needs vhost_vsock and a KVM that runs Linux guests, and is
 * therefore run in a box, by a claim. AGENT is the program. */
#include "agent_boot.h"
#include "agent_wire.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest_kernel.h"
#include "lab/guest/initramfs.h"
#include "lab/guest/module_file.h"
#include "lab/host/child.h"
#include "lab/link/link.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define LIMIT_NSEC (120 * NSEC_PER_SEC)
#define GUEST_CID 77

static struct guest_kernel kernel;
static struct child qemu;
static struct link *lab_link;
static struct link_event event;

static int everything_make(void **state)
{
	struct error err = { 0 };

	if (guest_kernel_find(NULL, NULL, false, -1, &kernel, &err) == 0)
		return 0;
	print_message("%s\n", err.text);
	return -1;
}

static int everything_remove(void **state)
{
	guest_kernel_done(&kernel);
	return 0;
}

static int setup(void **state)
{
	child_init(&qemu);
	return 0;
}

static int teardown(void **state)
{
	link_free(lab_link);
	lab_link = NULL;
	child_done(&qemu);
	return 0;
}

/* --- a guest with a vsock --- */

static void module_add(struct initramfs *image, struct str *order, unsigned number,
		       const char *path)
{
	struct str bytes;
	char name[32];

	str_init(&bytes);
	snprintf(name, sizeof name, "modules/%u.ko", number);
	assert_int_equal(module_file_read(path, &bytes, NULL), 0);
	initramfs_add_bytes(image, name, 0644, bytes.data, bytes.length);
	str_appendf(order, "/%s\n", name);
	str_done(&bytes);
}

static int image_make(void)
{
	static const char *const names[] = { "virtio_pci", "vmw_vsock_virtio_transport", NULL };
	struct guest_modules modules;
	struct initramfs image;
	struct str order;
	unsigned i;
	int fd;

	assert_int_equal(guest_kernel_modules(&kernel, names, &modules, NULL), 0);
	initramfs_init(&image);
	str_init(&order);
	initramfs_add_directory(&image, "dev");
	initramfs_add_device(&image, "dev/console", 5, 1);
	assert_int_equal(initramfs_add_file(&image, "init", 0755, getenv("AGENT"), NULL), 0);
	initramfs_add_directory(&image, "modules");
	for (i = 0; i < modules.count; i++)
		module_add(&image, &order, i, modules.paths[i]);
	initramfs_add_bytes(&image, &AGENT_BOOT_MODULES[1], 0644, order.data, order.length);
	assert_int_equal(initramfs_finish(&image, &fd, NULL), 0);
	initramfs_done(&image);
	str_done(&order);
	guest_modules_done(&modules);
	return fd;
}

static void guest_start(const char *channel)
{
	CLEANUP_CLOSE int image = image_make();
	char words[128], initrd[64], device[64];
	const char *arguments[] = {
		"qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-m", "128M", "-nodefaults",
		"-no-reboot", "-display", "none", "-serial", "stdio", "-kernel", kernel.image,
		"-initrd", initrd, "-append", words, "-device", device, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = 2, .error_fd = 2,
				   .kept_fds = &image, .kept_count = 1 };
	struct error err = { 0 };

	snprintf(words, sizeof words, "console=ttyS0 quiet panic=-1 " AGENT_BOOT_WORD_CHANNEL "%s",
		 channel);
	snprintf(initrd, sizeof initrd, "/proc/self/fd/%d", image);
	snprintf(device, sizeof device, "vhost-vsock-pci,guest-cid=%d", GUEST_CID);
	if (child_start(&qemu, &plan, &err) < 0)
		fail_msg("%s", err.text);
}

/* --- the host --- */

static int vsock(unsigned cid, struct sockaddr_vm *address)
{
	*address = (struct sockaddr_vm){ .svm_family = AF_VSOCK, .svm_cid = cid,
					 .svm_port = AGENT_NET_PORT };
	return socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_when_listening(unsigned cid)
{
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;
	struct sockaddr_vm address;

	for (;;) {
		int fd = vsock(cid, &address);

		assert_true(fd >= 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
			return fd;
		close(fd);
		assert_true(clock_monotonic_nsec() < until);
		poll(NULL, 0, 20);
	}
}

static enum link_event_kind wait_any(void)
{
	struct pollfd watch = { .fd = link_fd(lab_link), .events = POLLIN };
	uint64_t until = clock_monotonic_nsec() + LIMIT_NSEC;

	while (!link_next(lab_link, &event)) {
		assert_true(clock_monotonic_nsec() < until);
		poll(&watch, 1, 20);
		link_turn(lab_link, watch.revents);
	}
	return event.kind;
}

static void wait_event(enum link_event_kind kind)
{
	while (wait_any() != kind)
		if (event.kind != LINK_REPORT)
			fail_msg("event %d instead of %d: %s", event.kind, kind,
				 event.text != NULL ? event.text : "");
}

static void work_over(int fd)
{
	assert_int_equal(link_new(fd, "guest", &lab_link, NULL), 0);
	wait_event(LINK_READY);
	assert_true(link_guest(lab_link)->first_process);
	assert_int_equal(link_prepare(lab_link, 1, "cpu-integer threads=1", 0), 0);
	wait_event(LINK_PREPARED);
	assert_int_equal(link_start(lab_link, 1, 0), 0);
	wait_event(LINK_STARTED);
	wait_event(LINK_REPORT);
	assert_int_equal(link_stop(lab_link, 1), 0);
	wait_event(LINK_DONE);
	assert_true(event.progress->operations > 0);
}

static void a_guest_that_listens_hears_its_host(void **state)
{
	guest_start("vsock:listen");
	work_over(connect_when_listening(GUEST_CID));
	/* The next host is served after this one. */
	link_free(lab_link);
	work_over(connect_when_listening(GUEST_CID));
}

static void a_guest_connects_to_its_host(void **state)
{
	struct pollfd watch = { .events = POLLIN };
	struct sockaddr_vm address;
	int server = vsock(VMADDR_CID_ANY, &address);

	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(server, 1), 0);
	guest_start("vsock:connect");
	watch.fd = server;
	assert_int_equal(poll(&watch, 1, (int)(LIMIT_NSEC / NSEC_PER_MSEC)), 1);
	work_over(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	close(server);
}

static void a_program_of_the_same_machine_is_not_heard(void **state)
{
	const char *arguments[] = { getenv("AGENT"), "--channel", "vsock:listen", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = 2, .error_fd = 2 };

	assert_int_equal(child_start(&qemu, &plan, NULL), 0);
	assert_int_equal(link_new(connect_when_listening(VMADDR_CID_LOCAL), "here", &lab_link, NULL),
			 0);
	assert_int_equal(wait_any(), LINK_LOST);
	assert_non_null(strstr(event.text, "closed its channel"));
}

int main(void)
{
#define VSOCK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		VSOCK(a_program_of_the_same_machine_is_not_heard),
		VSOCK(a_guest_that_listens_hears_its_host),
		VSOCK(a_guest_connects_to_its_host),
	};

	return cmocka_run_group_tests(tests, everything_make, everything_remove);
}
