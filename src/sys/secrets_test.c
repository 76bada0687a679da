/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/secrets.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Arguments are written with "|" between them. */
static void assert_masked(const char *arguments, const char *expected)
{
	char bytes[512];
	struct str masked;
	size_t i, size = strlen(arguments), stars = 0;

	for (i = 0; i <= size; i++)
		bytes[i] = arguments[i] == '|' ? '\0' : arguments[i];
	str_init(&masked);
	i = secrets_mask(bytes, size + 1, '\0', &masked);
	for (const char *at = expected; (at = strstr(at, "***")) != NULL; at += 3)
		stars++;
	assert_int_equal(i, stars);
	assert_int_equal(masked.length, strlen(expected) + 1);
	for (i = 0; i < masked.length; i++)
		if (masked.data[i] == '\0' && i + 1 < masked.length)
			masked.data[i] = '|';
	assert_string_equal(masked.data, expected);
	str_done(&masked);
}

static void assert_kept(const char *arguments)
{
	assert_masked(arguments, arguments);
}

static void ordinary_arguments_are_kept(void **state)
{
	assert_kept("/usr/bin/qemu-system-x86_64|-name|guest=web,debug-threads=on|-m|4096|-uuid|"
		    "c7a5fdbd-edaf-9455-926a-d65c16db1809|-monitor|unix:/run/monkey.sock,server=on");
	assert_kept("firecracker|--api-sock|/run/fc.sock|--id|keyboard");
	assert_kept("");
	assert_kept("||");
}

static void a_value_behind_a_secret_name_is_masked(void **state)
{
	assert_masked("-spice|port=5900,password=hunter2,tls=on", "-spice|port=5900,password=***,tls=on");
	assert_masked("-vnc|:0,password=hunter2", "-vnc|:0,password=***");
	assert_masked("--db-Passwd=x", "--db-Passwd=***");
	assert_masked("x|token=abc=def==", "x|token=***");
	assert_masked("-drive|file=rbd:pool/image:id=admin:key=AQB==:mon=1,format=raw",
		      "-drive|file=rbd:pool/image:id=admin:key=***,format=raw");
	assert_masked("a|user_key=0123", "a|user_key=***");
}

static void an_argument_behind_a_secret_option_is_masked(void **state)
{
	assert_masked("vmm|--password|hunter2|--token|a b|-m|4", "vmm|--password|***|--token|***|-m|4");
	assert_masked("vmm|--password=hunter2|-m", "vmm|--password=***|-m");
	assert_masked("vmm|--api-key|abc|-m", "vmm|--api-key|***|-m");
	assert_kept("vmm|--tls-key|/etc/pki/key.pem|--key|keys");
	assert_masked("sh|-c|vmm --password hunter2 -m 4", "sh|-c|vmm --password *** -m 4");
	assert_masked("curl|-H|Authorization: Bearer abc.def", "curl|-H|Authorization: ***");
	assert_masked("vmm|-pass|--dashes", "vmm|-pass|***");
}

static void a_comma_within_a_secret_does_not_end_it(void **state)
{
	assert_masked("-spice|password=a,,b,tls=on", "-spice|password=***,tls=on");
	assert_masked("-spice|password=a,,", "-spice|password=***");
}

static void the_data_of_a_secret_object_is_masked(void **state)
{
	assert_masked("-object|secret,id=sec0,data=letmein,format=raw",
		      "-object|secret,id=sec0,data=***,format=raw");
	assert_masked("-object|qom-type=secret,id=sec0,data=letmein",
		      "-object|qom-type=secret,id=sec0,data=***");
	assert_masked("-object|{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"let\\\"me\",\"iv\":\"x\"}",
		      "-object|{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"***\",\"iv\":\"x\"}");
	assert_masked("-object|id=sec0,data=letmein,qom-type=secret",
		      "-object|id=sec0,data=***,qom-type=secret");
	assert_masked("-object|{\"qom-type\" : \"secret\" , \"data\" : \"letmein\"}",
		      "-object|{\"qom-type\" : \"secret\" , \"data\" : \"***\"}");
	assert_kept("-device|x,data=harmless");
}

static void names_paths_and_switches_are_kept(void **state)
{
	assert_kept("-object|secret,id=masterKey0,format=raw,file=/var/lib/libvirt/master-key.aes");
	assert_kept("-blockdev|{\"driver\":\"luks\",\"key-secret\":\"sec0\"}");
	assert_kept("-vnc|:0,password=on|-spice|disable-ticketing=on,password-secret=sec1");
	assert_kept("--token-file|/run/token|--tls-key=/etc/pki/key.pem|--key|keys");
}

static void json_and_urls_are_looked_into(void **state)
{
	assert_masked("{\"password\": \"x\",\"a\":1}", "{\"password\": \"***\",\"a\":1}");
	assert_masked("-drive|file=https://user:pa:ss@host/disk.img,format=raw",
		      "-drive|file=https://user:***@host/disk.img,format=raw");
	assert_kept("-drive|file=https://user@host:443/disk.img");
	assert_masked("-drive|file.cookie=id3,file.driver=https", "-drive|file.cookie=***,file.driver=https");
	assert_masked("-drive|file=https://host/x?X-Amz-Signature=a&b=c,format=raw",
		      "-drive|file=https://host/x?X-Amz-Signature=***,format=raw");
	assert_masked("-drive|file=https://host/x?se=1&sig=abc", "-drive|file=https://host/x?se=1&sig=***");
	assert_kept("-incoming|tcp://[::]:4444");
	assert_masked("{\"password\":\"unended", "{\"password\":\"***");
}

static void configuration_handed_to_a_guest_is_masked(void **state)
{
	assert_masked("-fw_cfg|name=opt/x,string=abc", "-fw_cfg|name=opt/x,string=***");
	assert_kept("-device|x,string=abc");
	assert_masked("-smbios|type=11,value=io.systemd.credential:db=abc",
		      "-smbios|type=11,value=io.systemd.credential:db=***");
	assert_masked("-smbios|type=11,value=io.systemd.credential.binary:db=YWJj",
		      "-smbios|type=11,value=io.systemd.credential.binary:db=***");
}

static void the_kernel_command_line_has_blanks(void **state)
{
	static const char line[] = "root=/dev/vda psi=1 iscsi_password=abc quiet\n";
	struct str masked;

	str_init(&masked);
	assert_int_equal(secrets_mask(line, strlen(line), ' ', &masked), 1);
	assert_string_equal(masked.data, "root=/dev/vda psi=1 iscsi_password=*** quiet\n");
	str_done(&masked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_arguments_are_kept),
		cmocka_unit_test(a_value_behind_a_secret_name_is_masked),
		cmocka_unit_test(an_argument_behind_a_secret_option_is_masked),
		cmocka_unit_test(a_comma_within_a_secret_does_not_end_it),
		cmocka_unit_test(the_data_of_a_secret_object_is_masked),
		cmocka_unit_test(names_paths_and_switches_are_kept),
		cmocka_unit_test(json_and_urls_are_looked_into),
		cmocka_unit_test(configuration_handed_to_a_guest_is_masked),
		cmocka_unit_test(the_kernel_command_line_has_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
