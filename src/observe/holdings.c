/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/holdings.h"

#include "base/cursor.h"
#include "base/vec.h"
#include "sys/proc.h"
#include "sys/process.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct link_walk {
	struct root *root;
	struct holdings *holdings;
	char path[64];
	size_t prefix;
};

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static bool holdings_add(int **items, size_t *capacity, size_t count, int number)
{
	if (!vec_reserve((void **)items, capacity, count + 1, sizeof **items))
		return false;
	(*items)[count] = number;
	return true;
}

static int holdings_link(const char *name, void *context)
{
	struct link_walk *walk = context;
	struct holdings *h = walk->holdings;
	char text[64];
	int number = -1, fd = atoi(name);
	ssize_t size;
	bool kept = true;

	if (strlen(name) > 10)
		return 0;
	strcpy(walk->path + walk->prefix, name);
	size = root_readlink(walk->root, walk->path, text, sizeof text);
	if (size < 0)
		return 0;
	switch (process_link_classify(text, (size_t)size, &number)) {
	case LINK_KVM_VM:
		kept = holdings_add(&h->vm_fds, &h->vm_capacity, h->vm_count, fd);
		h->vm_count += kept;
		break;
	case LINK_KVM_VCPU:
		kept = holdings_add(&h->vcpus, &h->vcpu_capacity, h->vcpu_count, number) &&
		       holdings_add(&h->vcpu_fds, &h->vcpu_fd_capacity, h->vcpu_count, fd);
		h->vcpu_count += kept;
		break;
	case LINK_TUN:
		kept = holdings_add(&h->tun_fds, &h->tun_capacity, h->tun_count, fd);
		h->tun_count += kept;
		break;
	default:
		break;
	}
	return kept ? 0 : -ENOMEM;
}

int holdings_read(struct root *root, pid_t pid, struct holdings *ret)
{
	struct link_walk walk = { .root = root, .holdings = ret };
	int r;

	ret->vm_count = ret->vcpu_count = ret->tun_count = 0;
	walk.prefix = (size_t)snprintf(walk.path, sizeof walk.path, "/proc/%d/fd/", pid);
	r = root_list(root, walk.path, holdings_link, &walk);
	if (ret->vm_count > 1)
		qsort(ret->vm_fds, ret->vm_count, sizeof *ret->vm_fds, compare_int);
	return r;
}

void holdings_done(struct holdings *holdings)
{
	free(holdings->vm_fds);
	free(holdings->vcpus);
	free(holdings->vcpu_fds);
	free(holdings->tun_fds);
}

static int pids_add(const char *name, void *context)
{
	struct pids *pids = context;

	if (!isdigit((unsigned char)name[0]) || strlen(name) > 9)
		return 0;
	if (!holdings_add(&pids->items, &pids->capacity, pids->count, atoi(name)))
		return -ENOMEM;
	pids->count++;
	return 0;
}

int pids_read(struct root *root, struct pids *ret)
{
	int r;

	ret->count = 0;
	r = root_list(root, "/proc", pids_add, ret);
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_int);
	return r;
}

void pids_done(struct pids *pids)
{
	free(pids->items);
}

struct maker_walk {
	struct root *root;
	const struct pids *pids;
	struct makers *makers;
};

/* Most makers are main threads; only of the others must the kernel be asked. */
static pid_t process_of(const struct maker_walk *walk, int tid)
{
	struct proc_status status;
	char path[64], bytes[4096];
	ssize_t size;

	if (bsearch(&tid, walk->pids->items, walk->pids->count, sizeof tid, compare_int) != NULL)
		return tid;
	snprintf(path, sizeof path, "/proc/%d/status", tid);
	size = root_read(walk->root, path, bytes, sizeof bytes);
	if (size < 0 || proc_status_parse(bytes, (size_t)size, &status) < 0)
		return 0;
	return (pid_t)status.tgid;
}

static int makers_add(const char *name, void *context)
{
	struct maker_walk *walk = context;
	struct cursor c = cursor_over(name, strlen(name));
	uint64_t tid, fd;
	pid_t pid;

	if (!cursor_take_u64(&c, &tid) || !cursor_take_text(&c, "-") || !cursor_take_u64(&c, &fd) ||
	    !cursor_at_end(&c) || tid > INT32_MAX || fd > INT32_MAX)
		return 0;
	pid = process_of(walk, (int)tid);
	if (pid <= 0)
		return 0;
	if (!VEC_RESERVE(walk->makers->items, walk->makers->capacity, walk->makers->count + 1))
		return -ENOMEM;
	walk->makers->items[walk->makers->count++] = (struct maker){ (pid_t)tid, pid, (int)fd };
	return 0;
}

static int maker_compare(const void *a, const void *b)
{
	const struct maker *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

int makers_read(struct root *root, const struct pids *pids, struct makers *ret)
{
	struct maker_walk walk = { root, pids, ret };
	int r;

	ret->count = 0;
	r = root_list(root, "/sys/kernel/debug/kvm", makers_add, &walk);
	ret->readable = r == 0;
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, maker_compare);
	return r == -ENOMEM ? r : 0;
}

void makers_done(struct makers *makers)
{
	free(makers->items);
}

const struct maker *makers_of(const struct makers *makers, pid_t pid, size_t *ret_count)
{
	size_t low = 0, high = makers->count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (makers->items[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < makers->count && makers->items[low + count].pid == pid)
		count++;
	*ret_count = count;
	return count > 0 ? &makers->items[low] : NULL;
}
