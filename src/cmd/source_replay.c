/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots out of a recording. */
#include "base/error.h"
#include "cmd/source_make.h"
#include "record/record.h"

#include <errno.h>
#include <stdlib.h>

struct source_replay {
	struct source source;
	struct record_reader *reader;
	bool damage_told;
};

static int replay_next(struct source *source, const struct snapshot **ret, struct error *err)
{
	return record_next(((struct source_replay *)source)->reader, ret, err);
}

static int replay_seek(struct source *source, uint64_t realtime_usec, struct error *err)
{
	return record_seek(((struct source_replay *)source)->reader, realtime_usec, err);
}

static bool replay_span(const struct source *source, uint64_t *ret_first, uint64_t *ret_last)
{
	return record_reader_span(((const struct source_replay *)source)->reader, ret_first, ret_last);
}

/* The damage grows while more is read; it is told once, when the verb asks. */
static const char *replay_warning(struct source *source)
{
	struct source_replay *replay = (struct source_replay *)source;
	const char *damage = record_reader_damage(replay->reader);

	if (damage == NULL || replay->damage_told)
		return NULL;
	replay->damage_told = true;
	return damage;
}

static void replay_close(struct source *source)
{
	record_reader_free(((struct source_replay *)source)->reader);
	free(source);
}

static const struct source_ops replay_ops = {
	.next = replay_next,
	.next_events = replay_next,
	.take = replay_next,
	.wait = source_sleep,
	.seek = replay_seek,
	.span = replay_span,
	.warning = replay_warning,
	.close = replay_close,
};

int source_replay_open(const struct source_spec *spec, struct source **ret, struct error *err)
{
	struct source_replay *replay = calloc(1, sizeof *replay);

	if (replay == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	replay->source.ops = &replay_ops;
	replay->reader = record_reader_new(spec->replay, err);
	if (replay->reader == NULL) {
		free(replay);
		return -EINVAL;
	}
	*ret = &replay->source;
	return 0;
}
