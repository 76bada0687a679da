/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for libFuzzer where that is not linked: hands each file that the arguments name, or
 * that a named directory holds, to the fuzz target once. Fails when there was nothing to hand.
 */
#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_LIMIT (16 << 20)

static int replay_file(const char *path, unsigned *count)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "rb");
	CLEANUP_FREE uint8_t *bytes = NULL;
	CLEANUP_FREE uint8_t *exact = NULL;
	size_t size;

	if (file == NULL || (bytes = malloc(SEED_LIMIT)) == NULL)
		return -errno;
	size = fread(bytes, 1, SEED_LIMIT, file);
	if (ferror(file))
		return -EIO;
	/* Exactly as large as the seed, so that a sanitizer sees a byte read too far. */
	exact = malloc(size > 0 ? size : 1);
	if (exact == NULL)
		return -ENOMEM;
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	(*count)++;
	return 0;
}

static int replay_directory(const char *path, unsigned *count)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];
	int r = 0;

	if (dir == NULL)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		r = replay_file(name, count);
	}
	return r;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	int i;

	for (i = 1; i < argc; i++) {
		struct stat about;
		int r = stat(argv[i], &about) < 0 ? -errno :
			S_ISDIR(about.st_mode) ? replay_directory(argv[i], &count) :
						 replay_file(argv[i], &count);

		if (r < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
			return 1;
		}
	}
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
