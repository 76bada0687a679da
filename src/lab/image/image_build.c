/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/lab_image.h"

#include "agent_wire.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/str.h"
#include "lab/host/ability.h"
#include "lab/host/arguments.h"
#include "lab/host/cache_place.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"
#include "lab/image/image_about.h"
#include "lab/image/image_sources.h"
#include "lab/image/image_tree.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MOST 40
/* Packages while they are unpacked, the tree, and the disk made of it. */
#define ROOM_BYTES (2500ull << 20)
#define TREE_ROOM_PERCENT 120
#define TREE_ROOM_BYTES (256ull << 20)

const char *const lab_image_packages[] = {
	/* What boots, and what the tools below stand on. */
	"systemd-sysv", "udev", "iproute2", "procps",
	"fio", "iperf3", "stress-ng", "sysbench",
	/* UnixBench is built from its source, and run by a program in Perl. */
	"gcc", "libc6-dev", "make", "perl",
	NULL,
};

static const char *const programs[] = { "mmdebstrap", "apt-get", "unshare", "mke2fs", "e2fsck" };

struct build {
	const struct lab_image_plan *plan;
	struct cache_place place;
	struct image_sources sources;
	char *agent;
	struct lab_image image;
	uint64_t began_usec;
};

static void step(const struct build *build, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void step(const struct build *build, const char *format, ...)
{
	char text[300];
	va_list arguments;

	if (build->plan->step == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	build->plan->step(build->plan->user, text);
}

/* -- before ---------------------------------------------------------------------------------------- */

int lab_image_check(struct error *err)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(programs); i++) {
		CLEANUP_FREE char *path = NULL;

		code = host_program(programs[i], &path, err);
	}
	if (code == 0 && geteuid() != 0)
		return error_set(err, -EPERM, "building an image needs root: packages are unpacked with "
				 "their owners");
	return code;
}

static int name_check(const char *name, struct error *err)
{
	bool fits = isalnum((unsigned char)name[0]) && strlen(name) <= NAME_MOST;

	for (const char *c = name; fits && *c != '\0'; c++)
		fits = isalnum((unsigned char)*c) || *c == '-' || *c == '.' || *c == '_';
	return fits ? 0 : error_set(err, -EINVAL, "an image's name is made of letters, digits, -, . and _, "
				    "%d at most: not \"%.60s\"", NAME_MOST, name);
}

/* As Debian's policy has it. */
static int package_check(const char *name, struct error *err)
{
	bool fits = isalnum((unsigned char)name[0]);

	for (const char *c = name; fits && *c != '\0'; c++)
		fits = islower((unsigned char)*c) || isdigit((unsigned char)*c) || strchr("+-.", *c) != NULL;
	return fits ? 0 : error_set(err, -EINVAL, "no package is called \"%.60s\"", name);
}

static int plan_check(const struct lab_image_plan *plan, struct error *err)
{
	int code = name_check(plan->name, err);

	for (const char *const *name = plan->packages; code == 0 && name != NULL && *name != NULL; name++)
		code = package_check(*name, err);
	return code == 0 ? lab_image_check(err) : code;
}

static int room_check(const struct build *build, struct error *err)
{
	uint64_t room;
	int code = host_disk_free(build->place.directory, &room, err);

	if (code == 0 && room < ROOM_BYTES)
		return error_set(err, -ENOSPC, "%s: building an image takes %llu MiB for a while, %llu are "
				 "free", build->place.directory, ROOM_BYTES >> 20,
				 (unsigned long long)(room >> 20));
	return code;
}

/* -- packages -------------------------------------------------------------------------------------- */

static void include_append(const struct build *build, struct str *list)
{
	const char *const *more = build->plan->packages;

	for (size_t i = 0; lab_image_packages[i] != NULL; i++)
		str_appendf(list, "%s%s", i > 0 ? "," : "", lab_image_packages[i]);
	for (; more != NULL && *more != NULL; more++)
		str_appendf(list, ",%s", *more);
}

/* mmdebstrap's apt does not read this host's configuration, and without its proxies some networks
 * cannot be left. Each line is an option of apt as it stands. */
static int add_proxies(const struct build *build, struct arguments *arguments, struct error *err)
{
	static const char *const ask[] = { "apt-config", "dump", "Acquire::http::Proxy",
					   "Acquire::https::Proxy", NULL };
	struct str said;
	char *line, *rest;
	int code;

	str_init(&said);
	code = tool_run(ask, NULL, build->plan->cancel_fd, &said, err);
	for (line = code == 0 && said.data != NULL ? strtok_r(said.data, "\n", &rest) : NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &rest))
		arguments_add(arguments, "--aptopt=%s", line);
	str_done(&said);
	return code;
}

