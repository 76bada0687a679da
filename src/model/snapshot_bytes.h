/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot as bytes: the one serialisation, in recordings, pipes and sockets. A stream is a
 * row of frames. A key frame stands on its own and carries the names of all figures; any other
 * frame holds what changed since the frame before it. A stream is read by programs that know
 * more figures than its writer, or fewer: names are matched, what is not known is left out, and
 * what is missing is "not asked". The bytes are in doc/format/snapshot-bytes.md.
 */
#ifndef MODEL_SNAPSHOT_BYTES_H
#define MODEL_SNAPSHOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct snapshot;
struct snapshot_decoder;
struct snapshot_encoder;
struct str;

#define SNAPSHOT_BYTES_VERSION 1

/* NULL: no memory. */
struct snapshot_encoder *snapshot_encoder_new(void);
void snapshot_encoder_free(struct snapshot_encoder *encoder);
/*
 * Appends one frame to out: a key frame when asked for, and when there was none before. The
 * encoder remembers the snapshot; nothing is allocated while the shape stays. -EINVAL when the
 * snapshot is not sorted, -ENOMEM; after a failure out has what it had before, and the next
 * frame will be a key frame. A frame that could not be delivered must be followed by one, too.
 */
int snapshot_encode(struct snapshot_encoder *encoder, const struct snapshot *snapshot, bool key,
		    struct str *out);

struct snapshot_decoder *snapshot_decoder_new(void);
void snapshot_decoder_free(struct snapshot_decoder *decoder);
/*
 * Reads the next frame of the stream, from anybody: every count in it is checked, and what it
 * can make the decoder hold is bounded. The snapshot is the decoder's and changes with the next
 * call. -EBADMSG when the bytes are no frame or do not follow the one before, -EPROTONOSUPPORT
 * when a newer Truce wrote them, -ENOMEM. After a failure every frame is refused up to the next
 * key frame: no snapshot is ever half of one.
 */
int snapshot_decode(struct snapshot_decoder *decoder, const char *bytes, size_t size,
		    const struct snapshot **ret, struct error *err);
/* Whether these bytes begin a key frame. */
bool snapshot_bytes_is_key(const char *bytes, size_t size);

#endif
