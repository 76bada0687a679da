/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of settings as people write and read them. */
#include "model/setting.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CPU_NUMBERS 8192 /* the kernel's own bound (NR_CPUS) of the largest configurations */

/* number = what was written * times / per. Names are compared without regard to case, except
 * that a `b` alone and a `B` alone are told apart where both exist. */
struct unit_word {
	const char *word;
	int64_t times, per;
};

#define KIB 1024ll
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define TIB (GIB * 1024)

static const struct unit_word plain_words[] = { { "", 1, 1 }, { NULL, 0, 0 } };

static const struct unit_word cpu_words[] = {
	{ "", 10000, 1 }, { "CPUs", 10000, 1 }, { "CPU", 10000, 1 }, { "cores", 10000, 1 },
	{ "core", 10000, 1 }, { "%", 100, 1 }, { NULL, 0, 0 },
};

/* A time without a unit could be anything; only 0 needs none. */
static const struct unit_word time_words[] = {
	{ "us", 1, 1 }, { "usec", 1, 1 }, { "ms", 1000, 1 }, { "msec", 1000, 1 },
	{ "s", 1000000, 1 }, { "sec", 1000000, 1 }, { NULL, 0, 0 },
};

/* As systemd and QEMU: a letter alone is a power of 1024 for memory ... */
static const struct unit_word byte_words[] = {
	{ "", 1, 1 }, { "B", 1, 1 }, { "bytes", 1, 1 },
	{ "K", KIB, 1 }, { "M", MIB, 1 }, { "G", GIB, 1 }, { "T", TIB, 1 },
	{ "Ki", KIB, 1 }, { "Mi", MIB, 1 }, { "Gi", GIB, 1 }, { "Ti", TIB, 1 },
	{ "KiB", KIB, 1 }, { "MiB", MIB, 1 }, { "GiB", GIB, 1 }, { "TiB", TIB, 1 },
	{ "kB", 1000, 1 }, { "MB", 1000000, 1 }, { "GB", 1000000000, 1 },
	{ "TB", 1000000000000, 1 }, { NULL, 0, 0 },
};

/* ... and of 1000 for a rate. "/s" has been taken off before, and "ps" is written out. */
static const struct unit_word rate_words[] = {
	{ "", 1, 1 }, { "B", 1, 1 }, { "bytes", 1, 1 },
	{ "K", 1000, 1 }, { "M", 1000000, 1 }, { "G", 1000000000, 1 },
	{ "kB", 1000, 1 }, { "MB", 1000000, 1 }, { "GB", 1000000000, 1 },
	{ "KiB", KIB, 1 }, { "MiB", MIB, 1 }, { "GiB", GIB, 1 },
	{ "bit", 1, 8 }, { "kbit", 1000, 8 }, { "Mbit", 1000000, 8 }, { "Gbit", 1000000000, 8 },
	{ "kbps", 1000, 8 }, { "Mbps", 1000000, 8 }, { "Gbps", 1000000000, 8 }, { NULL, 0, 0 },
};

static const struct unit_word count_words[] = {
	{ "", 1, 1 }, { "IOPS", 1, 1 }, { "ops", 1, 1 }, { "k", 1000, 1 }, { "M", 1000000, 1 },
	{ NULL, 0, 0 },
};

static const struct unit_text {
	const struct unit_word *words;
	const char *noun, *examples;
} unit_texts[] = {
	[SETTING_UNIT_NUMBER] = { plain_words, "a whole number", "1 or -5" },
	[SETTING_UNIT_SHARES] = { plain_words, "a number of shares", "400 (100 is the default)" },
	[SETTING_UNIT_CPUS] = { cpu_words, "an amount of CPUs", "1.5 CPUs or 50%" },
	[SETTING_UNIT_USEC] = { time_words, "a time", "300us or 20ms" },
	[SETTING_UNIT_BYTES] = { byte_words, "an amount of memory", "512MiB or 1G" },
	[SETTING_UNIT_BYTES_PER_SECOND] = { rate_words, "a rate of bytes", "10MB/s or 80 Mbit/s" },
	[SETTING_UNIT_PER_SECOND] = { count_words, "a rate", "100/s" },
	[SETTING_UNIT_TEXT] = { NULL, "a list of CPUs", "0-3,8" },
};

