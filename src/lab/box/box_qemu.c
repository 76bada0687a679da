/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_qemu.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/box/box_wire.h"

#include <errno.h>
#include <string.h>

#define KERNEL_COMMAND_LINE_MAX 2048 /* COMMAND_LINE_SIZE on x86 */

/* virtiofs reads and writes the guest's memory itself, so the memory must be shared. */
static void add_machine(struct arguments *arguments, const struct box_spec *spec)
{
	unsigned long long mebibytes = spec->memory_bytes >> 20;
	bool kvm = spec->accel == BOX_ACCEL_KVM;

	arguments_add_option(arguments, "-accel", kvm ? "kvm" : "tcg,thread=multi");
	/* TCG's max has SVM with nested paging; a real processor has what it has. */
	arguments_add_option(arguments, "-cpu", kvm ? "host" : "max");
	arguments_add(arguments, "-smp");
	arguments_add(arguments, "%u", spec->cpus);
	arguments_add(arguments, "-m");
	arguments_add(arguments, "%lluM", mebibytes);
	arguments_add(arguments, "-object");
	arguments_add(arguments, "memory-backend-memfd,id=memory,size=%lluM,share=on", mebibytes);
	arguments_add_option(arguments, "-numa", "node,memdev=memory");
	arguments_add(arguments, "-nodefaults");
	arguments_add(arguments, "-no-user-config");
	arguments_add(arguments, "-no-reboot");
	/* A kernel that has lost its way cannot say so, but QEMU can (BOX_TRIPLE_FAULT). */
	if (!kvm)
		arguments_add_option(arguments, "-d", "cpu_reset");
	arguments_add_option(arguments, "-display", "none");
	arguments_add_option(arguments, "-name", "truce-box");
}

static void add_share(struct arguments *arguments, const char *tag, int fd)
{
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=%s,fd=%d", tag, fd);
	arguments_add(arguments, "-device");
	arguments_add(arguments, "vhost-user-fs-pci,chardev=%s,tag=%s", tag, tag);
}

static void add_shares(struct arguments *arguments, const struct box_wiring *wiring)
{
	char tag[32];
	size_t i;

	add_share(arguments, "rootfs", wiring->root_fd);
	for (i = 0; i < wiring->writable_count; i++) {
		snprintf(tag, sizeof tag, "writable%zu", i);
		add_share(arguments, tag, wiring->writable_fds[i]);
	}
}

static void add_port(struct arguments *arguments, const struct box_wiring *wiring)
{
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=console,fd=%d", wiring->console_fd);
	arguments_add_option(arguments, "-serial", "chardev:console");
	arguments_add_option(arguments, "-device", "virtio-serial-pci");
	arguments_add(arguments, "-chardev");
	arguments_add(arguments, "socket,id=port,fd=%d", wiring->port_fd);
	arguments_add_option(arguments, "-device", "virtserialport,chardev=port,name=" BOX_PORT_NAME);
}

/* QEMU opens the inherited file anew by this path, with the access it likes. */
static void add_disk(struct arguments *arguments, size_t number, int fd)
{
	arguments_add(arguments, "-drive");
	arguments_add(arguments, "if=none,id=disk%zu,format=raw,discard=unmap,file=/proc/self/fd/%d", number,
	    fd);
	arguments_add(arguments, "-device");
	arguments_add(arguments, "virtio-blk-pci,drive=disk%zu,serial=disk%zu", number, number);
}

/* On a busy machine an emulated timer ticks late: the kernel would panic because it seems dead
 * (no_timer_check), and measure a wrong rate of the counter that it keeps time with. */
static void append_timers(struct str *append, uint64_t tsc_khz)
{
	str_append(append, " no_timer_check");
	if (tsc_khz != 0)
		str_appendf(append, " tsc_early_khz=%llu", (unsigned long long)tsc_khz);
}

