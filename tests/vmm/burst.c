/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "burst.h"

#include <inttypes.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "event_log.h"

#define ROUNDS_ADDRESS 0x2000u
#define ROUNDS_FIRST 200u
#define MEASUREMENTS 12u

size_t burst_code(unsigned char *code)
{
	static const unsigned char bytes[] = {
		0xe6, 0x10,                   /* out al, 0x10: it has started */
		0xe6, BURST_PORT,             /* out al, 0x11: may I? */
		0x66, 0x8b, 0x0e, 0x00, 0x20, /* mov ecx, [0x2000] */
		0x66, 0x49,                   /* dec ecx */
		0x75, 0xfc,                   /* jnz to the dec */
		0xeb, 0xf3,                   /* jmp to the second out */
	};

	memcpy(code, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static uint64_t thread_cpu_nsec(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void put_rounds(struct burst *burst, unsigned char *memory)
{
	memcpy(memory + ROUNDS_ADDRESS, &burst->rounds, sizeof(burst->rounds));
}

void burst_init(struct burst *burst, uint64_t busy_nsec, uint64_t period_nsec,
		unsigned char *memory)
{
	*burst = (struct burst){ .busy_nsec = busy_nsec, .period_nsec = period_nsec,
				 .rounds = ROUNDS_FIRST };
	put_rounds(burst, memory);
}

/* Takes how long the last rounds took; the next are meant to take the right time. */
static void measure(struct burst *burst, uint64_t cpu_nsec)
{
	double rounds = (double)burst->rounds * (double)burst->busy_nsec / ((double)cpu_nsec + 1);

	if (burst->measured > 0)
		burst->rounds = rounds < 1 ? 1 : rounds > 4e9 ? 4000000000u : (uint32_t)rounds;
	burst->measured++;
}

static void sleep_until(uint64_t monotonic_nsec_due)
{
	struct timespec until = { .tv_sec = (time_t)(monotonic_nsec_due / 1000000000u),
				  .tv_nsec = (long)(monotonic_nsec_due % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		;
}

void burst_next(struct burst *burst, unsigned char *memory, int log_fd)
{
	uint64_t now = monotonic_nsec(), cpu = thread_cpu_nsec();

	if (burst->measured == 0)
		prctl(PR_SET_TIMERSLACK, 1);
	if (burst->measured <= MEASUREMENTS) {
		measure(burst, cpu - burst->cpu_nsec);
		burst->due_nsec = now;
	} else {
		event_log_line(log_fd, "burst %d %" PRIu64 " %" PRIu64 " %" PRIu64, getpid(),
			       burst->due_nsec, now - burst->due_nsec, cpu - burst->cpu_nsec);
	}
	while (burst->due_nsec <= now)
		burst->due_nsec += burst->period_nsec;
	put_rounds(burst, memory);
	sleep_until(burst->due_nsec);
	burst->cpu_nsec = thread_cpu_nsec();
}
