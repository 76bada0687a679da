/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot takes as bytes, and the time to make and read them, on made-up hosts. */
#include "base/clock.h"
#include "base/str.h"
#include "model/snapshot_bytes.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_EVERY 900

struct bench {
	struct synthetic host;
	struct snapshot_encoder *encoder;
	struct snapshot_decoder *decoder;
	struct str bytes;
	uint64_t size, encode_nsec, decode_nsec;
};

static void bench_tick(struct bench *bench, unsigned tick)
{
	uint64_t begin = clock_thread_cpu_nsec(), middle;
	const struct snapshot *seen;

	str_clear(&bench->bytes);
	if (snapshot_encode(bench->encoder, &bench->host.snapshot, tick % KEY_EVERY == 0,
			    &bench->bytes) < 0)
		abort();
	middle = clock_thread_cpu_nsec();
	if (snapshot_decode(bench->decoder, bench->bytes.data, bench->bytes.length, &seen, NULL) < 0)
		abort();
	bench->encode_nsec += middle - begin;
	bench->decode_nsec += clock_thread_cpu_nsec() - middle;
	bench->size += bench->bytes.length;
	synthetic_tick(&bench->host);
}

static void bench_run(unsigned vms, unsigned ticks)
{
	struct bench bench = { .size = 0 };
	unsigned i;

	if (synthetic_init(&bench.host, 16, vms, 1) < 0)
		abort();
	bench.encoder = snapshot_encoder_new();
	bench.decoder = snapshot_decoder_new();
	for (i = 0; i < ticks; i++)
		bench_tick(&bench, i);
	printf("%6u VMs %7llu bytes %7.1f MB a day %7llu usec to encode %7llu usec to decode\n", vms,
	       (unsigned long long)(bench.size / ticks), (double)bench.size / ticks * 86400 / 1e6,
	       (unsigned long long)(bench.encode_nsec / ticks / 1000),
	       (unsigned long long)(bench.decode_nsec / ticks / 1000));
	synthetic_done(&bench.host);
	snapshot_encoder_free(bench.encoder);
	snapshot_decoder_free(bench.decoder);
	str_done(&bench.bytes);
}

int main(void)
{
	bench_run(1, 1800);
	bench_run(100, 1800);
	bench_run(500, 900);
	bench_run(10000, 20);
	return 0;
}
