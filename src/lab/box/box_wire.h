/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames that box-init and the host exchange on one virtio port. A frame is four bytes of
 * payload size and four of kind, little-endian, then the payload. The host sends one JOB; the
 * box sends one HELLO, any number of STDOUT, STDERR, and at the end one EXIT or one FAILURE.
 * After HELLO the host sends single bytes, too: while a command runs the box answers with ALIVE.
 *
 * What comes out of the box is untrusted: a reader holds at most one frame of BOX_FRAME_MAX,
 * refuses whatever is larger, unknown or out of order, and stays refused.
 */
#ifndef LAB_BOX_WIRE_H
#define LAB_BOX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOX_PORT_NAME "truce.box"
#define BOX_WIRE_VERSION 2
#define BOX_FRAME_HEADER 8
/* The host writes a job before anybody reads, so it must fit a socket's send buffer. */
#define BOX_FRAME_MAX 65536

enum box_frame_kind {
	BOX_FRAME_JOB = 1,
	BOX_FRAME_HELLO,   /* four bytes: the version */
	BOX_FRAME_STDOUT,
	BOX_FRAME_STDERR,
	BOX_FRAME_FAILURE, /* a sentence, without a newline */
	BOX_FRAME_EXIT,    /* four bytes: exit code, or 128 + signal */
	BOX_FRAME_ALIVE,   /* nothing: the answer to what the host asked since the last one */
};

struct box_frame {
	enum box_frame_kind kind;
	const unsigned char *payload;
	size_t size;
};

struct box_reader {
	unsigned char bytes[BOX_FRAME_HEADER + BOX_FRAME_MAX];
	size_t start; /* of the frame that is not handed out yet */
	size_t filled;
	bool greeted, ended, refused;
};

void box_frame_put_header(unsigned char header[BOX_FRAME_HEADER], enum box_frame_kind kind,
			  size_t size);

/* A number of four bytes, as HELLO and EXIT carry; false where the frame has another size. */
bool box_frame_number(const struct box_frame *frame, uint32_t *ret_number);
void box_number_put(unsigned char bytes[4], uint32_t number);

void box_reader_init(struct box_reader *reader);

/* Where to read into, and how much; tell how much came with box_reader_filled. Never full
 * after box_reader_next has said 0. */
unsigned char *box_reader_space(struct box_reader *reader, size_t *ret_size);
void box_reader_filled(struct box_reader *reader, size_t size);

/* 1 and the frame, valid until the next box_reader_space; 0 when more bytes are needed;
 * -EBADMSG for what a box never sends. */
int box_reader_next(struct box_reader *reader, struct box_frame *ret_frame);

#endif
