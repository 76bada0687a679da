/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fit goes by: fingerprints and processes of VMs that run, or a file; and the host. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/interrupt.h"
#include "cmd/ksm_estimate.h"
#include "cmd/ksm_fit.h"
#include "cmd/verb.h"
#include "ksm/fit_live.h"
#include "ksm/prints_file.h"
#include "sys/root.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Of a file with fingerprints of a whole host. */
#define FILE_MOST (1ull << 36)

/* -- VMs that run --------------------------------------------------------------------------------- */

static pid_t pid_of(const struct prints_vm *vm)
{
	return (pid_t)strtol(vm->id, NULL, 10);
}

static int wait_for(uint64_t usec, struct error *err)
{
	struct pollfd wake = { .fd = interrupt_fd(), .events = POLLIN };
	uint64_t now = clock_monotonic_usec(), end = now + usec;

	for (; now < end && interrupt_signal() == 0; now = clock_monotonic_usec()) {
		uint64_t left = (end - now) / USEC_PER_MSEC + 1;

		poll(&wake, 1, left < INT32_MAX ? (int)left : INT32_MAX);
	}
	return interrupt_signal() == 0 ? 0 : error_set(err, -EINTR, "interrupted");
}

static int read_process(struct root *root, const struct prints_vm *vm, struct fit_process *ret,
			struct error *err)
{
	/* A second set of page tables is KVM's; to count one too many is on the safe side. */
	return fit_process_read(root, pid_of(vm), true, ret, err);
}

/* What is the process's beside its guest's memory. */
static double other_bytes(const struct prints_vm *vm, const struct fit_process *process)
{
	return fmax((double)process->bytes - (double)vm->pages * PRINTS_PAGE_SIZE, 0);
}

static void say_ended(struct ksm_fit *fit, const struct prints_vm *vm)
{
	struct str name;

	str_init(&name);
	text_append_safe(&name, vm->name, strlen(vm->name));
	verb_warn(fit->verb, "%s (%s) ended while it was looked at", name.data != NULL ? name.data : "", vm->id);
	str_done(&name);
	fit->partly = true;
}

/* Who has ended meanwhile is left out. */
static int read_processes(struct ksm_fit *fit, struct root *root, struct fit_process *ret,
			  struct error *err)
{
	size_t i = 0;
	int r;

	while (i < fit->prints.vm_count) {
		r = read_process(root, &fit->prints.vms[i], &ret[i], err);
		if (r < 0 && r != -ESRCH)
			return r;
		if (r == 0) {
			i++;
			continue;
		}
		say_ended(fit, &fit->prints.vms[i]);
		prints_drop_vm(&fit->prints, i);
		fit->left_out = true;
	}
	return 0;
}

static double growth_of(const struct ksm_fit *fit, const struct fit_process *before,
			const struct fit_process *now)
{
	if (now->bytes <= before->bytes || now->monotonic_usec <= before->monotonic_usec)
		return 0;
	return (double)(now->bytes - before->bytes) * (double)fit->settings->horizon_usec /
	       (double)(now->monotonic_usec - before->monotonic_usec);
}

/* By how much each grows in the time that is looked ahead, if it goes on as now. */
static int see_growth(struct ksm_fit *fit, struct root *root, const struct fit_process *before,
		      struct error *err)
{
	struct fit_process now;
	size_t i;
	int r = wait_for(fit->settings->wait_usec, err);

	for (i = 0; r == 0 && i < fit->prints.vm_count; i++) {
		r = read_process(root, &fit->prints.vms[i], &now, err);
		if (r == 0) {
			fit->vms[i].growth_bytes = growth_of(fit, &before[i], &now);
		} else if (r == -ESRCH) {
			say_ended(fit, &fit->prints.vms[i]);
			r = 0;
		}
	}
	return r;
}

static int look_at_processes(struct ksm_fit *fit, struct root *root, struct error *err)
{
	CLEANUP_FREE struct fit_process *processes = calloc(fit->prints.vm_count + 1, sizeof *processes);
	size_t i;
	int r;

	fit->vms = calloc(fit->prints.vm_count + 1, sizeof *fit->vms);
	if (fit->vms == NULL || processes == NULL)
		return error_errno(err, -ENOMEM, "the VMs' processes");
	r = read_processes(fit, root, processes, err);
	for (i = 0; r == 0 && i < fit->prints.vm_count; i++)
		fit->vms[i] = (struct fit_vm){
			.other_bytes = other_bytes(&fit->prints.vms[i], &processes[i]),
			.most_bytes = (double)processes[i].most_bytes,
		};
	if (r == 0 && fit->settings->horizon_usec > 0)
		r = see_growth(fit, root, processes, err);
	return r;
}

