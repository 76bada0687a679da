/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/build.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "decide/peacemaker_host.h"
#include "decide/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

enum { BUILD_WORDS_MAX = 48, BUILD_SAID_MAX = 1 << 20 };

struct build {
	char header_place[PATH_MAX], library_place[PATH_MAX];
	char include[PATH_MAX + 8], library[PATH_MAX + 8];
	char compiler[512]; /* the words of $CC, cut apart in here */
	char *words[BUILD_WORDS_MAX];
	size_t count;
};

static void build_word(struct build *build, const char *word)
{
	if (build->count + 1 < BUILD_WORDS_MAX)
		build->words[build->count++] = (char *)word;
}

static bool has_file(const char *directory, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path &&
	       access(path, R_OK) == 0;
}

/* Beside the running program as in the build tree, else where they are installed. */
static bool build_find(char *ret, size_t size, const char *name, const char *installed)
{
	char own[PATH_MAX];

	if (place_own_directory(own, sizeof own) &&
	    snprintf(ret, size, "%s/../decide", own) < (int)size && has_file(ret, name))
		return true;
	snprintf(ret, size, "%s", installed);
	return has_file(ret, name);
}

static int build_places(struct build *build, struct error *err)
{
	if (!build_find(build->header_place, sizeof build->header_place, "peacemaker.h",
			TRUCE_INCLUDEDIR))
		return error_set(err, -ENOENT, "peacemaker.h is not in " TRUCE_INCLUDEDIR
				 ": is the part of Truce for writing policies installed?");
	if (!build_find(build->library_place, sizeof build->library_place, "libpeacemaker.so",
			TRUCE_LIBDIR))
		return error_set(err, -ENOENT, "libpeacemaker.so is not in " TRUCE_LIBDIR
				 ": is the part of Truce for writing policies installed?");
	snprintf(build->include, sizeof build->include, "-I%s", build->header_place);
	snprintf(build->library, sizeof build->library, "-L%s", build->library_place);
	return 0;
}

/* $CC may have arguments behind it, as make has them. */
static void build_compiler(struct build *build)
{
	const char *chosen = getenv("CC");
	char *word, *rest;

	snprintf(build->compiler, sizeof build->compiler, "%s",
		 chosen != NULL && *chosen != '\0' ? chosen : "cc");
	for (word = strtok_r(build->compiler, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest))
		build_word(build, word);
}

static void build_command(struct build *build, const char *source, const char *output)
{
	static const char *const options[] = {
		"-shared", "-fPIC", "-O2", "-g", "-Wall", "-fdiagnostics-color=never",
		/* The compiler says what was meant; the linker only that it is not there. */
		"-Werror=implicit-function-declaration",
		/* All symbols are bound at load: later there is no writing to tables of them. */
		"-Wl,-z,defs", "-Wl,--require-defined=" PEACEMAKER_RULE, "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack",
	};
	size_t i;

	build_compiler(build);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		build_word(build, options[i]);
	build_word(build, build->include);
	build_word(build, "-o");
	build_word(build, output);
	build_word(build, source);
	build_word(build, build->library);
	build_word(build, "-lpeacemaker");
	build->words[build->count] = NULL;
}

/* What the compiler says goes to a file in memory: it can be long, and nobody reads meanwhile. */
static int build_run(struct build *build, int said, int *ret_status, struct error *err)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return error_set(err, -ENOMEM, "no memory to start the compiler");
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
	r = posix_spawnp(&pid, build->words[0], &actions, NULL, build->words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r == ENOENT)
		return error_set(err, -ENOENT, "the C compiler %s is not installed (CC in the "
				 "environment names another)", build->words[0]);
	if (r != 0)
		return error_errno(err, -r, "cannot start the C compiler %s", build->words[0]);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, -errno, "cannot wait for the C compiler");
	return 0;
}

static void build_read_said(int said, struct str *ret)
{
	char bytes[4096];
	off_t at = 0;
	ssize_t got;

	while (at < BUILD_SAID_MAX && (got = pread(said, bytes, sizeof bytes, at)) > 0) {
		str_append_bytes(ret, bytes, (size_t)got);
		at += got;
	}
}

static bool line_has(struct cursor line, const char *text)
{
	return memmem(line.at, cursor_left(&line), text, strlen(text)) != NULL;
}

/* The first line that speaks of an error; the linker's speak of "undefined reference". */
static struct cursor first_error(const struct str *said)
{
	struct cursor all = cursor_over(said->data, said->length), line, found = { NULL, NULL };

	while (found.at == NULL && cursor_take_line(&all, &line))
		if (line_has(line, "error: ") || line_has(line, "undefined reference"))
			found = line;
	return found;
}

static int build_judge(int status, const char *source, const struct str *said, struct error *err)
{
	struct cursor line;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, -EINVAL, "%s: the C compiler was ended by signal %d", source,
				 WTERMSIG(status));
	if (memmem(said->data, said->length, "required symbol", strlen("required symbol")) != NULL)
		return error_set(err, -EINVAL, "%s: it has no %s: that is the function which a policy "
				 "begins with", source, PEACEMAKER_RULE);
	line = first_error(said);
	if (line.at == NULL)
		return error_set(err, -EINVAL, "%s: the C compiler ended with %d", source,
				 WEXITSTATUS(status));
	return error_set(err, -EINVAL, "%.*s", (int)cursor_left(&line), line.at);
}

static int build_into(const char *source, const char *fresh, struct str *said, struct error *err)
{
	CLEANUP_CLOSE int file = memfd_create("compiler", MFD_CLOEXEC);
	struct build build = { .count = 0 };
	int status, r;

	if (file < 0)
		return error_errno(err, -errno, "no room for what the compiler says");
	r = build_places(&build, err);
	if (r < 0)
		return r;
	build_command(&build, source, fresh);
	r = build_run(&build, file, &status, err);
	if (r < 0)
		return r;
	build_read_said(file, said);
	return said->failed ? -ENOMEM : build_judge(status, source, said, err);
}

/* foo.c -> foo.so */
static char *output_of(const char *source)
{
	size_t length = strlen(source);
	char *output;

	if (length > 2 && strcmp(source + length - 2, ".c") == 0)
		length -= 2;
	if (asprintf(&output, "%.*s.so", (int)length, source) < 0)
		return NULL;
	return output;
}

int policy_build(const char *source, const char *output, struct str *ret_said, struct error *err)
{
	CLEANUP_FREE char *beside = output != NULL ? strdup(output) : output_of(source);
	CLEANUP_FREE char *fresh = NULL;
	struct str said;
	int r;

	if (beside == NULL || asprintf(&fresh, "%s.%d.new", beside, (int)getpid()) < 0) {
		fresh = NULL;
		return error_set(err, -ENOMEM, "no memory");
	}
	if (access(source, R_OK) < 0)
		return error_errno(err, -errno, "%s: cannot be read", source);
	str_init(&said);
	r = build_into(source, fresh, &said, err);
	if (r == 0 && rename(fresh, beside) < 0)
		r = error_errno(err, -errno, "%s: cannot be written", beside);
	if (r < 0)
		unlink(fresh);
	if (ret_said != NULL && said.length > 0)
		str_append_bytes(ret_said, said.data, said.length);
	str_done(&said);
	return r;
}
