/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_tree.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#define AGENT TRUCE_LIBEXECDIR "/truce-agent"

static struct scratch *scratch;

static int setup(void **state)
{
	struct error err = { 0 };

	return scratch_new(NULL, &scratch, NULL) < 0 ? -1 :
	       image_tree_finish(scratch_path(scratch), "/proc/self/exe", &err);
}

static int teardown(void **state)
{
	scratch_free(scratch);
	return 0;
}

static void take(const char *path, char *ret, size_t size)
{
	CLEANUP_CLOSE int fd = openat(scratch_fd(scratch), path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, ret, size - 1) : -1;

	if (length < 0)
		fail_msg("%s: %s", path, strerror(errno));
	ret[length] = '\0';
}

static void the_agent_is_there_and_its_service_starts_it(void **state)
{
	char unit[4096], wanted[256], target[64] = "";
	struct stat agent, program;

	assert_int_equal(fstatat(scratch_fd(scratch), &AGENT[1], &agent, 0), 0);
	assert_int_equal(stat("/proc/self/exe", &program), 0);
	assert_int_equal(agent.st_size, program.st_size);
	assert_true((agent.st_mode & 0777) == 0755);
	take("etc/systemd/system/truce-agent.service", unit, sizeof unit);
	snprintf(wanted, sizeof wanted, "\nExecStart=%s/truce-agent ", TRUCE_LIBEXECDIR);
	assert_non_null(strstr(unit, wanted));
	assert_true(readlinkat(scratch_fd(scratch),
			       "etc/systemd/system/multi-user.target.wants/truce-agent.service", target,
			       sizeof target - 1) > 0);
	assert_string_equal(target, "../truce-agent.service");
}

static void it_is_no_first_boot(void **state)
{
	char identity[64];

	take("etc/machine-id", identity, sizeof identity);
	assert_int_equal(strlen(identity), 33);
	assert_int_equal(strspn(identity, "0123456789abcdef"), 32);
}

static void nothing_wakes_up_by_itself(void **state)
{
	char target[64] = "";

	assert_true(readlinkat(scratch_fd(scratch), "etc/systemd/system/apt-daily.timer", target,
			       sizeof target - 1) > 0);
	assert_string_equal(target, "/dev/null");
}

/* Packages bring files of those names. */
static void it_can_be_done_over_what_is_there(void **state)
{
	struct error err = { 0 };

	assert_int_equal(image_tree_finish(scratch_path(scratch), "/proc/self/exe", &err), 0);
	assert_int_equal(image_tree_finish(scratch_path(scratch), "/none/agent", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/none/agent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agent_is_there_and_its_service_starts_it),
		cmocka_unit_test(it_is_no_first_boot),
		cmocka_unit_test(nothing_wakes_up_by_itself),
		cmocka_unit_test(it_can_be_done_over_what_is_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
