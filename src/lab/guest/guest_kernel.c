/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_kernel.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/vec.h"
#include "lab/guest/module_index.h"
#include "lab/host/boot_image.h"
#include "lab/host/boot_kernel.h"
#include "sys/root.h"

#include <errno.h>
#include <string.h>

#define BOOT "/boot"
#define IMAGE_PREFIX "vmlinuz-"
#define OLDEST_RELEASE "5.10"
#define INDEX_MOST_BYTES (16u << 20)

void guest_kernel_done(struct guest_kernel *kernel)
{
	if (kernel == NULL)
		return;
	free(kernel->release);
	free(kernel->image);
	free(kernel->modules);
	free(kernel->from);
	*kernel = (struct guest_kernel){ 0 };
}

/* PLACE/lib/modules/RELEASE, where it has an index. */
static char *modules_of(const char *place, const char *release)
{
	CLEANUP_FREE char *index = NULL;
	char *modules;

	if (asprintf(&modules, "%s/lib/modules/%s", place, release) < 0)
		return NULL;
	if (asprintf(&index, "%s/modules.dep", modules) >= 0 && access(index, R_OK) == 0)
		return modules;
	free(modules);
	return NULL;
}

static int kernel_verdict(struct guest_kernel *kernel, struct guest_kernel *ret, struct error *err)
{
	if (kernel->release == NULL || kernel->image == NULL || kernel->from == NULL) {
		guest_kernel_done(kernel);
		return error_errno(err, -ENOMEM, "no room for a kernel");
	}
	*ret = *kernel;
	return 0;
}

/* A kernel that was given by its file: beside it, as in a cache or at the host's root, may be its
 * modules. */
static char *modules_beside(const char *image, const char *release)
{
	CLEANUP_FREE char *place = realpath(image, NULL);
	char *slash = place != NULL ? strrchr(place, '/') : NULL;
	char *modules;
	int up;

	for (up = 0; up < 2 && slash != NULL; up++) {
		*slash = '\0';
		modules = modules_of(place, release);
		if (modules != NULL)
			return modules;
		slash = strrchr(place, '/');
	}
	return modules_of("", release);
}

static int kernel_given(const char *image, const char *modules_dir, struct guest_kernel *ret,
			struct error *err)
{
	struct guest_kernel kernel = { 0 };
	char release[128];
	int code = boot_image_release(image, release, sizeof release, err);

	if (code < 0)
		return code;
	kernel.modules = modules_dir != NULL ? modules_of(modules_dir, release) :
					       modules_beside(image, release);
	if (kernel.modules == NULL && modules_dir != NULL)
		return error_set(err, -ENOENT, "%s/lib/modules/%s/modules.dep is not there: these "
				 "are not the modules of %s", modules_dir, release, image);
	kernel.release = strdup(release);
	kernel.image = strdup(image);
	kernel.from = strdup("given");
	return kernel_verdict(&kernel, ret, err);
}

static int kernel_cached(const char *cache, const char *from, struct guest_kernel *ret,
			 struct error *err)
{
	struct guest_kernel kernel = { 0 };
	struct boot_kernel found;
	int code = boot_kernel_find(cache, &found, err);

	if (code < 0)
		return code;
	kernel.modules = modules_of(found.modules_dir, found.release);
	kernel.release = found.release;
	kernel.image = found.image;
	kernel.from = strdup(from);
	found.release = found.image = NULL;
	boot_kernel_done(&found);
	return kernel_verdict(&kernel, ret, err);
}

/* The newest kernel of this machine that has its modules. */
static char *release_of_boot(void)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(BOOT);
	struct dirent *entry;
	char *best = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *release = entry->d_name + strlen(IMAGE_PREFIX);
		CLEANUP_FREE char *modules = NULL;

		if (strncmp(entry->d_name, IMAGE_PREFIX, strlen(IMAGE_PREFIX)) != 0 ||
		    strverscmp(release, OLDEST_RELEASE) < 0 ||
		    (best != NULL && strverscmp(release, best) <= 0))
			continue;
		modules = modules_of("", release);
		if (modules == NULL)
			continue;
		free(best);
		best = strdup(release);
	}
	return best;
}

static int kernel_of_boot(struct guest_kernel *ret, struct error *err)
{
	struct guest_kernel kernel = { .release = release_of_boot() };

	if (kernel.release == NULL)
		return error_set(err, -ENOENT, BOOT " has no kernel with modules");
	if (asprintf(&kernel.image, BOOT "/" IMAGE_PREFIX "%s", kernel.release) < 0)
		kernel.image = NULL;
	/* Only root may read it on some machines. */
	if (kernel.image != NULL && access(kernel.image, R_OK) != 0) {
		int code = error_errno(err, -errno, "%s", kernel.image);

		guest_kernel_done(&kernel);
		return code;
	}
	kernel.modules = modules_of("", kernel.release);
	kernel.from = strdup(BOOT);
	return kernel_verdict(&kernel, ret, err);
}

static int kernel_fetched(const char *cache, int cancel_fd, struct guest_kernel *ret,
			  struct error *err)
{
	CLEANUP_FREE char *release = NULL;
	int code = boot_kernel_offered(cancel_fd, &release, err);