/* The kernel takes a quoted value with blanks, but has no escape for the quote itself. */
static int init_path_check(const char *init, struct error *err)
{
	if (strchr(init, '"') != NULL || strchr(init, '\n') != NULL)
		return error_set(err, -EINVAL,
				 "%s: a kernel's command line cannot hold this path of box-init",
				 init);
	return 0;
}

static int add_kernel(struct arguments *arguments, const struct box_spec *spec,
		      uint64_t tsc_khz, struct error *err)
{
	struct str append;
	int code = init_path_check(spec->init, err);

	if (code < 0)
		return code;
	str_init(&append);
	str_append(&append, "console=ttyS0 panic=-1 quiet rootfstype=virtiofs root=rootfs ro");
	if (spec->accel == BOX_ACCEL_TCG)
		append_timers(&append, tsc_khz);
	str_appendf(&append, " init=\"%s\"", spec->init);
	if (append.failed)
		code = error_errno(err, -ENOMEM, "cannot build a command line");
	else if (append.length >= KERNEL_COMMAND_LINE_MAX)
		code = error_set(err, -ENAMETOOLONG,
				 "the path of box-init is too long for a kernel's command line");
	if (code == 0) {
		arguments_add_option(arguments, "-kernel", spec->kernel);
		if (spec->initrd != NULL)
			arguments_add_option(arguments, "-initrd", spec->initrd);
		arguments_add_option(arguments, "-append", append.data);
	}
	str_done(&append);
	return code;
}

int box_qemu_arguments(struct arguments *ret, const struct box_spec *spec,
		       const struct box_wiring *wiring, struct error *err)
{
	size_t i;
	int code;

	*ret = (struct arguments){ 0 };
	arguments_add(ret, "%s", box_qemu_program() != NULL ? box_qemu_program() : "qemu-system-x86_64");
	add_machine(ret, spec);
	add_shares(ret, wiring);
	add_port(ret, wiring);
	for (i = 0; i < spec->disk_count; i++)
		add_disk(ret, i, wiring->disk_fds[i]);
	code = add_kernel(ret, spec, wiring->tsc_khz, err);
	if (code < 0) {
		arguments_done(ret);
		return code;
	}
	return arguments_verdict(ret, err);
}

/* The box's root never changes while it runs, so everything may be cached; what is writable is
 * written by this machine too, so a cached entry is asked for again after a second. */
int box_virtiofsd_arguments(struct arguments *ret, const char *program, const char *directory,
			    int listener_fd, bool writable, struct error *err)
{
	if (strchr(directory, ',') != NULL)
		return error_set(err, -EINVAL, "%s: virtiofsd cannot share a path with a comma",
				 directory);
	*ret = (struct arguments){ 0 };
	arguments_add(ret, "%s", program);
	arguments_add(ret, "--fd=%d", listener_fd);
	arguments_add(ret, "-o");
	arguments_add(ret, "source=%s", directory);
	arguments_add_option(ret, "-o", writable ? "cache=auto" : "cache=always");
	/* Its other sandbox wants namespaces that containers refuse. */
	arguments_add_option(ret, "-o", "sandbox=chroot");
	arguments_add_option(ret, "-o", "log_level=err");
	return arguments_verdict(ret, err);
}

static const char *first_executable(const char *const *candidates)
{
	for (; *candidates != NULL; candidates++)
		if (access(*candidates, X_OK) == 0)
			return *candidates;
	return NULL;
}

const char *box_qemu_program(void)
{
	static const char *const candidates[] = { "/usr/bin/qemu-system-x86_64",
						  "/usr/local/bin/qemu-system-x86_64", NULL };

	return first_executable(candidates);
}

const char *box_virtiofsd_program(void)
{
	/* QEMU's own, in its packages before 8.0; the later one in Rust takes other options. */
	static const char *const candidates[] = { "/usr/lib/qemu/virtiofsd", NULL };

	return first_executable(candidates);
}
