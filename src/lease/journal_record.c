/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lease/journal_record.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum { CHECKSUM_DIGITS = 16 };

static const char hex_digits[] = "0123456789abcdef";

/* -- writing */

/* Words have no blanks in them: what is not printable ASCII, and "%", is %hh; nothing is "-". */
static void append_word(struct str *str, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	str_append_char(str, ' ');
	if (text == NULL || *text == '\0') {
		str_append_char(str, '-');
		return;
	}
	for (; *at != '\0'; at++) {
		bool only_a_dash = *at == '-' && text[1] == '\0';

		if (*at > ' ' && *at < 0x7f && *at != '%' && !only_a_dash) {
			str_append_char(str, (char)*at);
			continue;
		}
		str_append_char(str, '%');
		str_append_char(str, hex_digits[*at >> 4]);
		str_append_char(str, hex_digits[*at & 15]);
	}
}

/* Ends the line that began at `begin`. */
static void append_checksum(struct str *str, size_t begin)
{
	if (!str->failed)
		str_appendf(str, " %016llx\n", (unsigned long long)XXH64(str->data + begin,
									   str->length - begin, 0));
}

void journal_append_header(struct str *str, const struct journal_header *header)
{
	size_t begin = str->length;

	str_appendf(str, "truce-journal %u", header->version);
	append_word(str, header->boot_id);
	str_appendf(str, " %llu", (unsigned long long)header->next_id);
	append_checksum(str, begin);
}

void journal_append_record(struct str *str, const struct journal_record *record)
{
	size_t begin = str->length;

	str_appendf(str, "%s %llu", record->word == JOURNAL_TAKE ? "take" : "drop",
		    (unsigned long long)record->id);
	if (record->word == JOURNAL_TAKE) {
		str_appendf(str, " %d %llu %u %llu", (int)record->vm.pid,
			    (unsigned long long)record->vm.start_ticks, record->vm.ordinal,
			    (unsigned long long)record->realtime_usec);
		append_word(str, record->kind);
		append_word(str, record->target);
		append_word(str, record->was);
		append_word(str, record->now);
		append_word(str, record->note);
	}
	append_checksum(str, begin);
}

void journal_record_done(struct journal_record *record)
{
	free(record->kind);
	free(record->target);
	free(record->was);
	free(record->now);
	free(record->note);
	*record = (struct journal_record){ .id = 0 };
}

/* -- reading */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* A whole line with the right checksum; `ret` is what stands before the checksum. */
static int take_checked(struct cursor *c, struct cursor *ret)
{
	struct cursor line = *c;
	char wanted[CHECKSUM_DIGITS];
	uint64_t sum;
	int i;

	if (memchr(c->at, '\n', cursor_left(c)) == NULL)
		return -ENODATA;
	cursor_take_line(c, &line);
	if (cursor_left(&line) < CHECKSUM_DIGITS + 1 || cursor_left(&line) > JOURNAL_LINE_MOST ||
	    line.end[-CHECKSUM_DIGITS - 1] != ' ')
		return -EBADMSG;
	ret->at = line.at;
	ret->end = line.end - CHECKSUM_DIGITS - 1;
	sum = XXH64(ret->at, cursor_left(ret), 0);
	for (i = CHECKSUM_DIGITS - 1; i >= 0; i--, sum >>= 4)
		wanted[i] = hex_digits[sum & 15];
	return memcmp(wanted, line.end - CHECKSUM_DIGITS, CHECKSUM_DIGITS) == 0 ? 0 : -EBADMSG;
}

static bool take_number(struct cursor *c, uint64_t most, uint64_t *ret)
{
	return cursor_take_text(c, " ") && !cursor_at_end(c) && *c->at != ' ' &&
	       cursor_take_u64(c, ret) && *ret <= most;
}

/* Undoes append_word; "" for "-". False when memory is out or it is no word. */
static bool take_word(struct cursor *c, char **ret)
{
	struct cursor word;
	char *text, *to;
	size_t size;

	if (!cursor_take_text(c, " ") || !cursor_take_word(c, &word.at, &size))
		return false;
	word.end = word.at + size;
	text = to = malloc(size + 1);
	if (text == NULL)
		return false;
	if (cursor_take_text(&word, "-") && !cursor_at_end(&word))
		word.at--;
	while (!cursor_at_end(&word)) {
		int high, low;

		if (*word.at != '%') {
			*to++ = *word.at++;
			continue;
		}
		high = cursor_left(&word) >= 3 ? hex_value(word.at[1]) : -1;
		low = high >= 0 ? hex_value(word.at[2]) : -1;
		if (low < 0 || (high == 0 && low == 0)) {
			free(text);
			return false;
		}
		*to++ = (char)(high << 4 | low);
		word.at += 3;
	}
	*to = '\0';
	*ret = text;
	return true;
}

static bool take_texts(struct cursor *c, struct journal_record *record)
{
	if (!take_word(c, &record->kind) || !take_word(c, &record->target) ||
	    !take_word(c, &record->was) || !take_word(c, &record->now) ||
	    !take_word(c, &record->note))
		return false;
	if (record->note[0] == '\0') {
		free(record->note);
		record->note = NULL;
	}
	return record->kind[0] != '\0' && record->target[0] != '\0';
}

static bool take_identity(struct cursor *c, struct vm_identity *ret)
{
	uint64_t pid, start, ordinal;

	if (!take_number(c, INT32_MAX, &pid) || !take_number(c, UINT64_MAX, &start) ||
	    !take_number(c, UINT32_MAX, &ordinal))
		return false;
	*ret = (struct vm_identity){ .pid = (pid_t)pid, .start_ticks = start,
				     .ordinal = (uint32_t)ordinal };
	return true;
}

static bool parse_record(struct cursor *c, struct journal_record *record)
{
	if (cursor_take_text(c, "take"))
		record->word = JOURNAL_TAKE;
	else if (cursor_take_text(c, "drop"))
		record->word = JOURNAL_DROP;
	else
		return false;
	if (!take_number(c, UINT64_MAX - 1, &record->id) || record->id == 0)
		return false;
	if (record->word == JOURNAL_TAKE &&
	    (!take_identity(c, &record->vm) || !take_number(c, UINT64_MAX, &record->realtime_usec) ||
	     !take_texts(c, record)))
		return false;
	return cursor_at_end(c);
}

int journal_take_record(struct cursor *c, struct journal_record *ret)
{
	struct journal_record record = { .id = 0 };
	struct cursor line;
	int r;

	if (cursor_at_end(c))
		return 0;
	r = take_checked(c, &line);
	if (r < 0)
		return r;
	if (!parse_record(&line, &record)) {
		journal_record_done(&record);
		return -EBADMSG;
	}
	*ret = record;
	return 1;
}

int journal_take_header(struct cursor *c, struct journal_header *ret)
{
	struct journal_header header = { 0 };
	struct cursor line;
	const char *boot;
	uint64_t version;
	size_t size;

	if (take_checked(c, &line) < 0 || !cursor_take_text(&line, "truce-journal") ||
	    !take_number(&line, UINT32_MAX, &version))
		return -EBADMSG;
	header.version = (unsigned)version;
	if (version != JOURNAL_VERSION) {
		*ret = header;
		return -EPROTONOSUPPORT;
	}
	if (!cursor_take_word(&line, &boot, &size) || size >= sizeof header.boot_id ||
	    !take_number(&line, UINT64_MAX, &header.next_id) || !cursor_at_end(&line))
		return -EBADMSG;
	memcpy(header.boot_id, boot, size);
	*ret = header;
	return 0;
}
