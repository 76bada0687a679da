/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/libvirt_status.h"

#include "base/str.h"
#include "sys/root.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RUNNING "<!-- x -->\n<domstatus state='running' reason='booted' pid='7'>\n"
#define DOMAIN "  <domain type='kvm' id='1'>\n"

static struct libvirt_status parse(const char *text)
{
	struct libvirt_status status;

	assert_int_equal(libvirt_status_parse(text, strlen(text), &status), 0);
	return status;
}

static void a_running_domain_without_a_job_is_running(void **state)
{
	assert_string_equal(parse(RUNNING DOMAIN "</domain></domstatus>").state, "running");
	assert_string_equal(parse(RUNNING DOMAIN "</domain></domstatus>").class, "");
}

static void a_paused_domain_is_paused(void **state)
{
	assert_string_equal(parse("<domstatus state='paused' reason='user'>").state, "paused");
}

static void a_job_under_way_is_the_state(void **state)
{
	assert_string_equal(parse(RUNNING "  <job type='none' async='migration out' phase='3'/>\n" DOMAIN)
				    .state, "migrating");
	assert_string_equal(parse(RUNNING "  <job type='none' async='backup'/>\n" DOMAIN).state,
			    "backup");
	assert_string_equal(parse(RUNNING "  <job type='query' async='none'/>\n" DOMAIN).state,
			    "running");
}

static void what_a_domain_says_of_itself_is_no_state(void **state)
{
	assert_string_equal(parse(RUNNING DOMAIN "<metadata><job async='save'/></metadata>").state,
			    "running");
}

static void the_class_is_the_element_of_our_namespace(void **state)
{
	assert_string_equal(parse(RUNNING DOMAIN "<metadata>\n<truce:class xmlns:truce=\""
				  LIBVIRT_STATUS_NAMESPACE "\">gold</truce:class>").class, "gold");
	assert_string_equal(parse(RUNNING DOMAIN "<x:class xmlns:x=\"" LIBVIRT_STATUS_NAMESPACE
				  "\"/>").class, "");
	assert_string_equal(parse(RUNNING DOMAIN "<x:class xmlns:x=\"http://other\">gold</x:class>")
				    .class, "");
}

static void other_files_are_refused(void **state)
{
	struct libvirt_status status;

	assert_int_equal(libvirt_status_parse("", 0, &status), -EINVAL);
	assert_int_equal(libvirt_status_parse("<domain>", 8, &status), -EINVAL);
}

static void a_name_that_leads_elsewhere_is_no_domain(void **state)
{
	struct root_memory_file files[] = { { "/run/libvirt/qemu/a b.xml", RUNNING, strlen(RUNNING), 0 } };
	struct root *root = root_memory_new(files, 1);
	struct libvirt_status status;
	char buffer[256];

	assert_int_equal(libvirt_status_read(root, "a b", buffer, sizeof buffer, &status), 0);
	assert_string_equal(status.state, "running");
	assert_int_equal(libvirt_status_read(root, "../qemu/a b", buffer, sizeof buffer, &status),
			 -ENOENT);
	assert_int_equal(libvirt_status_read(root, "c", buffer, sizeof buffer, &status), -ENOENT);
	assert_int_equal(libvirt_status_read(root, "a b", buffer, 16, &status), -EFBIG);
	root_free(root);
}

static void what_is_kept_of_a_file_says_the_same_and_no_more(void **state)
{
	const char *text = RUNNING "<job type='none' async='backup'/>\n" DOMAIN "<graphics passwd='x'/>"
			   "<t:class xmlns:t=\"" LIBVIRT_STATUS_NAMESPACE "\">gold</t:class>";
	struct libvirt_status before = parse(text), after;
	struct str kept;

	str_init(&kept);
	libvirt_status_append(&before, &kept);
	after = parse(kept.data);
	assert_string_equal(after.state, "backup");
	assert_string_equal(after.class, "gold");
	assert_null(strstr(kept.data, "passwd"));
	str_done(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_domain_without_a_job_is_running),
		cmocka_unit_test(a_paused_domain_is_paused),
		cmocka_unit_test(a_job_under_way_is_the_state),
		cmocka_unit_test(what_a_domain_says_of_itself_is_no_state),
		cmocka_unit_test(the_class_is_the_element_of_our_namespace),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(what_is_kept_of_a_file_says_the_same_and_no_more),
		cmocka_unit_test(a_name_that_leads_elsewhere_is_no_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
