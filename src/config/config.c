/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/vec.h"
#include "control/control.h"
#include "model/setting.h"
#include "report/units.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FILE_MOST (256u << 10)
#define VMS_MOST 4096
#define WORD_MOST 512

static const char *const mode_names[MODE_COUNT] = { "observe", "dry-run", "enforce" };

enum value_kind { VALUE_MODE, VALUE_TIME, VALUE_SHARE, VALUE_TEXT, VALUE_BYTES, VALUE_RATE,
	VALUE_BOOL, VALUE_COUNT };

static const struct key {
	const char *section, *name;
	enum value_kind kind;
	size_t offset;
	uint64_t least, most;
} keys[] = {
#define KEY(section, name, kind, field, least, most) \
	{ section, name, VALUE_##kind, offsetof(struct config, field), least, most }
	KEY("truced", "mode", MODE, mode, 0, 0),
	KEY("truced", "interval", TIME, interval_usec, 100 * USEC_PER_MSEC, 600 * USEC_PER_SEC),
	KEY("truced", "budget", SHARE, budget_permyriad, 0, 1000000),
	KEY("truced", "policies", TEXT, policies, 0, 0),
	KEY("truced", "ledger-size", BYTES, ledger_bytes, 64 << 10, 1ull << 40),
	KEY("truced", "ask-owners", BOOL, with_owner, 0, 0),
	KEY("truced", "read-maps", BOOL, with_maps, 0, 0),
	KEY("limits", "changes-per-minute", COUNT, changes_per_minute, 1, 1000000),
	KEY("limits", "vm-interval", TIME, vm_interval_usec, 1000, 3600 * USEC_PER_SEC),
	KEY("limits", "hysteresis", SHARE, hysteresis_permyriad, 0, 10000),
	KEY("limits", "owner-timeout", TIME, owner_usec, 10 * USEC_PER_MSEC, 60 * USEC_PER_SEC),
	KEY("limits", "memory-high-for", TIME, high_usec, USEC_PER_SEC, 3600 * USEC_PER_SEC),
	KEY("limits", "balloon-deadline", TIME, balloon_usec, USEC_PER_SEC, 3600 * USEC_PER_SEC),
	KEY("limits", "uplink", RATE, uplink_bytes_per_second, 1000, 1ull << 50),
#undef KEY
};

const char *mode_name(enum mode mode)
{
	return mode < MODE_COUNT ? mode_names[mode] : "?";
}

int mode_find(const char *name)
{
	int i;

	for (i = 0; i < MODE_COUNT; i++)
		if (strcmp(mode_names[i], name) == 0)
			return i;
	return -1;
}

void config_init(struct config *config)
{
	memset(config, 0, sizeof *config);
	config->mode = MODE_OBSERVE;
	config->interval_usec = USEC_PER_SEC;
	config->budget_permyriad = 200;
	snprintf(config->policies, sizeof config->policies, "%s/policies.d",
		 control_conf_directory());
}

void config_done(struct config *config)
{
	free(config->vms);
	memset(config, 0, sizeof *config);
}

/* -- one file ----------------------------------------------------------------------------- */

struct reader {
	struct config *config;
	const char *path;
	int line;
	char section[64];
	struct config_vm *vm; /* NULL: not in a [vm ...] section */
	struct error *err;
};

static int refuse(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct reader *reader, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return error_set(reader->err, -EINVAL, "%s:%d: %s", reader->path, reader->line, text);
}

/* What a person wrote, safe to print and not too long. */
static void quote(const char *word, char *ret, size_t size)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, word, strnlen(word, 80));
	snprintf(ret, size, "%s", safe.data != NULL ? safe.data : "");
	str_done(&safe);
}

static int refuse_unknown(struct reader *reader, const char *what, const char *word,
			  const struct suggest *suggest)
{
	char quoted[160];

	quote(word, quoted, sizeof quoted);
	if (suggest->nearest != NULL)
		return refuse(reader, "there is no %s \"%s\"; did you mean %s?", what, quoted,
			      suggest->nearest);
	return refuse(reader, "there is no %s \"%s\" (truce.conf(5) lists them)", what, quoted);
}

static int begin_vm(struct reader *reader, const char *pattern)
{
	struct config *config = reader->config;

	if (*pattern == '\0' || strlen(pattern) >= sizeof config->vms->pattern)
		return refuse(reader, "[vm NAME] needs a name of 1 to 255 bytes, as in [vm db-*]");
	if (config->vm_count >= VMS_MOST)
		return refuse(reader, "more than %d sections [vm ...]", VMS_MOST);
	if (!VEC_RESERVE(config->vms, config->vm_capacity, config->vm_count + 1))
		return error_errno(reader->err, -ENOMEM, "cannot read %s", reader->path);
	reader->vm = &config->vms[config->vm_count++];
	memset(reader->vm, 0, sizeof *reader->vm);
	strcpy(reader->vm->pattern, pattern);
	reader->vm->managed = true;
	return 0;
}

