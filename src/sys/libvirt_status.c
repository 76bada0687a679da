/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/libvirt_status.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/root.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* A start tag's bytes between its name and its '>'. */
struct tag {
	const char *at, *end;
};

static const char *find(const char *at, const char *end, const char *what)
{
	return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

/* The first start tag of that name behind `at`. */
static bool find_tag(const char *at, const char *end, const char *name, struct tag *ret)
{
	char open[80];
	size_t size = (size_t)snprintf(open, sizeof open, "<%s", name);

	while ((at = find(at, end, open)) != NULL) {
		at += size;
		if (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '>' || *at == '/'))
			break;
	}
	if (at == NULL)
		return false;
	ret->at = at;
	ret->end = memchr(at, '>', (size_t)(end - at));
	return ret->end != NULL;
}

/* libvirt writes attributes in single quotes. False where there is none. */
static bool tag_attribute(const struct tag *tag, const char *name, char *ret, size_t ret_size)
{
	char open[40];
	const char *at, *quote;

	snprintf(open, sizeof open, " %s='", name);
	at = find(tag->at, tag->end, open);
	if (at == NULL)
		return false;
	at += strlen(open);
	quote = memchr(at, '\'', (size_t)(tag->end - at));
	if (quote == NULL)
		return false;
	text_copy(ret, ret_size, at, (size_t)(quote - at));
	return true;
}

/* The job's name, as libvirt calls its asynchronous ones, to the state that it means. */
static const struct {
	const char *job, *state;
} jobs[] = {
	{ "migration out", "migrating" },
	{ "migration in", "migrating" },
	{ "save", "saving" },
	{ "dump", "saving" },
	{ "snapshot", "backup" },
	{ "backup", "backup" },
};

static void take_state(const struct tag *root, const char *end, struct libvirt_status *ret)
{
	char state[32] = "", job[32] = "", pid[16] = "";
	struct tag tag;
	size_t i;

	if (tag_attribute(root, "pid", pid, sizeof pid))
		ret->pid = (int)strtol(pid, NULL, 10);
	tag_attribute(root, "state", state, sizeof state);
	if (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0)
		text_copy(ret->state, sizeof ret->state, state, strlen(state));
	if (!find_tag(root->end, end, "job", &tag) || !tag_attribute(&tag, "async", job, sizeof job))
		return;
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		if (strcmp(job, jobs[i].job) == 0)
			text_copy(ret->state, sizeof ret->state, jobs[i].state,
				  strlen(jobs[i].state));
}

/* The content of the element that declares our namespace, whatever its prefix. */
static void take_class(const char *at, const char *end, struct libvirt_status *ret)
{
	const char *content, *close;

	at = find(at, end, "=\"" LIBVIRT_STATUS_NAMESPACE "\"");
	content = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
	if (content == NULL || content[-1] == '/')
		return;
	content++;
	close = memchr(content, '<', (size_t)(end - content));
	if (close != NULL)
		text_copy(ret->class, sizeof ret->class, content, (size_t)(close - content));
}

int libvirt_status_parse(const char *bytes, size_t size, struct libvirt_status *ret)
{
	const char *end = bytes + size;
	const char *domain;
	struct tag root;

	memset(ret, 0, sizeof *ret);
	if (!find_tag(bytes, end, "domstatus", &root))
		return -EINVAL;
	/* Everything below is the domain's own description, which may say anything. */
	domain = find(root.end, end, "<domain ");
	take_state(&root, domain != NULL ? domain : end, ret);
	if (domain != NULL)
		take_class(domain, end, ret);
	return 0;
}

void libvirt_status_append(const struct libvirt_status *status, struct str *str)
{
	const char *job = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs) && job == NULL; i++)
		if (strcmp(status->state, jobs[i].state) == 0)
			job = jobs[i].job;
	str_appendf(str, "<domstatus state='%s'>\n",
		    strcmp(status->state, "paused") == 0 ? "paused" : "running");
	if (job != NULL)
		str_appendf(str, "  <job type='none' async='%s'/>\n", job);
	if (status->class[0] != '\0')
		str_appendf(str, "  <domain ><class xmlns=\"" LIBVIRT_STATUS_NAMESPACE "\">%s</class>\n"
			    "  </domain>\n", status->class);
	str_append(str, "</domstatus>\n");
}

int libvirt_status_read(struct root *root, const char *name, char *buffer, size_t size,
			struct libvirt_status *ret)
{
	char path[320];
	ssize_t got;

	if (strchr(name, '/') != NULL ||
	    (size_t)snprintf(path, sizeof path, LIBVIRT_STATUS_DIRECTORY "%s.xml", name) >= sizeof path)
		return -ENOENT;
	got = root_read(root, path, buffer, size);
	if (got < 0)
		return (int)got;
	return (size_t)got + 1 >= size ? -EFBIG : libvirt_status_parse(buffer, (size_t)got, ret);
}
