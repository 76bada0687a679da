/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/io_limit.h"

#include "base/cursor.h"

#include <errno.h>

static const char *const keys_v2[IO_LIMIT_KEY_COUNT] = { "rbps", "wbps", "riops", "wiops" };

static const char *const files_v1[IO_LIMIT_KEY_COUNT] = {
	"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
	"blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
};

const char *io_limit_key_v2(enum io_limit_key key)
{
	return keys_v2[key];
}

const char *io_limit_file_v1(enum io_limit_key key)
{
	return files_v1[key];
}

static bool take_device(struct cursor *c, struct io_device *ret)
{
	uint64_t major, minor;

	if (cursor_at_end(c) || *c->at < '0' || *c->at > '9' || !cursor_take_u64(c, &major) ||
	    !cursor_take_text(c, ":") || cursor_at_end(c) || *c->at < '0' || *c->at > '9' ||
	    !cursor_take_u64(c, &minor) || major > INT32_MAX || minor > INT32_MAX)
		return false;
	*ret = (struct io_device){ (unsigned)major, (unsigned)minor };
	return true;
}

int io_device_parse(const char *bytes, size_t size, struct io_device *ret, size_t *ret_size)
{
	struct cursor c = cursor_over(bytes, size);
	struct io_device device;

	if (!take_device(&c, &device) || (ret_size == NULL && !cursor_at_end(&c)))
		return -EINVAL;
	*ret = device;
	if (ret_size != NULL)
		*ret_size = (size_t)(c.at - bytes);
	return 0;
}

/* The cursor over what stands behind the device's number. */
static bool find_line(const char *bytes, size_t size, struct io_device device, struct cursor *ret)
{
	struct cursor all = cursor_over(bytes, size);
	struct io_device found;

	while (cursor_take_line(&all, ret))
		if (take_device(ret, &found) && found.major == device.major &&
		    found.minor == device.minor && !cursor_at_end(ret) && *ret->at == ' ')
			return true;
	return false;
}

static int64_t limit_of(const char *at, size_t size)
{
	int64_t number;

	/* What cannot be read is not taken for a limit. */
	return field_parse_number(at, size, &number) == 0 && number >= 0 ? number : FIELD_UNLIMITED;
}

int64_t io_max_find(const char *bytes, size_t size, struct io_device device, enum io_limit_key key)
{
	size_t length = strlen(keys_v2[key]);
	struct cursor line;
	const char *word;
	size_t word_size;

	if (!find_line(bytes, size, device, &line))
		return FIELD_UNLIMITED;
	while (cursor_take_word(&line, &word, &word_size))
		if (word_size > length && memcmp(word, keys_v2[key], length) == 0 &&
		    word[length] == '=')
			return limit_of(word + length + 1, word_size - length - 1);
	return FIELD_UNLIMITED;
}

int64_t io_throttle_find(const char *bytes, size_t size, struct io_device device)
{
	struct cursor line;
	const char *word;
	size_t word_size;
	int64_t limit = FIELD_UNLIMITED;

	if (find_line(bytes, size, device, &line) && cursor_take_word(&line, &word, &word_size))
		limit = limit_of(word, word_size);
	return limit != 0 ? limit : FIELD_UNLIMITED;
}
