/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ksm_look.h"

#include "base/error.h"
#include "cmd/interrupt.h"
#include "cmd/source.h"
#include "cmd/told.h"
#include "cmd/vm_select.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>

#define TOLD_USEC 200000

static bool is_cancelled(void)
{
	return interrupt_signal() != 0;
}

/* As the source's own: TRUCE_FAULT makes chosen calls fail. */
static int open_root(const char *directory, struct root **ret, struct error *err)
{
	struct root *root = directory != NULL ? root_captured_new(directory, err) : root_live_new();
	const char *rules = getenv("TRUCE_FAULT");

	if (root == NULL)
		return directory != NULL ? err->code : error_set(err, -ENOMEM, "out of memory");
	if (rules != NULL && *rules != '\0')
		root = root_faulty_new(root, rules, err);
	*ret = root;
	return root != NULL ? 0 : err->code;
}

int ksm_look_open(struct ksm_look *look, const char *directory, uint64_t interval_usec,
		  char *const *names, struct error *err)
{
	struct source_spec spec = {
		.root = directory,
		.interval_usec = interval_usec,
		.once = interval_usec == 0,
		.watch = interval_usec != 0,
	};
	int r;

	*look = (struct ksm_look){ .names = names, .options.is_cancelled = is_cancelled };
	status_init(&look->status);
	rates_init(&look->rates);
	r = source_open(&spec, &look->source, err);
	if (r == 0)
		r = open_root(directory, &look->root, err);
	if (r == 0 && directory == NULL)
		look->told = told_new();
	if (r < 0)
		ksm_look_close(look);
	return r;
}

void ksm_look_close(struct ksm_look *look)
{
	if (look->source != NULL)
		source_close(look->source);
	told_free(look->told);
	rates_done(&look->rates);
	status_done(&look->status);
	root_free(look->root);
	free(look->wanted);
	*look = (struct ksm_look){ 0 };
}

static int choose(struct ksm_look *look, struct error *err)
{
	size_t i;

	free(look->wanted);
	look->wanted = NULL;
	if (look->names == NULL || *look->names == NULL)
		return 0;
	look->wanted = calloc(look->status.vm_count + 1, sizeof *look->wanted);
	if (look->wanted == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < look->status.vm_count; i++)
		look->wanted[i] = vm_is_selected(look->rates.now.vms[i], look->names);
	return 0;
}

static int tell(struct ksm_look *look, const struct snapshot *snapshot, struct error *err)
{
	int r;

	if (rates_advance(&look->rates, snapshot) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	if (look->told != NULL) {
		if (told_ask(look->told))
			told_take(look->told, TOLD_USEC);
		told_fill(look->told, &look->rates.now);
	}
	r = status_take(look->root, &look->rates.now, &look->options, &look->status, err);
	if (r == -ECANCELED)
		return 0;
	if (r == 0)
		r = choose(look, err);
	return r < 0 ? r : 1;
}

int ksm_look_next(struct ksm_look *look, struct error *err)
{
	const struct snapshot *snapshot;
	int r = source_next(look->source, &snapshot, err);

	return r == 1 ? tell(look, snapshot, err) : r;
}

int ksm_look_take(struct ksm_look *look, struct error *err)
{
	const struct snapshot *snapshot;
	int r = source_take(look->source, &snapshot, err);

	return r == 1 ? tell(look, snapshot, err) : r;
}