/* -- writing ---------------------------------------------------------------------------- */

/* number / unit where that takes at most two decimals, else false. */
static bool append_in(struct str *str, int64_t number, int64_t unit, const char *word)
{
	__int128 hundredths = (__int128)number * 100;
	int64_t rest;

	if (number < unit || hundredths % unit != 0)
		return false;
	hundredths /= unit;
	str_append_int(str, (int64_t)(hundredths / 100));
	rest = (int64_t)(hundredths % 100);
	if (rest != 0)
		str_appendf(str, rest % 10 == 0 ? ".%lld" : ".%02lld",
			    (long long)(rest % 10 == 0 ? rest / 10 : rest));
	str_appendf(str, " %s", word);
	return true;
}

static void append_bytes(struct str *str, int64_t number)
{
	if (!append_in(str, number, TIB, "TiB") && !append_in(str, number, GIB, "GiB") &&
	    !append_in(str, number, MIB, "MiB") && !append_in(str, number, KIB, "KiB"))
		str_appendf(str, "%lld B", (long long)number);
}

static void append_rate(struct str *str, int64_t number)
{
	if (!append_in(str, number, 1000000000, "GB/s") &&
	    !append_in(str, number, 1000000, "MB/s") && !append_in(str, number, MIB, "MiB/s") &&
	    !append_in(str, number, 1000, "kB/s") && !append_in(str, number, KIB, "KiB/s"))
		str_appendf(str, "%lld B/s", (long long)number);
}

static void append_usec(struct str *str, int64_t number)
{
	if (!append_in(str, number, 1000000, "s") && !append_in(str, number, 1000, "ms"))
		str_appendf(str, "%lld us", (long long)number);
}

static void append_cpus(struct str *str, int64_t permyriad)
{
	int64_t whole = permyriad / 10000, rest = permyriad % 10000;
	char decimals[8];
	int length = 4;

	if (permyriad < 0) { /* no setting's, but somebody's broken figure */
		str_append_char(str, '-');
		whole = -whole;
		rest = -rest;
	}
	snprintf(decimals, sizeof decimals, "%04d", (int)rest);
	while (length > 0 && decimals[length - 1] == '0')
		length--;
	str_appendf(str, "%lld%s%.*s %s", (long long)whole, length > 0 ? "." : "", length, decimals,
		    permyriad == 10000 ? "CPU" : "CPUs");
}

void setting_append(struct str *str, enum setting setting, const struct setting_value *value)
{
	const struct setting_info *info = &setting_info[setting];

	if (info->unit == SETTING_UNIT_TEXT) {
		text_append_safe(str, value->text, strnlen(value->text, sizeof value->text));
		return;
	}
	if (value->number == SETTING_UNLIMITED) {
		str_append(str, "max");
		return;
	}
	switch (info->unit) {
	case SETTING_UNIT_CPUS:
		append_cpus(str, value->number);
		break;
	case SETTING_UNIT_USEC:
		append_usec(str, value->number);
		break;
	case SETTING_UNIT_BYTES:
		append_bytes(str, value->number);
		break;
	case SETTING_UNIT_BYTES_PER_SECOND:
		append_rate(str, value->number);
		break;
	case SETTING_UNIT_PER_SECOND:
		str_appendf(str, "%lld/s", (long long)value->number);
		break;
	default:
		str_append_int(str, value->number);
	}
}

/* -- reading ---------------------------------------------------------------------------- */

struct reading {
	enum setting setting;
	const char *text;
	struct error *err;
};

