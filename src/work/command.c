/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any program, run by the shell. What it prints is read as it comes, so that a program that says
 * now and then how far it is (fio --status-interval=100ms) is counted as it goes; others are
 * counted at their end. It ends by itself, or by SIGTERM when the workload shall end.
 */
#include "work/kinds.h"
#include "work/command_rule.h"
#include "work/command_said.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/spawn.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define PIECE_BYTES (64u << 10)
#define PATIENCE_NSEC 20000000000ull /* after SIGTERM */
#define WAIT_MSEC 100

enum command_read { READ_NOTHING, READ_FIO, READ_IPERF3, READ_RULE };
static const char *const reads[] = { "nothing", "fio", "iperf3", "rule", NULL };

struct command_settings {
	struct common_settings common;
	const char *run, *rule;
	uint64_t read;
};

struct unixbench_settings {
	struct common_settings common;
	const char *directory;
	uint64_t copies;
};

struct command {
	const char *text; /* for the shell */
	enum command_read read;
	struct command_rules rules;
	struct command_said said;
	struct work_counts told; /* of what it said, already counted */
	struct str output;	 /* not yet read */
	char last_line[200];	 /* of what it wrote to stderr */
	size_t last_size;
	bool last_ended;
	int output_fd, error_fd;
	pid_t pid;
	uint64_t ended_nsec; /* when it was asked to end; 0: not yet */
	char *own_text;
};

static int command_check(const void *pointer, struct error *err)
{
	const struct command_settings *settings = pointer;
	struct command_rules rules;
	int code;

	if ((settings->read == READ_RULE) != (*settings->rule != '\0'))
		return error_set(err, -EINVAL, "read=rule goes with rule=..., and the other way round");
	code = command_rules_init(&rules, settings->rule, err);
	if (code == 0)
		command_rules_done(&rules);
	return code;
}

static int command_new(struct job *job, enum command_read read, const char *rule, struct error *err)
{
	struct command *command = calloc(1, sizeof *command);
	int code = spawn_check_shell(err);

	if (command == NULL)
		return error_errno(err, -ENOMEM, "memory");
	job->own = command;
	if (code < 0)
		return code;
	str_init(&command->output);
	command->read = read;
	return command_rules_init(&command->rules, rule, err);
}

static int command_prepare(struct job *job, struct error *err)
{
	const struct command_settings *settings = job->settings;
	int code = command_new(job, settings->read, settings->rule, err);

	if (code == 0)
		((struct command *)job->own)->text = settings->run;
	return code;
}

static void count_more(_Atomic uint64_t *count, uint64_t *told, uint64_t said)
{
	/* A count that goes back is not believed; nor are the next ones, until they are beyond. */
	if (said <= *told)
		return;
	lane_add(count, said - *told);
	*told = said;
}

static void tell_counts(struct lane *lane, struct command *command)
{
	const struct work_counts *said = &command->said.counts;

	count_more(&lane->counts->bytes, &command->told.bytes, said->bytes);
	count_more(&lane->counts->operations, &command->told.operations, said->operations);
	count_more(&lane->counts->errors, &command->told.errors, said->errors);
	count_more(&lane->counts->lost, &command->told.lost, said->lost);
}

static void output_drop(struct command *command, size_t size)
{
	memmove(command->output.data, command->output.data + size, command->output.length - size);
	str_resize(&command->output, command->output.length - size);
}

static void take_lines(struct command *command, bool at_end)
{
	const char *begin = command->output.data, *end = begin + command->output.length;
	const char *newline;

	while (begin < end) {
		newline = memchr(begin, '\n', (size_t)(end - begin));
		if (newline == NULL && !at_end && (size_t)(end - begin) < PIECE_BYTES)
			break;
		if (newline == NULL)
			newline = end;
		command_rules_take(&command->rules, begin, (size_t)(newline - begin), &command->said);
		begin = newline < end ? newline + 1 : end;
	}
	output_drop(command, (size_t)(begin - command->output.data));
}

static int take_objects(struct command *command, struct error *err)
{
	size_t begin, end;
	int code = 0;

	while (code == 0 && command->output.length > 0 &&
	       (end = said_object_end(command->output.data, command->output.length, &begin)) > 0) {
		const char *object = command->output.data + begin;

		code = command->read == READ_FIO ?
			       said_take_fio(&command->said, object, end - begin, err) :
			       said_take_iperf3(&command->said, object, end - begin, err);
		output_drop(command, end);
	}
	return code;
}

static int take_output(struct command *command, bool at_end, struct error *err)
{
	if (command->output.failed)
		return error_errno(err, -ENOMEM, "what it printed");
	if (command->output.length > SAID_BYTES_MOST)
		return error_set(err, -EFBIG, "it printed more than %u MB without an end",
				 SAID_BYTES_MOST >> 20);
	if (command->output.length == 0)
		return 0;
	if (command->read == READ_RULE)
		take_lines(command, at_end);
	else if (command->read == READ_NOTHING)
		str_clear(&command->output);
	else
		return take_objects(command, err);
	return 0;
}

