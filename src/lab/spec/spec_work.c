/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/spec/spec_work.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <stddef.h>
#include <string.h>

static const struct half {
	const char *vm, *peer;
	bool peer_calls; /* the peer is who sends first, and needs the VM's address */
} halves[] = {
	{ "net-send", "net-receive", false },
	{ "net-request", "net-respond", false },
	{ "net-receive", "net-send", true },
	{ "net-respond", "net-request", true },
};

static const struct half *half_of(const char *line)
{
	size_t i, size = strcspn(line, " ");

	for (i = 0; i < ARRAY_SIZE(halves); i++)
		if (strlen(halves[i].vm) == size && strncmp(line, halves[i].vm, size) == 0)
			return &halves[i];
	return NULL;
}

bool spec_work_is_net(const char *line)
{
	return line != NULL && half_of(line) != NULL;
}

/* The parameter's value in a line without quotes, which those of the network are; its size 0: none. */
static const char *value_of(const char *line, const char *name, size_t *ret_size)
{
	const char *at = line;
	size_t size = strlen(name);

	*ret_size = 0;
	while ((at = strchr(at, ' ')) != NULL) {
		at++;
		if (strncmp(at, name, size) == 0 && at[size] == '=') {
			*ret_size = strcspn(at + size + 1, " ");
			return at + size + 1;
		}
	}
	return NULL;
}

char *spec_work_of_vm(const char *line, const char *peer_address, unsigned port)
{
	size_t size;
	const char *to = value_of(line, "to", &size);
	struct str text;

	str_init(&text);
	if (half_of(line) != NULL && to != NULL && size == 4 && memcmp(to, "peer", 4) == 0) {
		str_append_bytes(&text, line, (size_t)(to - line));
		str_append(&text, peer_address);
		str_append(&text, to + size);
	} else {
		str_append(&text, line);
	}
	if (half_of(line) != NULL && value_of(line, "port", &size) == NULL)
		str_appendf(&text, " port=%u", port);
	return str_take(&text);
}

char *spec_work_of_peer(const char *line, const char *vm_address, unsigned port, const char *more)
{
	const struct half *half = half_of(line);
	size_t size;
	const char *protocol = value_of(line, "protocol", &size);
	struct str text;

	str_init(&text);
	if (half == NULL)
		return NULL;
	str_append(&text, half->peer);
	if (half->peer_calls)
		str_appendf(&text, " to=%s", vm_address);
	if (protocol != NULL)
		str_appendf(&text, " protocol=%.*s", (int)size, protocol);
	if (value_of(line, "port", &size) != NULL)
		str_appendf(&text, " port=%.*s", (int)size, value_of(line, "port", &size));
	else
		str_appendf(&text, " port=%u", port);
	if (more != NULL && *more != '\0')
		str_appendf(&text, " %s", more);
	return str_take(&text);
}