/* All that it starts is in a process namespace of its own, which ends with it, and what it mounts
 * in a mount namespace: neither outlives us. */
static void add_cage(struct arguments *arguments)
{
	static const char *const words[] = { "unshare", "--mount", "--propagation", "private", "--pid",
					     "--fork", "--kill-child" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		arguments_add(arguments, "%s", words[i]);
}

static void add_mmdebstrap(struct arguments *arguments, const struct build *build,
			   const char *include)
{
	static const char *const left_out[] = { "doc", "man", "info", "locale", "lintian", "bug" };

	arguments_add(arguments, "mmdebstrap");
	arguments_add(arguments, "--mode=root");
	arguments_add(arguments, "--variant=minbase");
	arguments_add(arguments, "--format=directory");
	arguments_add(arguments, "--architectures=amd64");
	arguments_add(arguments, "--include=%s", include);
	arguments_add(arguments, "--aptopt=APT::Install-Recommends \"false\"");
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		arguments_add(arguments, "--dpkgopt=path-exclude=/usr/share/%s/*", left_out[i]);
	arguments_add(arguments, "%s", build->sources.suite);
	arguments_add(arguments, "%s/tree", build->place.work);
	for (size_t i = 0; i < build->sources.count; i++)
		arguments_add(arguments, "%s", build->sources.lines[i]);
}

static int packages_unpack(struct build *build, struct error *err)
{
	struct arguments arguments = { 0 };
	struct str include;
	int code;

	str_init(&include);
	include_append(build, &include);
	add_cage(&arguments);
	add_mmdebstrap(&arguments, build, include.data != NULL ? include.data : "");
	build->image.asked = str_take(&include);
	code = add_proxies(build, &arguments, err);
	if (code < 0) {
		arguments_done(&arguments);
		return code;
	}
	code = arguments_verdict(&arguments, err);
	if (code < 0)
		return code;
	step(build, "downloading and unpacking Debian %s: some minutes", build->sources.suite);
	code = tool_run((const char *const *)arguments.items, NULL, build->plan->cancel_fd, NULL, err);
	arguments_done(&arguments);
	return code;
}

/* -- the disk --------------------------------------------------------------------------------------- */

static uint64_t lines_in(const struct str *text)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < text->length; i++)
		lines += text->data[i] == '\n';
	return lines;
}

static int file_write(const char *path, const struct str *text, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int code = fd < 0 ? -errno : io_write_all(fd, text->data, text->length);

	return code < 0 ? error_errno(err, code, "%s", path) : 0;
}

/* What is in it, for ever: NAME VERSION a line. */
static int packages_note(struct build *build, struct error *err)
{
	CLEANUP_FREE char *database = NULL, *path = NULL;
	struct str said;
	int code;

	if (asprintf(&database, "--admindir=%s/tree/var/lib/dpkg", build->place.work) < 0 ||
	    asprintf(&path, "%s/image/packages", build->place.work) < 0)
		return error_errno(err, -ENOMEM, "packages");
	str_init(&said);
	code = tool_run((const char *const[]){ "dpkg-query", database, "-W", "-f",
					       "${Package} ${Version}\n", NULL },
			NULL, build->plan->cancel_fd, &said, err);
	if (code == 0)
		code = file_write(path, &said, err);
	build->image.packages = lines_in(&said);
	str_done(&said);
	return code;
}

static int tree_bytes(const struct build *build, uint64_t *ret, struct error *err)
{
	struct str said;
	int code;

	str_init(&said);
	code = tool_run((const char *const[]){ "du", "-s", "-x", "-B1", "tree", NULL },
			build->place.work, build->plan->cancel_fd, &said, err);
	*ret = said.data != NULL ? strtoull(said.data, NULL, 10) : 0;
	str_done(&said);
	return code;
}

static int size_check(struct build *build, uint64_t disk_bytes, struct error *err)
{
	uint64_t tree, wanted;
	int code = tree_bytes(build, &tree, err);

	wanted = tree / 100 * TREE_ROOM_PERCENT + TREE_ROOM_BYTES;
	if (code == 0 && disk_bytes < wanted)
		return error_set(err, -ENOSPC, "what is in it takes %llu MiB: a disk of %llu MiB is too "
				 "small, %llu are the least", (unsigned long long)(tree >> 20),
				 (unsigned long long)(disk_bytes >> 20),
				 (unsigned long long)(wanted >> 20));
	return code;
}