/* A new line begins where one has ended and something follows. */
static void keep_last_line(struct command *command, const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] == '\n') {
			command->last_ended = true;
			continue;
		}
		if (command->last_ended)
			command->last_size = 0;
		command->last_ended = false;
		if (command->last_size < sizeof command->last_line - 1)
			command->last_line[command->last_size++] = bytes[i];
	}
	command->last_line[command->last_size] = '\0';
}

/* False at its end. */
static bool read_some(struct command *command, int *fd, bool is_output)
{
	static char piece[PIECE_BYTES]; /* there is one lane */
	ssize_t size = read(*fd, piece, sizeof piece);

	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (size <= 0) {
		close(*fd);
		*fd = -1;
		return false;
	}
	if (is_output)
		str_append_bytes(&command->output, piece, (size_t)size);
	else
		keep_last_line(command, piece, (size_t)size);
	return true;
}

static int command_start(struct command *command, struct error *err)
{
	int output[2], error[2], code;

	if (pipe2(output, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "a pipe");
	if (pipe2(error, O_CLOEXEC) < 0) {
		code = -errno;
		close(output[0]);
		close(output[1]);
		return error_errno(err, code, "a pipe");
	}
	code = spawn_shell(command->text, output[1], error[1], &command->pid);
	close(output[1]);
	close(error[1]);
	command->output_fd = output[0];
	command->error_fd = error[0];
	return code < 0 ? error_errno(err, code, "a process") : 0;
}

static void on_terminate(int signal_number)
{
}

/* All of the group, which is the worker's: what the shell started is to end as well. */
static void ask_to_end(const struct lane *lane, struct command *command)
{
	struct sigaction kept = { .sa_handler = on_terminate };

	if (lane_goes_on(lane))
		return;
	if (command->ended_nsec == 0) {
		command->ended_nsec = lane_now_nsec();
		/* With a handler, not ignored: that would be inherited. */
		sigaction(SIGTERM, &kept, NULL);
		kill(0, SIGTERM);
	} else if (lane_now_nsec() - command->ended_nsec > PATIENCE_NSEC) {
		kill(command->pid, SIGKILL);
	}
}

/* Until both of its streams are at their end, or it is dead. */
static int follow(struct lane *lane, struct command *command, struct error *err)
{
	int code = 0;

	while (code == 0 && (command->output_fd >= 0 || command->error_fd >= 0)) {
		struct pollfd fds[] = {
			{ command->output_fd, POLLIN, 0 },
			{ command->error_fd, POLLIN, 0 },
		};

		ask_to_end(lane, command);
		if (poll(fds, 2, WAIT_MSEC) < 0)
			continue;
		if (fds[0].revents != 0 && !read_some(command, &command->output_fd, true))
			code = take_output(command, true, err);
		else if (fds[0].revents != 0)
			code = take_output(command, false, err);
		if (fds[1].revents != 0)
			read_some(command, &command->error_fd, false);
		tell_counts(lane, command);
	}
	return code;
}

static int tell_status(const struct command *command, int status, struct error *err)
{
	/* Ended because it was asked to: what it said until then counts. */
	if (command->ended_nsec != 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, -EIO, "it was killed by signal %d", WTERMSIG(status));
	if (command->said.failure[0] != '\0')
		return error_set(err, -EIO, "it says: %s", command->said.failure);
	if (WEXITSTATUS(status) != 0)
		return error_set(err, -EIO, "it ended with %d%s%s", WEXITSTATUS(status),
				 command->last_size > 0 ? ": " : "", command->last_line);
	return 0;
}

static int command_run(struct lane *lane, struct error *err)
{
	struct command *command = lane->job->own;
	int status = 0, code = command_start(command, err);

	if (code < 0)
		return code;
	code = follow(lane, command, err);
	if (code < 0)
		kill(command->pid, SIGKILL);
	while (waitpid(command->pid, &status, 0) < 0 && errno == EINTR)
		;
	return code < 0 ? code : tell_status(command, status, err);
}

static int command_lane_finish(struct lane *lane, struct error *err)
{
	const struct command *command = lane->job->own;
	unsigned i;

	for (i = 0; i < command->said.result_count; i++)
		job_result(lane->job, command->said.results[i].name, command->said.results[i].value);
	if (command->said.has_latency)
		*lane->latency = command->said.latency;
	if (command->read == READ_NOTHING || command->told.operations > 0 ||
	    command->told.bytes > 0 || command->said.result_count > 0)
		return 0;
	if (command->ended_nsec != 0)
		return error_set(err, -ENODATA, "it was ended before it said anything that read=%s "
				 "reads: it needs more time", reads[command->read]);
	return error_set(err, -ENODATA, "it said nothing that read=%s reads", reads[command->read]);
}

static const struct workload_actions actions = {
	.check = command_check,
	.prepare = command_prepare,
	.run = command_run,
	.lane_finish = command_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct command_settings, run, "run", NULL, "the command, for the shell"),
	PARAMETER_ONE_OF(struct command_settings, read, "read", "nothing", reads,
			 "how its output is read: nothing, fio, iperf3 or rule"),
	PARAMETER_STRING(struct command_settings, rule, "rule", "",
			 "NAME=EXPRESSION;;NAME=EXPRESSION...: numbers from its lines"),
	PARAMETERS_END,
};

