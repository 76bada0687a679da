/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/interrupt.h"
#include "cmd/lab.h"
#include "cmd/verb.h"
#include "lab/box/box.h"
#include "lab/host/boot_kernel.h"
#include "report/units.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Beside the command's own; the numbers are those of timeout(1) and of meson's skipped test. */
enum lab_box_exit {
	LAB_BOX_CANNOT = 77, /* --check only */
	LAB_BOX_TIMEOUT = 124,
	LAB_BOX_FAILED = 125,
};

struct lab_box_settings {
	uint64_t cpus, timeout_usec;
	const char *memory, *accel, *kernel, *initrd, *modules_dir, *console;
	struct option_list disks, writables, modules, environment;
	bool kvm, systemd, fetch, check;
};

static const struct lab_box_settings defaults = { .cpus = 2, .memory = "2G", .accel = "tcg" };

static const struct option_info options[] = {
	OPTION_COUNT(struct lab_box_settings, cpus, 0, "cpus", "N", "processors of the box (2)"),
	OPTION_TEXT(struct lab_box_settings, memory, 0, "memory", "SIZE", "its memory (2G)"),
	OPTION_LIST(struct lab_box_settings, disks, 0, "disk", "SIZE",
		    "an empty disk: /dev/vda, the next /dev/vdb, ..."),
	OPTION_LIST(struct lab_box_settings, writables, 0, "writable", "DIR",
		    "what the box writes in DIR is written here"),
	OPTION_LIST(struct lab_box_settings, modules, 0, "load", "MODULE",
		    "load MODULE; \"MODULE PARAMETER=VALUE\" too"),
	OPTION_FLAG(struct lab_box_settings, kvm, 0, "kvm", "give the box a /dev/kvm of its own"),
	OPTION_FLAG(struct lab_box_settings, systemd, 0, "systemd",
		    "systemd and D-Bus run in it, on a root that forgets"),
	OPTION_LIST(struct lab_box_settings, environment, 0, "env", "NAME=VALUE",
		    "set a variable of COMMAND"),
	OPTION_DURATION(struct lab_box_settings, timeout_usec, 0, "timeout", "TIME",
			"end the box after TIME, with exit code 124"),
	OPTION_TEXT(struct lab_box_settings, accel, 0, "accel", "ACCEL",
		    "tcg: emulated, as on any machine; kvm: fast"),
	OPTION_TEXT(struct lab_box_settings, kernel, 0, "kernel", "FILE",
		    "boot FILE, not the kernel in the cache"),
	OPTION_TEXT(struct lab_box_settings, initrd, 0, "initrd", "FILE",
		    "with --kernel: an initial RAM disk that mounts the root"),
	OPTION_TEXT(struct lab_box_settings, modules_dir, 0, "modules", "DIR",
		    "its modules are in DIR/lib/modules/RELEASE"),
	OPTION_TEXT(struct lab_box_settings, console, 0, "console", "FILE",
		    "write what the box's kernel says into FILE"),
	OPTION_FLAG(struct lab_box_settings, fetch, 0, "fetch",
		    "bring the newest kernel into the cache; boot nothing"),
	OPTION_FLAG(struct lab_box_settings, check, 0, "check",
		    "say whether a box can be booted here: 0, or 77"),
	OPTIONS_END,
};

static const char notes[] =
	"COMMAND runs as root on this machine's own file system, read-only, under a stock Debian\n"
	"kernel in QEMU, with fresh /run and /tmp. Its exit code is this program's; 124 is a timeout,\n"
	"125 a failure of the box itself, 126 and 127 a COMMAND that cannot be executed or found.";

static int lab_box_run(const struct verb *verb, const void *settings, char **operands);

const struct verb lab_box_verb = {
	.name = "lab box",
	.operands = "-- COMMAND [ARGUMENT...]",
	.least_operands = 0, /* --check and --fetch have none */
	.most_operands = OPERANDS_ANY,
	.summary = "run a command in a whole KVM host, inside QEMU",
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct lab_box_settings),
	.defaults = &defaults,
	.run = lab_box_run,
};

static int fail(const struct error *err)
{
	verb_fail(&lab_box_verb, err);
	return err->code == -ETIMEDOUT ? LAB_BOX_TIMEOUT : LAB_BOX_FAILED;
}

