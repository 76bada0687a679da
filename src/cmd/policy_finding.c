/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy_finding.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/source_line.h"
#include "report/json.h"

#include <stdio.h>
#include <string.h>

struct finding finding_of_error(const char *path, const char *sentence)
{
	struct finding finding = { .is_error = true, .text = sentence };
	struct cursor at = cursor_over(sentence, strlen(sentence));
	uint64_t line;

	if (!cursor_take_text(&at, path) || !cursor_take_text(&at, ":"))
		return finding;
	if (cursor_take_u64(&at, &line) && line < INT32_MAX && cursor_take_text(&at, ": ")) {
		finding.line = (int)line;
		finding.text = at.at;
	}
	return finding;
}

struct finding finding_of_problem(const char *path, const char *line)
{
	struct finding finding = finding_of_error(path, line);
	struct cursor at = cursor_over(finding.text, strlen(finding.text));

	finding.is_error = !cursor_take_text(&at, "warning: ");
	if (finding.is_error)
		(void)cursor_take_text(&at, "error: ");
	finding.text = at.at;
	return finding;
}

/* What the sentence quotes and the line has: with its quotes, or without. */
static bool append_caret(struct str *str, const char *source, int line, const char *quoted,
			 size_t size)
{
	size_t before = str->length;
	char token[80];

	if (size + 3 > sizeof token || size == 0)
		return false;
	memcpy(token, quoted - 1, size + 2);
	token[size + 2] = '\0';
	source_line_append_caret(str, source, line, token, "");
	if (str->length != before)
		return true;
	memcpy(token, quoted, size);
	token[size] = '\0';
	source_line_append_caret(str, source, line, token, "");
	return str->length != before;
}

static bool append_caret_of_quoted(struct str *str, const char *source,
				   const struct finding *finding)
{
	const char *at = finding->text, *end;

	while ((at = strpbrk(at, "\"'")) != NULL) {
		end = strchr(at + 1, *at);
		if (end == NULL)
			return false;
		if (append_caret(str, source, finding->line, at + 1, (size_t)(end - at - 1)))
			return true;
		at = end + 1;
	}
	return false;
}

/* A class or a setting that is named without quotes has some in the line. */
static void append_caret_of_named(struct str *str, const char *source,
				  const struct finding *finding)
{
	struct cursor at = cursor_over(finding->text, strlen(finding->text));
	size_t size, before = str->length;
	const char *word;
	char token[80];

	while (str->length == before && cursor_take_word(&at, &word, &size)) {
		while (size > 0 && strchr(",.:;?", word[size - 1]) != NULL)
			size--;
		if (size == 0 || size + 3 > sizeof token)
			continue;
		snprintf(token, sizeof token, "\"%.*s\"", (int)size, word);
		source_line_append_caret(str, source, finding->line, token, "");
	}
}

void finding_append(struct str *str, const char *path, const char *source,
		    const struct finding *finding)
{
	text_append_printable(str, path, strlen(path));
	if (finding->line > 0)
		str_appendf(str, ":%d", finding->line);
	str_append(str, finding->is_error ? ": " : ": warning: ");
	text_append_printable(str, finding->text, strlen(finding->text));
	str_append_char(str, '\n');
	if (source == NULL || finding->line == 0)
		return;
	source_line_append(str, source, finding->line, "");
	if (!append_caret_of_quoted(str, source, finding))
		append_caret_of_named(str, source, finding);
}

void finding_append_json(struct json *json, const char *path, const char *source,
			 const struct finding *finding)
{
	struct cursor line;

	json_object_begin(json);
	json_key(json, "severity");
	json_text(json, finding->is_error ? "error" : "warning");
	json_key(json, "path");
	json_text(json, path);
	json_key(json, "line");
	if (finding->line > 0)
		json_int(json, finding->line);
	else
		json_nothing(json);
	json_key(json, "text");
	json_text(json, finding->text);
	json_key(json, "source_line");
	if (source_line_find(source, finding->line, &line))
		json_text_bytes(json, line.at, cursor_left(&line));
	else
		json_nothing(json);
	json_object_end(json);
}