int ksm_fit_look(struct ksm_fit *fit, struct error *err)
{
	const struct estimate_settings settings = { .wait_usec = fit->settings->wait_usec };
	struct estimate estimate = {
		.verb = fit->verb, .settings = &settings, .modulo = 1, .limit = fit->limit,
	};
	CLEANUP_FREE char **words = ksm_fit_words(fit);
	struct root *root = root_live_new();
	int r;

	if (words == NULL || root == NULL) {
		root_free(root);
		return error_errno(err, -ENOMEM, "cannot look at VMs");
	}
	prints_init(&estimate.prints);
	r = estimate_look(&estimate, words, err);
	if (r == 0) {
		fit->prints = estimate.prints;
		prints_init(&estimate.prints);
		fit->left_out = estimate.unread_count > 0;
		fit->partly |= estimate.partly || fit->left_out;
		r = look_at_processes(fit, root, err);
	}
	estimate_done(&estimate);
	root_free(root);
	fit->live = true;
	return r;
}

/* -- a file --------------------------------------------------------------------------------------- */

int ksm_fit_read(struct ksm_fit *fit, struct error *err)
{
	const char *path = fit->settings->prints;
	CLEANUP_FREE char *bytes = NULL;
	struct root *root = root_live_new();
	ssize_t size = root != NULL ? root_read_all(root, path, FILE_MOST, &bytes) : -ENOMEM;
	struct prints parsed;
	size_t i;
	int r;

	root_free(root);
	if (size < 0)
		return error_errno(err, (int)size, "%.200s", path);
	r = prints_parse(bytes, (size_t)size, &parsed, err);
	if (r < 0) {
		error_prefix(err, "%.200s", path);
		return r;
	}
	fit->prints = parsed;
	fit->vms = calloc(fit->prints.vm_count + 1, sizeof *fit->vms);
	if (fit->vms == NULL)
		return error_errno(err, -ENOMEM, "%.200s", path);
	for (i = 0; i < fit->prints.vm_count; i++)
		if (fit->prints.vms[i].read < fit->prints.vms[i].pages)
			return error_set(err, -EINVAL, "%.200s is a sample of positions, which does not "
					 "tell what VMs share; a whole look, or a sample of contents, does", path);
	return 0;
}

/* -- the host ------------------------------------------------------------------------------------- */

/* What the kinds' VMs take of it now: less where KSM has merged already. */
static double now_bytes(const struct ksm_fit *fit, const struct fit_host *host)
{
	double bytes = 0, merged = 0, share = 1;
	size_t i;

	for (i = 0; i < fit->prints.vm_count; i++) {
		const struct prints_vm *vm = &fit->prints.vms[i];

		if (fit->kind_of[i] >= fit->question.kind_count)
			continue;
		bytes += (double)vm->pages * PRINTS_PAGE_SIZE + fit->vms[i].other_bytes;
		if (vm->merged == UINT64_MAX)
			merged = INFINITY;
		else
			merged += (double)vm->merged;
	}
	if (host->merged_pages > 0)
		share = fmin(merged / (double)host->merged_pages, 1);
	return fmax(bytes - (double)host->saved_bytes * share, 0);
}

int ksm_fit_look_at_host(struct ksm_fit *fit, struct error *err)
{
	struct fit_question *question = &fit->question;
	struct root *root = root_live_new();
	struct fit_host host;
	double used;
	int r = root != NULL ? fit_host_read(root, &host, err) : error_errno(err, -ENOMEM, "the host");

	root_free(root);
	if (r < 0)
		return r;
	used = (double)host.total_bytes - (double)host.available_bytes;
	if (fit->live)
		used = fmax(used - now_bytes(fit, &host), 0);
	if (isnan(question->host_bytes))
		question->host_bytes = (double)host.total_bytes;
	if (isnan(question->used_bytes))
		question->used_bytes = used;
	return 0;
}
