/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "lab/host/child.h"
#include "lab/result/plots.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SVG_BYTES_MOST = 8 << 20, DRAWING_MSEC = 30000 };

static int write_one(const char *directory, const char *name, const char *ending,
		     const struct str *text, struct error *err)
{
	char path[PATH_MAX + 64];

	if (snprintf(path, sizeof path, "%s/%s.%s", directory, name, ending) >= PATH_MAX)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", directory);
	return keep_file_write(path, text->data, text->length, 0644, err);
}

int plots_write(const struct plots *plots, const char *directory, struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < plots->count; i++) {
		const struct plot *plot = &plots->items[i];

		r = write_one(directory, plot->name, "tsv", &plot->tsv, err);
		if (r == 0)
			r = write_one(directory, plot->name, "gp", &plot->gp, err);
		if (r == 0 && plot->svg.length > 0)
			r = write_one(directory, plot->name, "svg", &plot->svg, err);
	}
	return r;
}

/* -- gnuplot ----------------------------------------------------------------------------------------- */

static int wait_for(struct child *child, int *ret_status, struct error *err)
{
	struct pollfd poll_fd = { child->pidfd, POLLIN, 0 };
	int r;

	do
		r = poll(&poll_fd, 1, DRAWING_MSEC);
	while (r < 0 && errno == EINTR);
	if (r <= 0 || !child_ended(child, ret_status))
		return error_set(err, -ETIMEDOUT, "gnuplot draws for longer than %d s", DRAWING_MSEC / 1000);
	return 0;
}

static int run_gnuplot(const char *directory, const char *name, struct error *err)
{
	char script[64];
	/* -d: nobody's own settings, so that the same plot is the same everywhere. */
	const char *const arguments[] = { "gnuplot", "-d", script, NULL };
	const struct child_plan plan = { .arguments = arguments, .directory = directory,
					 .output_fd = -1, .error_fd = -1 };
	struct child child;
	int status = 0, r;

	snprintf(script, sizeof script, "%s.gp", name);
	child_init(&child);
	r = child_start(&child, &plan, err);
	if (r == 0)
		r = wait_for(&child, &status, err);
	child_done(&child);
	if (r == 0 && status != 0)
		r = error_set(err, -EIO, "gnuplot could not draw %s.gp", name);
	return r;
}

static int take_svg(const char *directory, struct plot *plot, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	char path[PATH_MAX + 64];
	size_t size;
	int r;

	snprintf(path, sizeof path, "%s/%s.svg", directory, plot->name);
	r = keep_file_read(path, SVG_BYTES_MOST, &bytes, &size, err);
	if (r < 0)
		return r;
	if (!plot_svg_is_harmless(bytes, size))
		return error_set(err, -EBADMSG, "%s.svg has what no plot has; it is left out", plot->name);
	str_append_bytes(&plot->svg, bytes, size);
	return plot->svg.failed ? error_errno(err, -ENOMEM, "%s", path) : 0;
}

static int draw_all(struct plots *plots, const char *directory, struct error *err)
{
	size_t i;
	int r = plots_write(plots, directory, err);

	for (i = 0; r == 0 && i < plots->count; i++) {
		r = run_gnuplot(directory, plots->items[i].name, err);
		if (r == 0)
			r = take_svg(directory, &plots->items[i], err);
	}
	return r;
}

static void clear_directory(const struct plots *plots, const char *directory)
{
	static const char *const endings[] = { "tsv", "gp", "svg" };
	char path[PATH_MAX + 64];
	size_t i, j;

	for (i = 0; i < plots->count; i++)
		for (j = 0; j < ARRAY_SIZE(endings); j++) {
			snprintf(path, sizeof path, "%s/%s.%s", directory, plots->items[i].name, endings[j]);
			unlink(path);
		}
	rmdir(directory);
}

int plots_draw(struct plots *plots, const char *scratch, struct error *err)
{
	char directory[PATH_MAX];
	struct error why = { 0 };
	size_t i;
	int r;

	if (snprintf(directory, sizeof directory, "%s/truce-plots.XXXXXX", scratch) >=
	    (int)sizeof directory - 64)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", scratch);
	if (mkdtemp(directory) == NULL)
		return error_errno(err, -errno, "%s", directory);
	r = draw_all(plots, directory, &why);
	clear_directory(plots, directory);
	if (r == 0)
		return 0;
	/* All of them or none: a page with half its pictures would be taken for a whole one. */
	for (i = 0; i < plots->count; i++)
		str_clear(&plots->items[i].svg);
	snprintf(plots->undrawn, sizeof plots->undrawn, "There are no pictures, but tables and numbers are "
		 "complete: %.120s.", r == -ENOENT ? "gnuplot is not installed (package gnuplot-nox)" : why.text);
	return 0;
}
