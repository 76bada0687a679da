/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab work: runs one workload on this machine, and says how much it did each second. */
#include "cmd/lab_work.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/interrupt.h"
#include "cmd/lab.h"
#include "cmd/verb.h"
#include "work/workload.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define INTERVAL_NSEC (100 * NSEC_PER_MSEC)
#define SECOND_INTERVALS 10u

struct lab_work_settings {
	uint64_t for_usec;
	const char *unixbench;
	bool json, parameters;
};

/* Not given: what ends by itself is left to do so, the others end after five seconds. */
#define FOR_PRESET UINT64_MAX
#define FOR_PRESET_NSEC (5 * NSEC_PER_SEC)

static const struct lab_work_settings defaults = { .for_usec = FOR_PRESET };

static const struct option_info options[] = {
	OPTION_DURATION(struct lab_work_settings, for_usec, 0, "for", "TIME",
			"end it after TIME (5s; programs run to their end); 0: at Ctrl-C"),
	OPTION_FLAG(struct lab_work_settings, parameters, 'p', "parameters",
		    "say what NAME does and takes, run nothing"),
	OPTION_TEXT(struct lab_work_settings, unixbench, 0, "unixbench", "DIR",
		    "run the real UnixBench that was built in DIR"),
	OPTION_JSON(struct lab_work_settings, json),
	OPTIONS_END,
};

static const char notes[] =
	"Without NAME it lists the workloads. Counts are read each 100 ms. Exit code 3: it ran, and\n"
	"some operations failed.";

static void append_quoted(struct str *line, const char *text)
{
	str_append_char(line, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			str_append_char(line, '\\');
		str_append_char(line, *text);
	}
	str_append_char(line, '"');
}

/* One line out of words that a shell has taken the quotes off. */
static void append_word(struct str *line, const char *word)
{
	size_t name = strcspn(word, "=");

	str_append_bytes(line, word, name);
	if (word[name] == '\0')
		return;
	str_append_char(line, '=');
	append_quoted(line, word + name + 1);
}

static void line_of(const struct lab_work_settings *settings, char **words, struct str *line)
{
	if (settings->unixbench != NULL) {
		str_append(line, "unixbench directory=");
		append_quoted(line, settings->unixbench);
	}
	for (; *words != NULL; words++) {
		if (line->length > 0)
			str_append_char(line, ' ');
		append_word(line, *words);
	}
}

static bool is_ended(enum work_state state)
{
	return state == WORK_DONE || state == WORK_FAILED;
}

/* Until something happens to it, the user interrupts, or this instant. */
static void wait_until(const struct work *work, uint64_t until_nsec)
{
	uint64_t now_nsec = clock_monotonic_nsec();
	uint64_t left_nsec = until_nsec > now_nsec ? until_nsec - now_nsec : 0;
	struct timespec left = { (time_t)(left_nsec / NSEC_PER_SEC), (long)(left_nsec % NSEC_PER_SEC) };
	struct pollfd fds[] = {
		{ work_fd(work), POLLIN, 0 },
		/* It stays readable, and is to end one wait only. */
		{ interrupt_signal() == 0 ? interrupt_fd() : -1, POLLIN, 0 },
	};

	ppoll(fds, 2, &left, NULL);
}

static int prepare(struct work *work, struct error *err)
{
	enum work_state state;
	int code = work_prepare(work, err);

	if (code < 0)
		return code;
	while ((state = work_poll(work)) == WORK_PREPARING && interrupt_signal() == 0)
		wait_until(work, clock_monotonic_nsec() + NSEC_PER_SEC);
	if (interrupt_signal() != 0)
		return -ECANCELED;
	if (state != WORK_READY)
		return error_set(err, -EIO, "%s", work_why(work));
	return 0;
}

static struct work_counts counts_less(const struct work_counts *from, const struct work_counts *less)
{
	return (struct work_counts){
		.operations = from->operations - less->operations,
		.bytes = from->bytes - less->bytes,
		.errors = from->errors - less->errors,
		.lost = from->lost - less->lost,
	};
}