static int take_section(struct reader *reader, char *line)
{
	size_t length = strlen(line), i;
	struct suggest suggest;

	if (line[length - 1] != ']')
		return refuse(reader, "a section ends with ]");
	line[length - 1] = '\0';
	line++;
	reader->vm = NULL;
	if (strncmp(line, "vm ", 3) == 0)
		return begin_vm(reader, line + 3 + strspn(line + 3, " \t"));
	suggest_init(&suggest, line);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].section, line) == 0) {
			snprintf(reader->section, sizeof reader->section, "%s", line);
			return 0;
		}
		suggest_offer(&suggest, keys[i].section);
	}
	suggest_offer(&suggest, "vm NAME");
	return refuse_unknown(reader, "section", line, &suggest);
}

static int take_bool(struct reader *reader, const char *value, bool *ret)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*ret = strcmp(value, yes[i]) == 0;
			return 0;
		}
	}
	return refuse(reader, "yes or no is wanted here");
}

/* "2%", "0.5 %" */
static bool parse_share(const char *value, uint64_t *ret)
{
	char *end;
	double number = strtod(value, &end);

	end += strspn(end, " \t");
	if (end == value || *end != '%' || end[1] != '\0' || !(number >= 0) || number > 10000)
		return false;
	*ret = (uint64_t)(number * 100 + 0.5);
	return true;
}

/* "16M", "16 MiB" */
static bool parse_bytes(const char *value, uint64_t *ret)
{
	static const char units[] = "KMGT";
	struct cursor c = cursor_over(value, strlen(value));
	const char *unit;
	unsigned shift = 0;

	if (!cursor_take_u64(&c, ret))
		return false;
	cursor_skip_blanks(&c);
	unit = cursor_at_end(&c) ? NULL : strchr(units, *c.at);
	if (unit != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		c.at++;
		(void)(cursor_take_text(&c, "iB") || cursor_take_text(&c, "B"));
	}
	if (!cursor_at_end(&c) || *ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	return true;
}

/* "1 Gbit", "125MB/s": as `truce set` reads them. */
static bool parse_rate(const char *value, uint64_t *ret)
{
	struct setting_value rate;

	if (setting_parse(SETTING_NET_OUT_MIN, value, &rate, NULL) < 0 || rate.number < 0 ||
	    rate.number == SETTING_UNLIMITED)
		return false;
	*ret = (uint64_t)rate.number;
	return true;
}

static bool parse_count(const char *value, uint64_t *ret)
{
	struct cursor c = cursor_over(value, strlen(value));

	return cursor_take_u64(&c, ret) && cursor_at_end(&c);
}

static const struct {
	const char *wanted;
	bool (*parse)(const char *value, uint64_t *ret);
} numbers[] = {
	[VALUE_SHARE] = { "a share, as 2%", parse_share },
	[VALUE_BYTES] = { "a size, as 16M", parse_bytes },
	[VALUE_RATE] = { "a rate, as 1 Gbit or 125MB/s", parse_rate },
	[VALUE_COUNT] = { "a number", parse_count },
};

static int take_number(struct reader *reader, const struct key *key, const char *value,
		       uint64_t *ret)
{
	const char *wanted = key->kind == VALUE_TIME ? "a time, as 1s or 500ms" : numbers[key->kind].wanted;
	bool good = key->kind == VALUE_TIME ? units_parse_duration(value, ret) == 0 :
					      numbers[key->kind].parse(value, ret);
	char quoted[160];

	if (good && *ret >= key->least && *ret <= key->most)
		return 0;
	quote(value, quoted, sizeof quoted);
	return refuse(reader, "%s = %s: %s%s is wanted", key->name, quoted, wanted,
		      good ? " in its bounds (truce.conf(5))" : "");
}

static int take_text(struct reader *reader, const char *value, char *ret, size_t size)
{
	if (value[0] != '/' || strlen(value) >= size)
		return refuse(reader, "an absolute path of less than %zu bytes is wanted", size);
	strcpy(ret, value);
	return 0;
}

static int take_mode(struct reader *reader, const char *value, enum mode *ret)
{
	int mode = mode_find(value);
	struct suggest suggest;
	int i;

	if (mode >= 0) {
		*ret = (enum mode)mode;
		return 0;
	}
	suggest_init(&suggest, value);
	for (i = 0; i < MODE_COUNT; i++)
		suggest_offer(&suggest, mode_names[i]);
	return refuse_unknown(reader, "mode", value, &suggest);
}

static int take_value(struct reader *reader, const struct key *key, const char *value)
{
	void *field = (char *)reader->config + key->offset;
	uint64_t number;
	int r;

	switch (key->kind) {
	case VALUE_MODE:
		return take_mode(reader, value, field);
	case VALUE_BOOL:
		return take_bool(reader, value, field);
	case VALUE_TEXT:
		return take_text(reader, value, field, sizeof reader->config->policies);
	default:
		break;
	}
	r = take_number(reader, key, value, &number);
	if (r < 0)
		return r;
	if (key->kind == VALUE_SHARE)
		*(int *)field = (int)number;
	else if (key->kind == VALUE_COUNT)
		*(unsigned *)field = (unsigned)number;
	else
		*(uint64_t *)field = number;
	return 0;
}

static int take_key(struct reader *reader, const char *name, const char *value)
{
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, name);
	if (reader->vm != NULL) {
		if (strcmp(name, "managed") == 0)
			return take_bool(reader, value, &reader->vm->managed);
		if (strcmp(name, "fingerprints") == 0) {
			reader->vm->says_fingerprints = true;
			return take_bool(reader, value, &reader->vm->fingerprints);
		}
		suggest_offer(&suggest, "managed");
		suggest_offer(&suggest, "fingerprints");
		return refuse_unknown(reader, "key of [vm ...]", name, &suggest);
	}
	if (reader->section[0] == '\0')
		return refuse(reader, "a section stands before the first key, as [truced]");
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].section, reader->section) != 0)
			continue;
		if (strcmp(keys[i].name, name) == 0)
			return take_value(reader, &keys[i], value);
		suggest_offer(&suggest, keys[i].name);
	}
	return refuse_unknown(reader, "key", name, &suggest);
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t' ||
			      text[length - 1] == '\r'))
		text[--length] = '\0';
	return text;
}