static int refuse(const struct reading *reading, int code, const char *why)
{
	const struct unit_text *unit = &unit_texts[setting_info[reading->setting].unit];
	struct str safe;
	int r;

	str_init(&safe);
	text_append_safe(&safe, reading->text, strnlen(reading->text, 60));
	r = error_set(reading->err, code, "%s: \"%s\" is not %s%s: write %s%s",
		      setting_info[reading->setting].name, safe.data != NULL ? safe.data : "",
		      unit->noun, why, unit->examples,
		      setting_takes_unlimited(reading->setting) &&
				      setting_info[reading->setting].unit != SETTING_UNIT_TEXT ?
			      ", or max" : "");
	str_done(&safe);
	return r;
}

struct decimal {
	uint64_t digits; /* all of them, the point left out */
	uint64_t per;    /* 10 to the number of decimals */
	bool negative, huge;
};

/* 18 digits fit; what is longer is too large, or too fine for any unit. */
static void take_digits(struct cursor *c, struct decimal *number, unsigned *count, bool decimals)
{
	while (c->at < c->end && (unsigned char)(*c->at - '0') <= 9) {
		unsigned digit = (unsigned char)(*c->at++ - '0');

		if (*count >= 18) {
			number->huge |= !decimals;
			continue;
		}
		*count += number->digits != 0 || digit != 0 || decimals;
		number->digits = number->digits * 10 + digit;
		if (decimals)
			number->per *= 10;
	}
}

static bool take_decimal(struct cursor *c, struct decimal *ret)
{
	struct decimal number = { .per = 1 };
	const char *start;
	unsigned count = 0;

	number.negative = cursor_take_text(c, "-");
	if (!number.negative)
		cursor_take_text(c, "+");
	start = c->at;
	take_digits(c, &number, &count, false);
	if (c->at > start && c->at < c->end && *c->at == '.') {
		c->at++;
		start = c->at;
		take_digits(c, &number, &count, true);
	}
	*ret = number;
	return c->at > start;
}

static bool words_match(const struct unit_word *words, const char *word, size_t size, bool exactly)
{
	return strlen(words->word) == size &&
	       (exactly ? strncmp : strncasecmp)(words->word, word, size) == 0;
}

static const struct unit_word *find_word(const struct unit_word *words, const char *word,
					 size_t size)
{
	const struct unit_word *at;

	for (at = words; at->word != NULL; at++)
		if (words_match(at, word, size, true))
			return at;
	for (at = words; at->word != NULL; at++)
		if (words_match(at, word, size, false))
			return at;
	return NULL;
}

/* "Mb" may be a million bits or a million bytes: a factor of eight is not guessed. */
static bool is_ambiguous(enum setting_unit unit, const char *word, size_t size)
{
	return unit == SETTING_UNIT_BYTES_PER_SECOND && size >= 1 && size <= 2 &&
	       word[size - 1] == 'b';
}

static size_t without_per_second(const char *word, size_t size)
{
	static const char *const ends[] = { "/sec", "/s" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t length = strlen(ends[i]);

		if (size >= length && strncasecmp(word + size - length, ends[i], length) == 0) {
			size -= length;
			break;
		}
	}
	while (size > 0 && word[size - 1] == ' ')
		size--;
	return size;
}

static int number_of(const struct reading *reading, const struct decimal *decimal,
		     const struct unit_word *word, int64_t *ret)
{
	unsigned __int128 product = (unsigned __int128)decimal->digits * (uint64_t)word->times;
	unsigned __int128 divisor = (unsigned __int128)decimal->per * (uint64_t)word->per;
	unsigned __int128 rounded = (product + divisor / 2) / divisor;

	if (decimal->huge || rounded >= (uint64_t)SETTING_UNLIMITED)
		return refuse(reading, -ERANGE, " that fits in 63 bits");
	if (word->times == 1 && word->per == 1 && decimal->digits % decimal->per != 0)
		return refuse(reading, -EINVAL, " (it has a fraction)");
	*ret = decimal->negative ? -(int64_t)rounded : (int64_t)rounded;
	return 0;
}

