/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/situation.h"

#include "observe/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct observe_options watching = { .watch = true };

static int host_new(void **state)
{
	struct fake_host *host = calloc(1, sizeof *host);

	fake_host_new(host);
	*state = host;
	return 0;
}

static int host_free(void **state)
{
	fake_host_free(*state);
	free(*state);
	return 0;
}

/* As libvirt starts it: the monitor of its making tells. */
static void put_guest(struct fake_host *host, const char *more)
{
	char arguments[512];

	snprintf(arguments, sizeof arguments,
		 "qemu-system-x86_64\n-name\nguest=web,debug-threads=on\n"
		 "-chardev\nsocket,id=charmonitor,fd=20,server=on%s", more);
	fake_process(host, &(struct fake_process){ .pid = 100, .ppid = 1, .comm = "qemu-system-x86",
		.exe = "/usr/bin/qemu-system-x86_64", .threads = 1, .arguments = arguments,
		.cgroup = "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope" });
	fake_kvm(host, 100, 9, (const int[]){ 0 });
}

static const char *text_of(struct fake_host *host, enum vm_text text)
{
	const struct vm *vm = fake_vm(host, 100);

	assert_non_null(vm);
	return vm->text[text];
}

static void libvirt_s_word_is_the_state_and_the_class(void **state)
{
	struct fake_host *host = *state;
	size_t i;

	put_guest(host, "");
	fake_put(host, "run/libvirt/qemu/web.xml", "%s",
		 "<domstatus state='paused' reason='user' pid='100'>\n<domain type='kvm'><metadata>"
		 "<t:class xmlns:t=\"urn:truce:policy\">gold</t:class></metadata></domain></domstatus>");
	fake_observe(host, &watching, NULL);
	assert_string_equal(text_of(host, VM_TEXT_OWNER), "libvirt");
	assert_string_equal(text_of(host, VM_TEXT_STATE), "paused");
	assert_string_equal(text_of(host, VM_TEXT_METADATA), "gold");
	fake_put(host, "run/libvirt/qemu/web.xml", "%s",
		 "<domstatus state='running'>\n<job type='none' async='migration out'/>\n<domain >");
	for (i = 0; i < 10; i++)
		fake_tick(host);
	assert_string_equal(text_of(host, VM_TEXT_STATE), "migrating");
	assert_null(text_of(host, VM_TEXT_METADATA));
}

static void who_calls_itself_as_a_domain_has_not_its_class(void **state)
{
	struct fake_host *host = *state;

	put_guest(host, "");
	fake_put(host, "run/libvirt/qemu/web.xml", "%s",
		 "<domstatus state='paused' reason='user' pid='200'>\n<domain type='kvm'><metadata>"
		 "<t:class xmlns:t=\"urn:truce:policy\">gold</t:class></metadata></domain></domstatus>");
	fake_observe(host, &watching, NULL);
	assert_null(text_of(host, VM_TEXT_STATE));
	assert_null(text_of(host, VM_TEXT_METADATA));
}

static void a_status_larger_than_any_buffer_is_read_whole(void **state)
{
	struct fake_host *host = *state;
	char *padding = malloc(16001);

	memset(padding, ' ', 16000); /* the observer begins with 16 kB */
	padding[16000] = '\0';
	put_guest(host, "");
	fake_put(host, "run/libvirt/qemu/web.xml",
		 "<domstatus state='running'>%s%s<job type='none' async='backup'/><domain ></domain>",
		 padding, padding);
	fake_observe(host, &watching, NULL);
	assert_string_equal(text_of(host, VM_TEXT_STATE), "backup");
	free(padding);
}

static void what_nobody_tells_is_not_known(void **state)
{
	struct fake_host *host = *state;

	put_guest(host, "");
	fake_observe(host, &watching, NULL);
	assert_null(text_of(host, VM_TEXT_STATE));
	assert_null(text_of(host, VM_TEXT_METADATA));
	assert_null(text_of(host, VM_TEXT_HINDRANCES));
}

static void what_keeps_knobs_from_acting_is_named(void **state)
{
	struct fake_host *host = *state;

	put_guest(host, "\n-object\nmemory-backend-file,id=m,mem-path=/dev/hugepages/x\n"
			"-object\nsev-guest,id=s\n-machine\nq35,confidential-guest-support=s");
	fake_link(host, "/dev/vfio/12", "proc/100/fd/30");
	fake_link(host, "/dev/tap7", "proc/100/fd/31");
	fake_observe(host, &watching, NULL);
	assert_string_equal(text_of(host, VM_TEXT_HINDRANCES), "vfio,hugepages,confidential,macvtap");
}

static void qemu_s_words_come_to_ours(void **state)
{
	assert_string_equal(situation_of_qemu("running"), "running");
	assert_string_equal(situation_of_qemu("inmigrate"), "migrating");
	assert_string_equal(situation_of_qemu("save-vm"), "saving");
	assert_string_equal(situation_of_qemu("io-error"), "paused");
	assert_string_equal(situation_of_qemu("a word of tomorrow"), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_new, host_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(libvirt_s_word_is_the_state_and_the_class),
		TEST(who_calls_itself_as_a_domain_has_not_its_class),
		TEST(a_status_larger_than_any_buffer_is_read_whole),
		TEST(what_nobody_tells_is_not_known),
		TEST(what_keeps_knobs_from_acting_is_named),
		cmocka_unit_test(qemu_s_words_come_to_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