	if (code == 0)
		code = boot_kernel_fetch(cache, release, cancel_fd, err);
	return code < 0 ? code : kernel_cached(cache, "fetched", ret, err);
}

int guest_kernel_find(const char *image, const char *modules_dir, bool fetch, int cancel_fd,
		      struct guest_kernel *ret, struct error *err)
{
	CLEANUP_FREE char *cache = boot_kernel_cache();

	if (image != NULL)
		return kernel_given(image, modules_dir, ret, err);
	if (cache == NULL)
		return error_errno(err, -ENOMEM, "no room for a kernel");
	if (kernel_cached(cache, "cache", ret, NULL) == 0 || kernel_of_boot(ret, NULL) == 0)
		return 0;
	if (fetch)
		return kernel_fetched(cache, cancel_fd, ret, err);
	return error_set(err, -ENOENT, "no kernel for guests: neither %s nor " BOOT
			 " has one; let one be fetched, or give a kernel", cache);
}

void guest_modules_done(struct guest_modules *modules)
{
	size_t i;

	for (i = 0; i < modules->count; i++)
		free(modules->paths[i]);
	free(modules->paths);
	*modules = (struct guest_modules){ 0 };
}

struct collecting {
	const struct guest_kernel *kernel;
	struct guest_modules *modules;
};

static int module_collect(struct cursor path, void *context)
{
	struct collecting *collecting = context;
	struct guest_modules *modules = collecting->modules;
	char *whole;
	size_t i;

	if (asprintf(&whole, "%s/%.*s", collecting->kernel->modules, (int)cursor_left(&path),
		     path.at) < 0)
		return -ENOMEM;
	for (i = 0; i < modules->count; i++)
		if (strcmp(modules->paths[i], whole) == 0) {
			free(whole);
			return 0;
		}
	if (!VEC_RESERVE(modules->paths, modules->capacity, modules->count + 1)) {
		free(whole);
		return -ENOMEM;
	}
	modules->paths[modules->count++] = whole;
	return 0;
}

static int index_read(struct root *root, const struct guest_kernel *kernel, const char *name,
		      char **ret_bytes, struct cursor *ret, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	ssize_t size;

	if (asprintf(&path, "%s/%s", kernel->modules, name) < 0)
		return error_errno(err, -ENOMEM, "%s", name);
	size = root_read_all(root, path, INDEX_MOST_BYTES, ret_bytes);
	if (size < 0)
		return error_errno(err, (int)size, "%s", path);
	*ret = cursor_over(*ret_bytes, (size_t)size);
	return 0;
}

/* What a module asks for by another way than its index tells: ext4 and jbd2 want checksums of
 * the crypto layer, by an alias that only a modprobe would resolve. */
static const struct companion {
	const char *name, *companion;
} companions[] = {
	{ "ext4", "crc32c_generic" },
};

static int companion_collect(const struct module_index *index, const char *name,
			     struct collecting *collecting)
{
	size_t i;
	int code = 0;

	for (i = 0; i < ARRAY_SIZE(companions); i++)
		if (strcmp(companions[i].name, name) == 0)
			code = module_walk(index, companions[i].companion, module_collect,
					   collecting);
	return code == -ENOENT ? 0 : code;
}

static int modules_collect(const struct module_index *index, const struct guest_kernel *kernel,
			   const char *const *names, struct guest_modules *modules,
			   struct error *err)
{
	struct collecting collecting = { kernel, modules };
	int code = 0;

	for (; code == 0 && *names != NULL; names++) {
		if (module_is_builtin(index, *names))
			continue;
		code = companion_collect(index, *names, &collecting);
		if (code == 0)
			code = module_walk(index, *names, module_collect, &collecting);
		if (code == -ENOENT)
			error_set(err, code, "the kernel %s has no module %s, which this guest "
				  "needs, neither built in nor in %s", kernel->release, *names,
				  kernel->modules);
		else if (code < 0)
			error_errno(err, code, "the modules of the kernel %s", kernel->release);
	}
	return code;
}

static int modules_find(struct root *root, const struct guest_kernel *kernel,
			const char *const *names, struct guest_modules *modules, struct error *err)
{
	CLEANUP_FREE char *dependencies = NULL;
	CLEANUP_FREE char *builtin = NULL;
	struct module_index index;
	int code = index_read(root, kernel, "modules.dep", &dependencies, &index.dependencies,
			      err);

	if (code == 0)
		code = index_read(root, kernel, "modules.builtin", &builtin, &index.builtin, err);
	return code < 0 ? code : modules_collect(&index, kernel, names, modules, err);
}

int guest_kernel_modules(const struct guest_kernel *kernel, const char *const *names,
			 struct guest_modules *ret, struct error *err)
{
	struct guest_modules modules = { 0 };
	struct root *root;
	int code;

	if (kernel->modules == NULL)
		return error_set(err, -ENOENT, "the kernel %s (%s) comes without modules, and "
				 "nobody can tell what it has built in: say where its lib/modules is",
				 kernel->release, kernel->image);
	root = root_live_new();
	code = root == NULL ? error_errno(err, -ENOMEM, "no room for modules") :
			      modules_find(root, kernel, names, &modules, err);
	root_free(root);
	if (code < 0)
		guest_modules_done(&modules);
	else
		*ret = modules;
	return code;
}
