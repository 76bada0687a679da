/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/process.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"

#include <errno.h>

/* KVM_RUN = _IO(KVMIO, 0x80), and ioctl's number on the architectures that have KVM. */
#define KVM_RUN_REQUEST 0xae80

/* A number that ends the text; -1 where none stands there. */
static int link_number(struct span rest)
{
	struct cursor c = cursor_over(rest.at, rest.size);
	uint64_t number;

	if (rest.size == 0 || *rest.at == ' ' || !cursor_take_u64(&c, &number) ||
	    !cursor_at_end(&c) || number > INT32_MAX)
		return -1;
	return (int)number;
}

struct link_pattern {
	const char *text;
	enum process_link link;
	bool numbered; /* else nothing may follow */
};

static const struct link_pattern link_patterns[] = {
	{ "anon_inode:kvm-vcpu:", LINK_KVM_VCPU, true },
	{ "anon_inode:kvm-vcpu", LINK_KVM_VCPU, false }, /* before 4.19 */
	{ "anon_inode:kvm-vm", LINK_KVM_VM, false },
	{ "/dev/kvm", LINK_KVM, false },
	{ "/dev/net/tun", LINK_TUN, false },
	{ "/dev/tap", LINK_MACVTAP, true },
	{ "/dev/vhost-net", LINK_VHOST_NET, false },
	{ "/dev/vfio/vfio", LINK_VFIO, false },
	{ "/dev/vfio/", LINK_VFIO, true },
};

enum process_link process_link_classify(const char *text, size_t size, int *ret_number)
{
	struct span link = { text, size };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(link_patterns); i++) {
		const struct link_pattern *pattern = &link_patterns[i];
		size_t length = strlen(pattern->text);
		int number = -1;

		if (!span_starts_with(link, pattern->text))
			continue;
		if (pattern->numbered)
			number = link_number((struct span){ text + length, size - length });
		if (pattern->numbered ? number < 0 : size != length)
			continue;
		if (ret_number != NULL)
			*ret_number = number;
		return pattern->link;
	}
	return LINK_OTHER;
}

int process_tap_name(const char *bytes, size_t size, char *ret_name, size_t ret_size)
{
	struct cursor c = cursor_over(bytes, size);
	struct cursor line;

	while (cursor_take_line(&c, &line)) {
		if (!cursor_take_text(&line, "iff:"))
			continue;
		cursor_skip_blanks(&line);
		text_copy(ret_name, ret_size, line.at, cursor_left(&line));
		return 0;
	}
	return -ENOENT;
}

static bool controllers_have(struct span list, const char *name)
{
	struct cursor c = cursor_over(list.at, list.size);

	while (!cursor_at_end(&c)) {
		const char *comma = memchr(c.at, ',', cursor_left(&c));
		const char *end = comma != NULL ? comma : c.end;

		if (span_equals((struct span){ c.at, (size_t)(end - c.at) }, name))
			return true;
		c.at = comma != NULL ? comma + 1 : c.end;
	}
	return list.size == 0 && name[0] == '\0';
}

/* "4:cpu,cpuacct:/a:b": the path is everything behind the second colon. */
int process_cgroup_find(const char *bytes, size_t size, const char *controller,
			struct span *ret_path)
{
	struct cursor c = cursor_over(bytes, size);
	struct cursor line;

	while (cursor_take_line(&c, &line) && line.end < c.at) {
		uint64_t hierarchy;
		const char *colon;

		if (!cursor_take_u64(&line, &hierarchy) || !cursor_take_text(&line, ":"))
			continue;
		colon = memchr(line.at, ':', cursor_left(&line));
		if (colon == NULL || colon + 1 == line.end || colon[1] != '/')
			continue;
		if (!controllers_have((struct span){ line.at, (size_t)(colon - line.at) },
				      controller))
			continue;
		*ret_path = (struct span){ colon + 1, (size_t)(line.end - colon - 1) };
		return 0;
	}
	return -ENOENT;
}

static bool take_hex(struct cursor *c, uint64_t *ret)
{
	uint64_t number = 0;
	const char *start;

	cursor_skip_blanks(c);
	if (!cursor_take_text(c, "0x"))
		return false;
	for (start = c->at; !cursor_at_end(c) && c->at - start < 16; c->at++) {
		unsigned char digit = (unsigned char)*c->at;

		if ((unsigned char)(digit - '0') <= 9)
			number = number << 4 | (digit - '0');
		else if ((unsigned char)((digit | 0x20) - 'a') <= 5)
			number = number << 4 | ((digit | 0x20) - 'a' + 10);
		else
			break;
	}
	*ret = number;
	return c->at > start;
}

int process_syscall_parse(const char *bytes, size_t size, struct process_syscall *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct process_syscall syscall = { .number = -1 };
	size_t i;

	if (cursor_take_text(&c, "running")) {
		syscall.running = true;
		*ret = syscall;
		return 0;
	}
	if (!cursor_take_i64(&c, &syscall.number))
		return -EINVAL;
	for (i = 0; syscall.number >= 0 && i < ARRAY_SIZE(syscall.argument); i++)
		if (!take_hex(&c, &syscall.argument[i]))
			return -EINVAL;
	*ret = syscall;
	return 0;
}

bool process_syscall_is_kvm_run(const struct process_syscall *syscall)
{
	/* x86-64; arm64 and riscv; s390 and powerpc. A capture may be of another machine. */
	bool is_ioctl = syscall->number == 16 || syscall->number == 29 || syscall->number == 54;

	return !syscall->running && is_ioctl && (uint32_t)syscall->argument[1] == KVM_RUN_REQUEST;
}

int process_autogroup_parse(const char *bytes, size_t size, struct process_autogroup *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct process_autogroup group;
	int64_t nice;

	if (size == 0)
		return -ENOENT;
	if (!cursor_take_text(&c, "/autogroup-") || !cursor_take_i64(&c, &group.number) ||
	    !cursor_take_text(&c, " nice ") || !cursor_take_i64(&c, &nice) ||
	    !cursor_take_text(&c, "\n") || nice < -20 || nice > 19)
		return -EINVAL;
	group.nice = (int)nice;
	*ret = group;
	return 0;
}
