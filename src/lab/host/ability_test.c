/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/ability.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/facts.h"
#include "lab/host/processor.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <cmocka.h>

static void tcg_is_usable_everywhere(void **state)
{
	assert_int_equal(accelerator_check(ACCELERATOR_TCG, NULL), 0);
}

static void kvm_is_usable_only_with_the_processors_help(void **state)
{
	struct error err = { 0 };
	int code = accelerator_check(ACCELERATOR_KVM, &err);

	if (code == 0) {
		assert_true(processor_virtualises());
		assert_int_equal(access("/dev/kvm", R_OK | W_OK), 0);
		return;
	}
	assert_true(!processor_virtualises() || access("/dev/kvm", R_OK | W_OK) != 0);
	assert_non_null(strstr(err.text, "tcg"));
	assert_int_equal(accelerator_choose(NULL), ACCELERATOR_TCG);
}

static void accelerators_are_known_by_name(void **state)
{
	enum accelerator accelerator = ACCELERATOR_TCG;

	assert_true(accelerator_parse("kvm", &accelerator));
	assert_int_equal(accelerator, ACCELERATOR_KVM);
	assert_true(accelerator_parse(accelerator_name(ACCELERATOR_TCG), &accelerator));
	assert_int_equal(accelerator, ACCELERATOR_TCG);
	assert_false(accelerator_parse("hvf", &accelerator));
}

static void an_emulated_guest_is_called_so_whatever_is_below(void **state)
{
	assert_string_equal(guest_platform_text(ACCELERATOR_TCG), "tcg");
	assert_memory_equal(guest_platform_text(ACCELERATOR_KVM), "kvm", 3);
}

static void only_the_cpus_that_we_may_use_are_counted(void **state)
{
	struct host_room room;
	cpu_set_t before, one;

	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	assert_int_equal(host_room_read(&room, NULL), 0);
	assert_int_equal(room.cpu_count, CPU_COUNT(&before));
	CPU_ZERO(&one);
	CPU_SET(room.cpus[room.cpu_count - 1], &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	host_room_done(&room);
	assert_int_equal(host_room_read(&room, NULL), 0);
	assert_int_equal(room.cpu_count, 1);
	assert_true(CPU_ISSET(room.cpus[0], &one));
	host_room_done(&room);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void memory_is_no_more_than_the_machine_has(void **state)
{
	struct host_room room;
	struct sysinfo machine;

	assert_int_equal(sysinfo(&machine), 0);
	assert_int_equal(host_room_read(&room, NULL), 0);
	assert_true(room.memory_total_bytes <= (uint64_t)machine.totalram * machine.mem_unit);
	assert_true(room.memory_available_bytes > 0);
	assert_true(room.memory_available_bytes <= room.memory_total_bytes);
	host_room_done(&room);
}

static void a_missing_program_is_told_with_its_package(void **state)
{
	CLEANUP_FREE char *path = NULL;
	const char *before = getenv("PATH");
	CLEANUP_FREE char *kept = strdup(before != NULL ? before : "");
	struct error err = { 0 };

	assert_int_equal(host_program("sh", &path, &err), 0);
	assert_int_equal(access(path, X_OK), 0);
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(host_program("qemu-img", &path, &err), -ENOENT);
	setenv("PATH", kept, 1);
	assert_non_null(strstr(err.text, "apt-get install qemu-utils"));
}

/* What a copy of this program does in a directory of its own, with a helper beside it. */
static int replaced(const char *program)
{
	CLEANUP_FREE char *path = NULL;

	return unlink(program) < 0 || host_helper("beside", "room/beside", &path, NULL) < 0;
}

static void a_program_that_was_replaced_finds_its_helpers(void **state)
{
	char directory[] = "/tmp/truce-ability.XXXXXX", command[300], *given = getenv("TRUCE_LIBEXEC");
	CLEANUP_FREE char *kept = given != NULL ? strdup(given) : NULL;

	assert_non_null(mkdtemp(directory));
	unsetenv("TRUCE_LIBEXEC");
	snprintf(command, sizeof command, "cd %s && cp /proc/%d/exe program && cp program beside && "
		 "$PWD/program replaced $PWD/program; code=$?; rm beside; exit $code", directory,
		 (int)getpid());
	assert_int_equal(system(command), 0);
	if (kept != NULL)
		setenv("TRUCE_LIBEXEC", kept, 1);
	assert_int_equal(rmdir(directory), 0);
}

static void every_fact_has_a_value_or_a_reason(void **state)
{
	struct host_facts facts;
	size_t i;

	assert_int_equal(host_facts_read(&facts, NULL), 0);
	assert_true(facts.count > 20);
	for (i = 0; i < facts.count; i++) {
		assert_non_null(facts.items[i].name);
		assert_true((facts.items[i].value != NULL) != (facts.items[i].reason != NULL));
	}
	assert_string_equal(host_facts_get(&facts, "platform"), platform_text());
	assert_non_null(host_facts_get(&facts, "kernel"));
	assert_null(host_facts_get(&facts, "no.such.fact"));
	host_facts_done(&facts);
}

static void steal_never_goes_backwards(void **state)
{
	uint64_t before, after;

	assert_int_equal(host_steal_nsec(&before), 0);
	assert_int_equal(host_steal_nsec(&after), 0);
	assert_true(after >= before);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcg_is_usable_everywhere),
		cmocka_unit_test(kvm_is_usable_only_with_the_processors_help),
		cmocka_unit_test(accelerators_are_known_by_name),
		cmocka_unit_test(an_emulated_guest_is_called_so_whatever_is_below),
		cmocka_unit_test(only_the_cpus_that_we_may_use_are_counted),
		cmocka_unit_test(memory_is_no_more_than_the_machine_has),
		cmocka_unit_test(a_missing_program_is_told_with_its_package),
		cmocka_unit_test(a_program_that_was_replaced_finds_its_helpers),
		cmocka_unit_test(every_fact_has_a_value_or_a_reason),
		cmocka_unit_test(steal_never_goes_backwards),
	};

	if (argc == 3 && strcmp(argv[1], "replaced") == 0)
		return replaced(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