const struct workload command_workload = {
	.name = "command",
	.summary = "runs any command, and reads what it says it did",
	.operation = "what the command counts as one; of iperf3's streams, one block",
	.notes = "fio is read from --output-format=json (json+ for every latency), and as it goes with "
		 "--status-interval=100ms; iperf3 from --json or --json-stream. A rule takes the number "
		 "that its expression's first group matches in a line: operations, bytes, errors and "
		 "lost are counts, other names are results; +NAME adds up, NAME keeps the last.",
	.times = true,
	.one_thread = true,
	.ends = true,
	.parameters = parameters,
	.settings_size = sizeof(struct command_settings),
	.actions = &actions,
};

/* The real one, where the user has it: release 5.1 and later end their report with a table of
 * "TEST  BASELINE  RESULT  INDEX", and the score of all; that of some tests only says so, and is
 * another figure. Scores before that table have a unit behind their one number. */
#define UNIXBENCH_TEST(result, title) \
	"unixbench_" result "=^" title " +[0-9.]+ +[0-9.]+ +([0-9.]+)$;;"

static const char unixbench_rule[] =
	UNIXBENCH_TEST("dhrystone", "Dhrystone 2 using register variables")
	UNIXBENCH_TEST("whetstone", "Double-Precision Whetstone")
	UNIXBENCH_TEST("exec", "Execl Throughput")
	UNIXBENCH_TEST("copy_1024", "File Copy 1024 bufsize 2000 maxblocks")
	UNIXBENCH_TEST("copy_256", "File Copy 256 bufsize 500 maxblocks")
	UNIXBENCH_TEST("copy_4096", "File Copy 4096 bufsize 8000 maxblocks")
	UNIXBENCH_TEST("pipe", "Pipe Throughput")
	UNIXBENCH_TEST("switch", "Pipe-based Context Switching")
	UNIXBENCH_TEST("process", "Process Creation")
	UNIXBENCH_TEST("shell_1", "Shell Scripts \\(1 concurrent\\)")
	UNIXBENCH_TEST("shell_8", "Shell Scripts \\(8 concurrent\\)")
	UNIXBENCH_TEST("call", "System Call Overhead")
	"unixbench_index=^System Benchmarks Index Score +([0-9.]+)$;;"
	"unixbench_index_of_some_tests=^System Benchmarks Index Score \\(Partial Only\\) +([0-9.]+)$;;"
	"+operations=^System Benchmarks Index Score";

static bool is_quotable(const char *text)
{
	return strpbrk(text, "'\n") == NULL;
}

static int unixbench_check(const void *pointer, struct error *err)
{
	const struct unixbench_settings *settings = pointer;

	if (!is_quotable(settings->directory))
		return error_set(err, -EINVAL, "a directory with a quote in its name");
	return 0;
}

static int unixbench_prepare(struct job *job, struct error *err)
{
	const struct unixbench_settings *settings = job->settings;
	struct command *command;
	char path[PATH_MAX];
	int code;

	snprintf(path, sizeof path, "%s/Run", settings->directory);
	if (access(path, X_OK) < 0)
		return error_errno(err, -errno, "%s: no UnixBench", path);
	code = command_new(job, READ_RULE, unixbench_rule, err);
	if (code < 0)
		return code;
	command = job->own;
	if (asprintf(&command->own_text, "cd '%s' && exec ./Run -c %llu", settings->directory,
		     (unsigned long long)settings->copies) < 0)
		return error_errno(err, -ENOMEM, "memory");
	command->text = command->own_text;
	return 0;
}

static int unixbench_lane_finish(struct lane *lane, struct error *err)
{
	const struct command *command = lane->job->own;

	if (command->told.operations > 0)
		return command_lane_finish(lane, err);
	return error_set(err, -ENODATA, "%s", command->ended_nsec != 0 ?
			 "it was ended before it told an index" :
			 "it told no index: some releases have none of more than 16 copies");
}

static const struct workload_actions unixbench_actions = {
	.check = unixbench_check,
	.prepare = unixbench_prepare,
	.run = command_run,
	.lane_finish = unixbench_lane_finish,
};

static const struct parameter unixbench_parameters[] = {
	PARAMETER_STRING(struct unixbench_settings, directory, "directory", NULL, "where its Run is"),
	PARAMETER_NUMBER(struct unixbench_settings, copies, "copies", PARAMETER_COUNT, "1", 1, 1024,
			 "how many of each test side by side"),
	PARAMETERS_END,
};

const struct workload unixbench_workload = {
	.name = "unixbench",
	.summary = "runs the real UnixBench, where it has been built",
	.operation = "one pass over all tests",
	.notes = "Its index is the result unixbench_index, and that of each test one of its own; where "
		 "not all tests were run, unixbench_index_of_some_tests, which no other index can be "
		 "compared with. It takes about half an hour.",
	.one_thread = true,
	.ends = true,
	.parameters = unixbench_parameters,
	.settings_size = sizeof(struct unixbench_settings),
	.actions = &unixbench_actions,
};
