/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/ksm.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KSM_NAME(name) #name,
#define KSM_OFFSET(name) offsetof(struct ksm, name),

static const char *const ksm_names[] = { KSM_FILES(KSM_NAME) };
static const size_t ksm_offsets[] = { KSM_FILES(KSM_OFFSET) };

static int ksm_open(struct root *root, const char *name)
{
	char path[96];

	snprintf(path, sizeof path, "/sys/kernel/mm/ksm/%s", name);
	return root_open(root, path);
}

void ksm_reader_init(struct ksm_reader *reader, struct root *root)
{
	size_t i;

	reader->root = root;
	for (i = 0; i < KSM_FILE_COUNT; i++)
		reader->fd[i] = ksm_open(root, ksm_names[i]);
	reader->advisor_fd = ksm_open(root, "advisor_mode");
}

void ksm_reader_done(struct ksm_reader *reader)
{
	size_t i;

	if (reader == NULL || reader->root == NULL)
		return;
	for (i = 0; i < KSM_FILE_COUNT; i++)
		root_close(reader->root, reader->fd[i]);
	root_close(reader->root, reader->advisor_fd);
	reader->root = NULL;
}

static int ksm_read_number(struct root *root, int fd, int64_t *ret)
{
	char bytes[64];
	ssize_t size;

	if (fd < 0)
		return fd;
	size = root_pread(root, fd, bytes, sizeof bytes);
	return size < 0 ? (int)size : field_parse_number(bytes, (size_t)size, ret);
}

/* "none [scan-time]" */
static void ksm_read_advisor(struct ksm_reader *reader, struct ksm *ksm)
{
	char bytes[128];
	const char *open, *close;
	ssize_t size;

	ksm->advisor[0] = '\0';
	if (reader->advisor_fd < 0)
		return;
	size = root_pread(reader->root, reader->advisor_fd, bytes, sizeof bytes);
	open = size > 0 ? memchr(bytes, '[', (size_t)size) : NULL;
	close = open != NULL ? memchr(open, ']', (size_t)(bytes + size - open)) : NULL;
	if (close != NULL)
		text_copy(ksm->advisor, sizeof ksm->advisor, open + 1, (size_t)(close - open - 1));
}

/* One unreadable file is absent; when all are, the caller hears why `run` is. */
int ksm_read(struct ksm_reader *reader, struct ksm *ret)
{
	struct ksm ksm;
	size_t found = 0;
	int first = 0;
	size_t i;

	for (i = 0; i < KSM_FILE_COUNT; i++) {
		int64_t *number = (int64_t *)((char *)&ksm + ksm_offsets[i]);
		int r = ksm_read_number(reader->root, reader->fd[i], number);

		if (r < 0)
			*number = FIELD_ABSENT;
		if (i == 0)
			first = r;
		found += r == 0;
	}
	if (found == 0)
		return first;
	ksm_read_advisor(reader, &ksm);
	*ret = ksm;
	return 0;
}
