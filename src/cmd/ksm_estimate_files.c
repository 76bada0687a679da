/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints and sketches as files, and the key that makes those of several hosts comparable. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "cmd/ksm_estimate.h"
#include "cmd/verb.h"
#include "ksm/prints_file.h"
#include "ksm/sketch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MOST ((size_t)16 << 30)
/* Who reads such a file can ask it about a tenant's memory. */
#define FILE_MODE 0600

/* -- read ------------------------------------------------------------------------------------------- */

int estimate_read_key(const char *path, uint8_t ret[static LOOK_KEY_SIZE], struct error *err)
{
	struct stat status;
	char *bytes = NULL;
	size_t size = 0;
	int r = keep_file_read_own(path, 2 * LOOK_KEY_SIZE, &bytes, &size, err);

	if (r == -ENOENT)
		return error_set(err, r, "there is no key %s; one is made by "
				 "(umask 077; head -c %d /dev/urandom >%s)", path, LOOK_KEY_SIZE, path);
	if (r < 0)
		return r;
	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		r = error_set(err, -EACCES, "others may read the key %s: whoever has it can ask "
			      "fingerprints for pages (chmod 600 ends that)", path);
	else if (size != LOOK_KEY_SIZE)
		r = error_set(err, -EINVAL, "a key has %d bytes, and %s has %zu", LOOK_KEY_SIZE, path, size);
	else
		memcpy(ret, bytes, LOOK_KEY_SIZE);
	explicit_bzero(bytes, size);
	free(bytes);
	return r;
}

static int parse_file(const char *path, struct prints *ret, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	size_t size = 0;
	int r = keep_file_read(path, FILE_MOST, &bytes, &size, err);

	if (r < 0)
		return r == -ENOENT ? error_errno(err, r, "%s", path) : r;
	r = prints_parse(bytes, size, ret, err);
	if (r < 0)
		error_prefix(err, "%s", path);
	return r;
}

/* The VMs of another file beside those that are there. */
static int join(struct prints *to, struct prints *from, const char *path, struct error *err)
{
	size_t i;

	if (memcmp(to->key_id, from->key_id, sizeof to->key_id) != 0)
		return error_set(err, -EINVAL, "the fingerprints in %s were made with another key than "
				 "those before: estimate --key makes both with one", path);
	if (to->modulo != from->modulo)
		return error_set(err, -EINVAL, "in %s every %lluth content was sampled, before every %lluth",
				 path, (unsigned long long)from->modulo, (unsigned long long)to->modulo);
	for (i = 0; i < from->vm_count; i++) {
		struct prints_vm *vm = prints_add_vm(to);

		if (vm == NULL)
			return error_errno(err, -ENOMEM, "%s", path);
		*vm = from->vms[i];
		from->vms[i] = (struct prints_vm){ 0 };
	}
	return 0;
}

static bool is_called(const struct prints_vm *vm, char *const *words)
{
	if (*words == NULL)
		return true;
	for (; *words != NULL; words++)
		if (prints_vm_is_called(vm, *words))
			return true;
	return false;
}

static int select_vms(struct prints *prints, char *const *words, struct error *err)
{
	char *const *word;
	size_t i;

	for (word = words; *word != NULL; word++) {
		for (i = 0; i < prints->vm_count; i++)
			if (prints_vm_is_called(&prints->vms[i], *word))
				break;
		if (i == prints->vm_count)
			return error_set(err, -ENOENT, "no VM in the fingerprints has the name, id or pid \"%.60s\"",
					 *word);
	}
	for (i = prints->vm_count; i-- > 0;)
		if (!is_called(&prints->vms[i], words))
			prints_drop_vm(prints, i);
	return 0;
}

int estimate_read_files(struct estimate *estimate, char *const *words, struct error *err)
{
	const struct option_list *files = &estimate->settings->from;
	size_t i;
	int r = parse_file(files->values[0], &estimate->prints, err);

	for (i = 1; r == 0 && i < files->count; i++) {
		struct prints more;

		r = parse_file(files->values[i], &more, err);
		if (r < 0)
			return r;
		r = join(&estimate->prints, &more, files->values[i], err);
		prints_done(&more);
	}
	estimate->modulo = estimate->prints.modulo;
	return r < 0 ? r : select_vms(&estimate->prints, words, err);
}

/* -- written ---------------------------------------------------------------------------------------- */

static int write_file(const char *path, const struct str *bytes, struct error *err)
{
	if (bytes->failed)
		return error_errno(err, -ENOMEM, "%s", path);
	return keep_file_write(path, bytes->data, bytes->length, FILE_MODE, err);
}

static int save_prints(const struct prints *prints, const char *path, struct error *err)
{
	struct str bytes;
	int r;

	str_init(&bytes);
	prints_append(prints, &bytes);
	r = write_file(path, &bytes, err);
	str_done(&bytes);
	return r;
}

/* One sketch behind the other. */
static int save_sketches(const struct prints *prints, const char *path, struct error *err)
{
	struct sketch sketch;
	struct str bytes;
	size_t i;
	int r = 0;

	str_init(&bytes);
	for (i = 0; r == 0 && i < prints->vm_count; i++) {
		r = sketch_make(prints, &prints->vms[i], &sketch);
		if (r == 0)
			sketch_append(&sketch, &bytes);
		else
			error_errno(err, r, "%s", path);
		sketch_done(&sketch);
	}
	if (r == 0)
		r = write_file(path, &bytes, err);
	str_done(&bytes);
	return r;
}

int estimate_save(struct estimate *estimate, struct error *err)
{
	const struct estimate_settings *settings = estimate->settings;
	int r = prints_sort(&estimate->prints) ? 0 : error_errno(err, -ENOMEM, "fingerprints");

	if (r == 0 && settings->save != NULL)
		r = save_prints(&estimate->prints, settings->save, err);
	if (r == 0 && settings->sketch != NULL)
		r = save_sketches(&estimate->prints, settings->sketch, err);
	return r;
}