/* Nothing is left for the guest's kernel to do in the background. */
static int disk_format(struct build *build, uint64_t disk_bytes, struct error *err)
{
	CLEANUP_FREE char *mke2fs = NULL;
	char blocks[32];
	int code = host_program("mke2fs", &mke2fs, err);

	if (code < 0)
		return code;
	snprintf(blocks, sizeof blocks, "%lluk", (unsigned long long)(disk_bytes >> 10));
	return tool_run((const char *const[]){ mke2fs, "-q", "-F", "-t", "ext4", "-m", "0", "-L",
					       "truce-guest", "-E",
					       "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
					       "-d", "tree", "image/disk", blocks, NULL },
			build->place.work, build->plan->cancel_fd, NULL, err);
}

static int disk_check(struct build *build, struct error *err)
{
	CLEANUP_FREE char *e2fsck = NULL;
	int code = host_program("e2fsck", &e2fsck, err);

	return code < 0 ? code :
	       tool_run((const char *const[]){ e2fsck, "-fn", "image/disk", NULL }, build->place.work,
			build->plan->cancel_fd, NULL, err);
}

static int disk_make(struct build *build, struct error *err)
{
	uint64_t bytes = build->plan->disk_bytes != 0 ? build->plan->disk_bytes : LAB_IMAGE_BYTES;
	CLEANUP_FREE char *path = NULL;
	struct stat status;
	int code = size_check(build, bytes, err);

	if (code == 0)
		code = disk_format(build, bytes, err);
	if (code == 0)
		code = disk_check(build, err);
	if (code < 0)
		return code;
	if (asprintf(&path, "%s/image/disk", build->place.work) < 0)
		return error_errno(err, -ENOMEM, "disk");
	if (stat(path, &status) < 0)
		return error_errno(err, -errno, "%s", path);
	build->image.bytes_used = (uint64_t)status.st_blocks * 512;
	return 0;
}

/* -- all of it --------------------------------------------------------------------------------------- */

static int tree_finish(const struct build *build, struct error *err)
{
	CLEANUP_FREE char *tree = NULL, *image = NULL;

	if (asprintf(&tree, "%s/tree", build->place.work) < 0)
		return error_errno(err, -ENOMEM, "tree");
	if (asprintf(&image, "%s/image", build->place.work) < 0)
		return error_errno(err, -ENOMEM, "image");
	if (mkdir(image, 0755) < 0)
		return error_errno(err, -errno, "%s", image);
	step(build, "making it a guest, and a disk of it");
	return image_tree_finish(tree, build->agent, err);
}

static int about_write(struct build *build, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	struct str text;
	int code;

	build->image.suite = strdup(build->sources.suite);
	build->image.agent = strdup(TRUCE_VERSION);
	build->image.built_usec = clock_realtime_usec();
	build->image.seconds = (clock_monotonic_usec() - build->began_usec) / USEC_PER_SEC;
	if (build->image.suite == NULL || build->image.agent == NULL ||
	    asprintf(&path, "%s/image/about", build->place.work) < 0)
		return error_errno(err, -ENOMEM, "about");
	str_init(&text);
	image_about_write(&build->image, &text);
	code = text.failed ? error_errno(err, -ENOMEM, "about") : file_write(path, &text, err);
	str_done(&text);
	return code;
}

static int make(struct build *build, struct error *err)
{
	int code = room_check(build, err);

	if (code == 0)
		code = host_helper("truce-agent", "agent/truce-agent", &build->agent, err);
	if (code == 0)
		code = image_sources_read(build->plan->cancel_fd, &build->sources, err);
	if (code == 0)
		code = packages_unpack(build, err);
	if (code == 0)
		code = tree_finish(build, err);
	if (code == 0)
		code = packages_note(build, err);
	if (code == 0)
		code = disk_make(build, err);
	if (code == 0)
		code = about_write(build, err);
	return code == 0 ? cache_place_put(&build->place, "image", build->plan->name, err) : code;
}

int lab_image_build(const struct lab_image_plan *plan, struct lab_image *ret, struct error *err)
{
	struct build build = { .plan = plan, .began_usec = clock_monotonic_usec() };
	CLEANUP_FREE char *cache = cache_directory("images");
	int code = plan_check(plan, err);

	if (code < 0)
		return code;
	if (cache == NULL)
		return error_errno(err, -ENOMEM, "%s", plan->name);
	code = cache_place_take(cache, plan->cancel_fd, &build.place, err);
	if (code < 0)
		return code;
	code = make(&build, err);
	cache_place_done(&build.place);
	image_sources_done(&build.sources);
	lab_image_done(&build.image);
	free(build.agent);
	if (code == 0)
		return lab_image_find(plan->name, ret, err);
	error_prefix(err, "image %s", plan->name);
	return code;
}