static int take_line(struct reader *reader, char *text)
{
	char *line = trim(text), *equals;

	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return take_section(reader, line);
	equals = strchr(line, '=');
	if (equals == NULL)
		return refuse(reader, "this is neither [section] nor key = value");
	*equals = '\0';
	return take_key(reader, trim(line), trim(equals + 1));
}

int config_parse(struct config *config, const char *path, const char *bytes, size_t size,
		 struct error *err)
{
	struct reader reader = { .config = config, .path = path, .err = err };
	struct cursor c = cursor_over(bytes, size), line;
	int r = 0;

	while (r == 0 && cursor_take_line(&c, &line)) {
		char text[WORD_MOST + 64];

		reader.line++;
		if (cursor_left(&line) >= sizeof text)
			return refuse(&reader, "the line is too long");
		if (memchr(line.at, '\0', cursor_left(&line)) != NULL)
			return refuse(&reader, "the line has a NUL in it");
		memcpy(text, line.at, cursor_left(&line));
		text[cursor_left(&line)] = '\0';
		r = take_line(&reader, text);
	}
	return r;
}

/* -- all files ---------------------------------------------------------------------------- */

static int parse_file(struct config *config, const char *path, struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(FILE_MOST + 1);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t size = 0;
	ssize_t got;

	if (fd < 0)
		return error_errno(err, -errno, "cannot read %s", path);
	if (bytes == NULL)
		return error_errno(err, -ENOMEM, "cannot read %s", path);
	while (size <= FILE_MOST && (got = read(fd, bytes + size, FILE_MOST + 1 - size)) != 0) {
		if (got < 0)
			return error_errno(err, -errno, "cannot read %s", path);
		size += (size_t)got;
	}
	if (size > FILE_MOST)
		return error_set(err, -EFBIG, "%s is larger than %u KiB", path, FILE_MOST >> 10);
	return config_parse(config, path, bytes, size, err);
}

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int parse_directory(struct config *config, const char *directory, struct error *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_conf, alphasort), i, r = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "cannot list %s", directory);
	for (i = 0; i < count; i++) {
		char path[1024];

		snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		if (r == 0)
			r = parse_file(config, path, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int config_load(const char *directory, struct config *ret, struct error *err)
{
	struct config config;
	char path[512];
	int r;

	config_init(&config);
	snprintf(path, sizeof path, "%s/truce.conf", directory);
	r = parse_file(&config, path, err);
	if (r == -ENOENT)
		r = 0;
	snprintf(path, sizeof path, "%s/conf.d", directory);
	if (r == 0)
		r = parse_directory(&config, path, err);
	if (r < 0) {
		config_done(&config);
		return r;
	}
	*ret = config;
	return 0;
}

/* The section that counts, or NULL. */
static const struct config_vm *section_of(const struct config *config, const char *name,
					  const char *uuid, const char *id)
{
	size_t i;

	for (i = config->vm_count; i-- > 0;) {
		const char *pattern = config->vms[i].pattern;

		if ((name != NULL && glob_matches(pattern, name)) ||
		    (uuid != NULL && glob_matches(pattern, uuid)) || glob_matches(pattern, id))
			return &config->vms[i];
	}
	return NULL;
}

bool config_is_managed(const struct config *config, const char *name, const char *uuid,
		       const char *id)
{
	const struct config_vm *vm = section_of(config, name, uuid, id);

	return vm == NULL || vm->managed;
}

bool config_may_fingerprint(const struct config *config, const char *name, const char *uuid,
			    const char *id)
{
	const struct config_vm *vm = section_of(config, name, uuid, id);

	return vm == NULL || (vm->says_fingerprints ? vm->fingerprints : vm->managed);
}
