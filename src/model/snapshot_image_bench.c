/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What handing a snapshot to another process costs: the image, beside the serialised bytes. */
#include "base/clock.h"
#include "base/str.h"
#include "model/snapshot_bytes.h"
#include "model/snapshot_image.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { IMAGE_ROOM = 64 << 20, TICKS = 200 };

static unsigned bench_bytes(struct snapshot_encoder *encoder, struct snapshot_decoder *decoder,
			    const struct snapshot *snapshot, struct str *bytes)
{
	uint64_t begin = clock_thread_cpu_nsec();
	const struct snapshot *seen;

	str_clear(bytes);
	if (snapshot_encode(encoder, snapshot, false, bytes) < 0 ||
	    snapshot_decode(decoder, bytes->data, bytes->length, &seen, NULL) < 0)
		abort();
	return (unsigned)(clock_thread_cpu_nsec() - begin);
}

static unsigned bench_image(struct snapshot_image *image, const struct snapshot *snapshot)
{
	uint64_t begin = clock_thread_cpu_nsec();

	if (snapshot_image_write(image, snapshot) < 0)
		abort();
	return (unsigned)(clock_thread_cpu_nsec() - begin);
}

int main(void)
{
	char *memory = mmap(NULL, IMAGE_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	struct snapshot_encoder *encoder = snapshot_encoder_new();
	struct snapshot_decoder *decoder = snapshot_decoder_new();
	uint64_t bytes_nsec = 0, image_nsec = 0;
	struct snapshot_image images[2];
	struct synthetic host;
	struct str bytes;
	unsigned i;

	str_init(&bytes);
	if (memory == MAP_FAILED || synthetic_init(&host, 16, 500, 1) < 0)
		abort();
	for (i = 0; i < 2; i++)
		snapshot_image_init(&images[i], memory + i * (IMAGE_ROOM / 2), IMAGE_ROOM / 2,
				    0x600000000000);
	for (i = 0; i < TICKS; i++) {
		unsigned bytes_cost = bench_bytes(encoder, decoder, &host.snapshot, &bytes);
		unsigned image_cost = bench_image(&images[i % 2], &host.snapshot);

		if (i >= 2) { /* warm */
			bytes_nsec += bytes_cost;
			image_nsec += image_cost;
		}
		synthetic_tick(&host);
	}
	printf("500 VMs: bytes, encoded and decoded, %llu usec; image, written, %llu usec, %zu bytes\n",
	       (unsigned long long)(bytes_nsec / (TICKS - 2) / 1000),
	       (unsigned long long)(image_nsec / (TICKS - 2) / 1000), images[0].size);
	synthetic_done(&host);
	snapshot_encoder_free(encoder);
	snapshot_decoder_free(decoder);
	str_done(&bytes);
	return 0;
}