/* What the worker's threads had until now; what it was when the worker is gone. */
static uint64_t cpu_nsec(const struct work_course *course, const struct work *work)
{
	struct timespec now;
	clockid_t clock;

	if (clock_getcpuclockid(work_pid(work), &clock) != 0 || clock_gettime(clock, &now) < 0)
		return course->cpu_nsec;
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static int take_interval(struct work_course *course, const struct work *work, uint64_t *at_nsec)
{
	uint64_t now_nsec = clock_monotonic_nsec();
	uint64_t now_cpu_nsec = cpu_nsec(course, work);
	struct work_counts counts;

	if (!VEC_RESERVE(course->intervals, course->capacity, course->count + 1))
		return -ENOMEM;
	work_read(work, &counts);
	course->intervals[course->count++] = (struct work_interval){
		.length_nsec = now_nsec - *at_nsec,
		.cpu_nsec = now_cpu_nsec - course->cpu_nsec,
		.counts = counts_less(&counts, &course->counts),
	};
	course->counts = counts;
	course->cpu_nsec = now_cpu_nsec;
	*at_nsec = now_nsec;
	return 0;
}

static void tell_second(const struct work_course *course)
{
	struct str str;

	str_init(&str);
	work_course_append_second(course, course->count - SECOND_INTERVALS, &str);
	if (str.data != NULL)
		fputs(str.data, stdout);
	fflush(stdout);
	str_done(&str);
}

/* UINT64_MAX: not by us. */
static uint64_t end_nsec_of(const struct lab_work_settings *settings, const struct workload *kind,
			    uint64_t begin_nsec)
{
	if (settings->for_usec == FOR_PRESET)
		return kind->ends ? UINT64_MAX : begin_nsec + FOR_PRESET_NSEC;
	if (settings->for_usec == 0 || settings->for_usec > UINT64_MAX / 2 / NSEC_PER_USEC)
		return UINT64_MAX;
	return begin_nsec + settings->for_usec * NSEC_PER_USEC;
}

/* Whole intervals only, from the first operation on. */
static int follow(struct work *work, struct work_course *course,
		  const struct lab_work_settings *settings)
{
	uint64_t begin_nsec, at_nsec, next_nsec, end_nsec;
	int code = 0;

	while (work_began_nsec(work) == 0 && !is_ended(work_poll(work)))
		wait_until(work, clock_monotonic_nsec() + NSEC_PER_MSEC);
	begin_nsec = at_nsec = clock_monotonic_nsec();
	work_read(work, &course->counts);
	course->cpu_nsec = cpu_nsec(course, work);
	next_nsec = at_nsec + INTERVAL_NSEC;
	end_nsec = end_nsec_of(settings, course->kind, begin_nsec);
	while (code == 0 && !is_ended(work_poll(work)) && interrupt_signal() == 0 &&
	       at_nsec < end_nsec - INTERVAL_NSEC / 2 && work_ended_nsec(work) == 0) {
		wait_until(work, next_nsec);
		if (clock_monotonic_nsec() < next_nsec || work_ended_nsec(work) != 0)
			continue;
		code = take_interval(course, work, &at_nsec);
		/* One that was missed is not made up for: the next stays on the beat. */
		while (next_nsec <= at_nsec)
			next_nsec += INTERVAL_NSEC;
		if (!settings->json && course->count % SECOND_INTERVALS == 0)
			tell_second(course);
	}
	return code;
}

static int end(struct work *work, struct work_course *course, struct error *err)
{
	enum work_state state;

	work_stop(work);
	while (!is_ended(state = work_poll(work)))
		wait_until(work, clock_monotonic_nsec() + NSEC_PER_SEC / 10);
	if (state == WORK_FAILED)
		return error_set(err, -EIO, "%s", work_why(work));
	work_read(work, &course->counts);
	work_read_latency(work, &course->latency);
	course->results = work_results(work, &course->result_count);
	course->length_nsec = work_ended_nsec(work) - work_began_nsec(work);
	return 0;
}

static int print_course(const struct verb *verb, const struct work_course *course, bool json)
{
	struct str str;
	int code;

	str_init(&str);
	if (json)
		work_course_append_json(course, &str);
	else
		work_course_append_text(course, &str);
	code = verb_print(verb, &str);
	str_done(&str);
	return code == VERB_FINE && course->counts.errors > 0 ? VERB_PARTLY : code;
}

/* As if the signal had not been caught: a shell then stops its loop, too. */
static int end_interrupted(void)
{
	signal(interrupt_signal(), SIG_DFL);
	raise(interrupt_signal());
	return VERB_FAILED;
}

static int run_line(const struct verb *verb, const struct lab_work_settings *settings,
		    const char *line)
{
	struct work_course course = { .line = line };
	struct error err = { 0 };
	struct work *work = NULL;
	int code, result;

	code = work_new(line, &work, &err);
	if (code < 0)
		return verb_misuse(verb, "%s", err.text);
	course.kind = work_kind(work);
	interrupt_catch();
	code = prepare(work, &err);
	if (code == 0)
		code = work_start(work, 0);
	if (code == 0)
		code = follow(work, &course, settings);
	if (code == 0)
		code = end(work, &course, &err);
	if (code == 0)
		result = print_course(verb, &course, settings->json);
	else
		result = code == -ECANCELED ? VERB_FAILED : verb_fail(verb, &err);
	work_free(work);
	free(course.intervals);
	/* What was counted until then has been printed. */
	return interrupt_signal() != 0 ? end_interrupted() : result;
}

static int print_list(const struct verb *verb, const struct lab_work_settings *settings)
{
	struct str str;
	int code;

	str_init(&str);
	if (settings->json)
		work_list_append_json(&str);
	else
		work_list_append_text(&str);
	code = verb_print(verb, &str);
	str_done(&str);
	return code;
}

static int print_parameters(const struct verb *verb, const char *name)
{
	const struct workload *kind = workload_find(name);
	struct error err = { 0 };
	struct str str;
	int code;

	if (kind == NULL) {
		workload_refuse(name, &err);
		return verb_misuse(verb, "%s", err.text);
	}
	str_init(&str);
	work_describe_append_text(kind, &str);
	code = verb_print(verb, &str);
	str_done(&str);
	return code;
}

static int lab_work_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct lab_work_settings *settings = pointer;
	struct str line;
	int code;

	if (operands[0] == NULL && settings->unixbench == NULL)
		return print_list(verb, settings);
	if (settings->parameters && operands[0] != NULL)
		return print_parameters(verb, operands[0]);
	str_init(&line);
	line_of(settings, operands, &line);
	if (line.failed) {
		struct error err = { 0 };

		error_errno(&err, -ENOMEM, "a workload");
		code = verb_fail(verb, &err);
	} else {
		code = run_line(verb, settings, line.data);
	}
	str_done(&line);
	return code;
}

const struct verb lab_work_verb = {
	.name = "lab work",
	.operands = "[NAME [PARAMETER=VALUE...]]",
	.least_operands = 0,
	.most_operands = OPERANDS_ANY,
	.summary = "run a workload on this machine and count what it does",
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct lab_work_settings),
	.defaults = &defaults,
	.run = lab_work_run,
};

int lab_work_call(char **arguments)
{
	return verb_call(&lab_work_verb, arguments);
}