static int size_parse(const char *option, const char *text, uint64_t *ret_bytes, struct error *err)
{
	if (units_parse_bytes(text, ret_bytes) < 0)
		return error_set(err, -EINVAL, "--%s takes a size such as 512M or 2G, not \"%.40s\"",
				 option, text);
	return 0;
}

static int accel_parse(const char *text, enum box_accel *ret_accel, struct error *err)
{
	if (strcmp(text, "tcg") != 0 && strcmp(text, "kvm") != 0)
		return error_set(err, -EINVAL, "--accel takes tcg or kvm, not \"%.40s\"", text);
	*ret_accel = *text == 'k' ? BOX_ACCEL_KVM : BOX_ACCEL_TCG;
	return 0;
}

static int environment_check(const struct option_list *environment, struct error *err)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		if (strchr(environment->values[i], '=') == NULL || *environment->values[i] == '=')
			return error_set(err, -EINVAL, "--env takes NAME=VALUE, not \"%.40s\"",
					 environment->values[i]);
	return 0;
}

static int disks_parse(const struct option_list *disks, uint64_t *ret_bytes, struct error *err)
{
	size_t i;
	int code = 0;

	for (i = 0; code == 0 && i < disks->count; i++) {
		code = size_parse("disk", disks->values[i], &ret_bytes[i], err);
		if (code == 0 && ret_bytes[i] == 0)
			code = error_set(err, -EINVAL, "--disk takes a size of more than 0");
	}
	return code;
}

static int kernel_fetch(const char *cache, const char *release, struct error *err)
{
	CLEANUP_FREE char *package = boot_kernel_package(release);

	if (package == NULL)
		return error_errno(err, -ENOMEM, "%s", release);
	verb_warn(&lab_box_verb, "fetching Debian's %s into %s", package, cache);
	return boot_kernel_fetch(cache, release, interrupt_fd(), err);
}

static int kernel_find_or_fetch(struct boot_kernel *ret_kernel, struct error *err)
{
	CLEANUP_FREE char *cache = boot_kernel_cache();
	CLEANUP_FREE char *release = NULL;
	int code;

	if (cache == NULL)
		return error_errno(err, -ENOMEM, "no cache");
	code = boot_kernel_find(cache, ret_kernel, err);
	if (code != -ENOENT)
		return code;
	code = boot_kernel_offered(interrupt_fd(), &release, err);
	if (code == 0)
		code = kernel_fetch(cache, release, err);
	return code == 0 ? boot_kernel_find(cache, ret_kernel, err) : code;
}

static int fetch(struct error *err)
{
	CLEANUP_FREE char *cache = boot_kernel_cache();
	CLEANUP_FREE char *release = NULL;
	int code = cache != NULL ? boot_kernel_offered(interrupt_fd(), &release, err) :
				   error_errno(err, -ENOMEM, "no cache");

	if (code == 0 && !boot_kernel_is_cached(cache, release))
		code = kernel_fetch(cache, release, err);
	if (code < 0)
		return code;
	printf("%s/%s\n", cache, release);
	return 0;
}

static int check_kernel(const struct lab_box_settings *settings, struct error *err)
{
	CLEANUP_FREE char *cache = boot_kernel_cache();
	CLEANUP_FREE char *release = NULL;
	struct boot_kernel kernel = { 0 };
	int code;

	if (settings->kernel != NULL) {
		printf("a box can be booted here, with %s\n", settings->kernel);
		return 0;
	}
	code = boot_kernel_find(cache, &kernel, err);
	if (code == 0)
		printf("a box can be booted here, with the cached kernel %s\n", kernel.release);
	boot_kernel_done(&kernel);
	if (code != -ENOENT)
		return code;
	code = boot_kernel_offered(interrupt_fd(), &release, err);
	if (code == 0)
		printf("a box can be booted here, once the kernel %s is fetched\n", release);
	return code;
}

/* Its sentence is the answer, so it goes to stdout either way. */
static int check(const struct lab_box_settings *settings, enum box_accel accel)
{
	struct error err = { 0 };
	int code = box_check(accel, &err);

	if (code == 0)
		code = check_kernel(settings, &err);
	if (code == 0)
		return VERB_FINE;
	printf("no box can be booted here: %s\n", err.text);
	return LAB_BOX_CANNOT;
}

/* As if the signal had not been caught: a shell then stops its loop, too. */
static int end_interrupted(const struct error *err)
{
	raise(interrupt_signal());
	return fail(err);
}