static int parse_number(const struct reading *reading, struct cursor c, int64_t *ret)
{
	enum setting_unit unit = setting_info[reading->setting].unit;
	const struct unit_word *word;
	struct decimal decimal;
	size_t size;

	if (!take_decimal(&c, &decimal))
		return refuse(reading, -EINVAL, "");
	cursor_skip_blanks(&c);
	size = cursor_left(&c);
	if (unit == SETTING_UNIT_BYTES_PER_SECOND || unit == SETTING_UNIT_PER_SECOND)
		size = without_per_second(c.at, size);
	if (is_ambiguous(unit, c.at, size))
		return refuse(reading, -EINVAL, " (b may be bits or bytes: say bit or B)");
	word = find_word(unit_texts[unit].words, c.at, size);
	if (word == NULL && size == 0 && decimal.digits == 0)
		word = &plain_words[0];
	if (word == NULL && size == 0)
		return refuse(reading, -EINVAL, " (it has no unit)");
	if (word == NULL)
		return refuse(reading, -EINVAL, "");
	return number_of(reading, &decimal, word, ret);
}

static void append_range(struct str *str, unsigned first, unsigned last)
{
	str_appendf(str, str->length > 0 ? ",%u" : "%u", first);
	if (last > first)
		str_appendf(str, "-%u", last);
}

static void append_cpu_set(struct str *str, const uint64_t *set)
{
	unsigned cpu, first = 0;
	bool within = false;

	for (cpu = 0; cpu <= CPU_NUMBERS; cpu++) {
		bool there = cpu < CPU_NUMBERS && (set[cpu / 64] >> cpu % 64 & 1) != 0;

		if (there && !within)
			first = cpu;
		if (!there && within)
			append_range(str, first, cpu - 1);
		within = there;
	}
}

static bool take_range(struct cursor *c, uint64_t *set)
{
	uint64_t first, last, cpu;

	if (!cursor_take_u64(c, &first))
		return false;
	last = first;
	cursor_skip_blanks(c);
	if (cursor_take_text(c, "-") && !cursor_take_u64(c, &last))
		return false;
	if (last < first || last >= CPU_NUMBERS)
		return false;
	for (cpu = first; cpu <= last; cpu++)
		set[cpu / 64] |= 1ull << cpu % 64;
	cursor_skip_blanks(c);
	return true;
}

/* As the kernel writes one, so that what was asked for and what is read back compare. */
static int parse_cpu_list(const struct reading *reading, struct cursor c, char *ret, size_t size)
{
	uint64_t set[CPU_NUMBERS / 64] = { 0 };
	struct str list;
	int r = 0;

	do {
		if (!take_range(&c, set))
			return refuse(reading, -EINVAL, "");
	} while (cursor_take_text(&c, ","));
	if (!cursor_at_end(&c))
		return refuse(reading, -EINVAL, "");
	str_init(&list);
	append_cpu_set(&list, set);
	if (list.failed)
		r = error_set(reading->err, -ENOMEM, "out of memory");
	else if (list.length >= size)
		r = refuse(reading, -ERANGE, " of so few ranges that it can be kept");
	else
		memcpy(ret, list.data, list.length + 1);
	str_done(&list);
	return r;
}

static bool says_unlimited(struct cursor c)
{
	static const char *const words[] = { "max", "unlimited", "infinity", "none" };
	size_t i, size = cursor_left(&c);

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == size && strncasecmp(c.at, words[i], size) == 0)
			return true;
	return false;
}

int setting_parse(enum setting setting, const char *text, struct setting_value *ret,
		  struct error *err)
{
	struct reading reading = { setting, text, err };
	struct cursor c = cursor_over(text, strlen(text));
	struct setting_value value = { 0 };
	int r;

	cursor_skip_blanks(&c);
	while (c.end > c.at && (c.end[-1] == ' ' || c.end[-1] == '\t' || c.end[-1] == '\n'))
		c.end--;
	if (setting_info[setting].unit == SETTING_UNIT_TEXT) {
		r = parse_cpu_list(&reading, c, value.text, sizeof value.text);
	} else {
		if (says_unlimited(c)) {
			value.number = SETTING_UNLIMITED;
			r = 0;
		} else {
			r = parse_number(&reading, c, &value.number);
		}
		if (r == 0)
			r = setting_check(setting, value.number, err);
	}
	if (r == 0)
		*ret = value;
	return r;
}
