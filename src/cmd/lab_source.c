/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_source.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cmd/lab_place.h"
#include "lab/result/plots.h"
#include "lab/result/result_page.h"
#include "lab/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MOST = 200 };

/* "NAME:12" and "FILE.sqlite:12". */
static int64_t id_take(char *word)
{
	char *colon = strrchr(word, ':'), *end;
	long long id;

	if (colon == NULL || colon[1] < '1' || colon[1] > '9')
		return 0;
	errno = 0;
	id = strtoll(colon + 1, &end, 10);
	if (*end != '\0' || errno != 0)
		return 0;
	*colon = '\0';
	return id;
}

static bool is_file(const char *word)
{
	return strchr(word, '/') != NULL || text_ends_with(word, ".sqlite");
}

static int say_absent(const char *directory, const char *name, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(directory);
	char names[NAMES_MOST][NAME_MAX + 1], safe[80];
	struct suggest suggest;
	struct dirent *entry;
	size_t count = 0;

	text_copy(safe, sizeof safe, name, strlen(name));
	suggest_init(&suggest, name);
	while (dir != NULL && count < NAMES_MOST && (entry = readdir(dir)) != NULL) {
		if (!text_ends_with(entry->d_name, ".sqlite"))
			continue;
		snprintf(names[count], sizeof names[count], "%.*s", (int)(strlen(entry->d_name) - 7),
			 entry->d_name);
		suggest_offer(&suggest, names[count++]);
	}
	if (suggest.nearest != NULL)
		return error_set(err, -ENOENT, "no experiment \"%s\" was run here; did you mean %.60s?", safe,
				 suggest.nearest);
	return error_set(err, -ENOENT, "no experiment \"%s\" was run here; truce lab list tells which were",
			 safe);
}

static int path_find(const char *word, char **ret_path, struct error *err)
{
	struct lab_place place;
	int r;

	if (is_file(word)) {
		*ret_path = strdup(word);
		return *ret_path != NULL ? 0 : error_errno(err, -ENOMEM, "%s", word);
	}
	r = lab_place_find(word, &place, err);
	if (r < 0)
		return r;
	if (access(place.store, F_OK) < 0)
		r = say_absent(place.directory, word, err);
	else if ((*ret_path = strdup(place.store)) == NULL)
		r = error_errno(err, -ENOMEM, "%s", word);
	lab_place_done(&place);
	return r;
}

int lab_source_read(const char *word, struct lab_source *ret, struct error *err)
{
	CLEANUP_FREE char *name = strdup(word), *path = NULL;
	struct lab_source source = { 0 };
	int64_t id;
	int r;

	if (name == NULL)
		return error_errno(err, -ENOMEM, "%s", word);
	id = id_take(name);
	r = path_find(name, &path, err);
	if (r == 0)
		r = store_open_read(path, &source.store, err);
	if (r == 0)
		r = store_read(source.store, id, &source.experiment, err);
	if (r == 0)
		r = result_new(source.experiment, &source.result, err);
	if (r < 0)
		lab_source_done(&source);
	else
		*ret = source;
	return r;
}

void lab_source_done(struct lab_source *source)
{
	result_free(source->result);
	stored_experiment_free(source->experiment);
	store_close(source->store);
	*source = (struct lab_source){ 0 };
}

/* -- the page ---------------------------------------------------------------------------------------- */

static int write_page(const struct lab_source *source, const struct plots *plots,
		      const char *directory, struct error *err)
{
	char path[PATH_MAX];
	struct str page;
	int r;

	if (snprintf(path, sizeof path, "%s/report.html", directory) >= (int)sizeof path)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", directory);
	str_init(&page);
	result_append_page(source->result, plots, &page);
	r = page.failed ? error_errno(err, -ENOMEM, "%s", path) :
			  keep_file_write(path, page.data, page.length, 0644, err);
	str_done(&page);
	return r;
}

int lab_source_write_report(const struct lab_source *source, const char *directory,
			    char **ret_undrawn, struct error *err)
{
	const char *temporary = getenv("TMPDIR");
	struct plots plots;
	int r = mkdir(directory, 0755) < 0 && errno != EEXIST ?
		error_errno(err, -errno, "%s", directory) : 0;

	if (r < 0)
		return r;
	r = plots_make(source->result, &plots, err);
	if (r < 0)
		return r;
	r = plots_draw(&plots, temporary != NULL && *temporary != '\0' ? temporary : "/tmp", err);
	if (r == 0)
		r = plots_write(&plots, directory, err);
	if (r == 0)
		r = write_page(source, &plots, directory, err);
	*ret_undrawn = r == 0 && plots.undrawn[0] != '\0' ? strdup(plots.undrawn) : NULL;
	plots_done(&plots);
	return r;
}