static int run_box(struct box_spec *spec, struct boot_kernel *kernel, struct error *err)
{
	struct box *box;
	int status, code = 0;

	if (spec->kernel == NULL) {
		code = kernel_find_or_fetch(kernel, err);
		spec->kernel = kernel->image;
		spec->modules_dir = kernel->modules_dir;
	}
	if (code == 0)
		code = box_new(&box, spec, err);
	if (code < 0)
		return code;
	code = box_run(box, &status, err);
	box_free(box);
	return code == 0 ? status : code;
}

static int console_open(const char *path, int *ret_fd, struct error *err)
{
	if (path == NULL)
		return 0;
	*ret_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return *ret_fd < 0 ? error_errno(err, -errno, "%s", path) : 0;
}

static int run_command(struct box_spec *spec, const char *console)
{
	CLEANUP_FREE char *directory = getcwd(NULL, 0);
	CLEANUP_CLOSE int console_fd = -1;
	struct boot_kernel kernel = { 0 };
	struct error err = { 0 };
	int code;

	spec->directory = directory;
	/* Nothing is fetched for a box that then cannot be booted. */
	code = directory != NULL ? box_check(spec->accel, &err) :
				   error_errno(&err, -errno, "the working directory");
	if (code == 0)
		code = console_open(console, &console_fd, &err);
	spec->console_fd = console_fd;
	if (code == 0)
		code = run_box(spec, &kernel, &err);
	boot_kernel_done(&kernel);
	if (code == -ECANCELED)
		return end_interrupted(&err);
	return code < 0 ? fail(&err) : code;
}

static int spec_fill(struct box_spec *spec, const struct lab_box_settings *settings,
		     uint64_t *disk_bytes, char **operands, struct error *err)
{
	int code;

	*spec = (struct box_spec){
		.command = (const char *const *)operands,
		.environment = settings->environment.values,
		.writables = settings->writables.values,
		.modules = settings->modules.values,
		.disk_bytes = disk_bytes,
		.disk_count = settings->disks.count,
		.cpus = settings->cpus < UINT_MAX ? (unsigned)settings->cpus : UINT_MAX,
		.nested_kvm = settings->kvm,
		.systemd = settings->systemd,
		.kernel = settings->kernel,
		.initrd = settings->initrd,
		.modules_dir = settings->modules_dir,
		.timeout_usec = settings->timeout_usec,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.console_fd = -1,
		.cancel_fd = interrupt_fd(),
	};
	code = accel_parse(settings->accel, &spec->accel, err);
	if (code == 0)
		code = size_parse("memory", settings->memory, &spec->memory_bytes, err);
	if (code == 0)
		code = disks_parse(&settings->disks, disk_bytes, err);
	if (code == 0)
		code = environment_check(&settings->environment, err);
	if (code == 0 && settings->modules_dir != NULL && settings->kernel == NULL)
		code = error_set(err, -EINVAL, "--modules goes with --kernel");
	return code;
}

static int lab_box_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct lab_box_settings *settings = pointer;
	uint64_t disk_bytes[OPTION_LIST_MOST];
	struct error err = { 0 };
	struct box_spec spec;
	int code;

	interrupt_catch();
	code = spec_fill(&spec, settings, disk_bytes, operands, &err);
	if (code < 0)
		return fail(&err);
	if (settings->check)
		return check(settings, spec.accel);
	if (settings->fetch) {
		code = fetch(&err);
		return code == -ECANCELED ? end_interrupted(&err) : code < 0 ? fail(&err) : 0;
	}
	if (operands[0] == NULL) {
		verb_misuse(verb, "a COMMAND is missing; see truce lab box --help");
		return LAB_BOX_FAILED;
	}
	return run_command(&spec, settings->console);
}

/* Wrong usage is found before lab_box_run, with an exit code that a command could have. */
static bool box_was_run;

static int call_run(const struct verb *verb, const void *settings, char **operands)
{
	box_was_run = true;
	return lab_box_run(verb, settings, operands);
}

int lab_box_call(char **arguments)
{
	struct verb verb = lab_box_verb;
	int code;

	verb.run = call_run;
	code = verb_call(&verb, arguments);
	return code != VERB_FINE && !box_was_run ? LAB_BOX_FAILED : code;
}
