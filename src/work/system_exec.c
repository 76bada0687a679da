/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes a program that ends at once. A small guest has no programs, so the preset is one made
 * here: the header of an executable file and three instructions, in memory.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/spawn.h"

#include "base/error.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 7 /* of the program made here */
#define ADDRESS 0x400000u

struct exec_settings {
	struct common_settings common;
	const char *program;
};

struct executed {
	int fd;
	int status; /* that it ends with */
};

/* exit(7) */
#if defined(__x86_64__)
static const unsigned char instructions[] = {
	0xbf, STATUS, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05,
};
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
static const unsigned char instructions[] = {
	0xe0, 0x00, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4,
};
#define MACHINE EM_AARCH64
#else
static const unsigned char instructions[] = { 0 };
#define MACHINE EM_NONE
#endif

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	unsigned char instructions[sizeof instructions];
};

static void program_make(struct program *program)
{
	*program = (struct program){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = MACHINE,
			.e_version = EV_CURRENT,
			.e_entry = ADDRESS + offsetof(struct program, instructions),
			.e_phoff = offsetof(struct program, segment),
			.e_ehsize = sizeof program->header,
			.e_phentsize = sizeof program->segment,
			.e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = ADDRESS,
			.p_paddr = ADDRESS,
			.p_filesz = sizeof *program,
			.p_memsz = sizeof *program,
			.p_align = 4096,
		},
	};
	memcpy(program->instructions, instructions, sizeof instructions);
}

static int make_own(struct executed *executed, struct error *err)
{
	struct program program;

	if (MACHINE == EM_NONE)
		return error_set(err, -ENOTSUP, "on this machine it needs program=...");
	program_make(&program);
	executed->status = STATUS;
	executed->fd = memfd_create("truce-exec", MFD_CLOEXEC);
	if (executed->fd < 0 || write(executed->fd, &program, sizeof program) != sizeof program)
		return error_errno(err, -errno, "a program in memory");
	return 0;
}

static int exec_prepare(struct job *job, struct error *err)
{
	const struct exec_settings *settings = job->settings;
	struct executed *executed = calloc(1, sizeof *executed);

	job->own = executed;
	if (executed == NULL)
		return error_errno(err, -ENOMEM, "memory");
	if (*settings->program == '\0')
		return make_own(executed, err);
	executed->fd = open(settings->program, O_PATH | O_CLOEXEC);
	if (executed->fd < 0)
		return error_errno(err, -errno, "%s", settings->program);
	return 0;
}

static int exec_one(struct lane *lane, const struct executed *executed)
{
	static char *const arguments[] = { (char *)"truce-exec", NULL };
	static char *const environment[] = { NULL };
	int status, code;
	/* A child that borrows our memory until it executes: nothing of it is copied. */
	pid_t pid = vfork();

	if (pid == 0) {
		fexecve(executed->fd, arguments, environment);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	code = spawn_wait(lane, pid, &status);
	if (code < 0)
		return code;
	return WIFEXITED(status) && WEXITSTATUS(status) == executed->status ? 0 : -EBADMSG;
}

static int exec_run(struct lane *lane, struct error *err)
{
	const struct executed *executed = lane->job->own;

	while (lane_goes_on(lane)) {
		uint64_t begin_nsec = lane_now_nsec();
		int code = exec_one(lane, executed);

		if (code == 0) {
			lane_time(lane, lane_now_nsec() - begin_nsec);
			lane_count(lane, 1, 0);
		} else if (code != -EINTR) {
			lane_error(lane);
		}
	}
	return 0;
}

static const struct workload_actions actions = {
	.prepare = exec_prepare,
	.run = exec_run,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct exec_settings, program, "program", "",
			 "a file that ends with 0; empty: one made for this, in memory"),
	PARAMETERS_END,
};

const struct workload system_exec_workload = {
	.name = "system-exec",
	.summary = "executes a program that ends at once",
	.operation = "one program executed, ended and waited for",
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct exec_settings),
	.actions = &actions,
};
