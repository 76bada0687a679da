/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/http_request.h"

#include "base/cursor.h"

#include <strings.h>

/* True when the headers end within the bytes: an empty line. */
static bool request_is_whole(const char *bytes, size_t size)
{
	struct cursor all = cursor_over(bytes, size), line;

	while (memchr(all.at, '\n', cursor_left(&all)) != NULL && cursor_take_line(&all, &line))
		if (cursor_left(&line) == 0 || (cursor_left(&line) == 1 && *line.at == '\r'))
			return true;
	return false;
}

static bool word_is(const char *word, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(word, text, size) == 0;
}

/* "/metrics", with or without a query. */
static bool path_is_metrics(const char *path, size_t size)
{
	const char *query = memchr(path, '?', size);

	return word_is(path, query != NULL ? (size_t)(query - path) : size, "/metrics");
}

/* "GET /metrics HTTP/1.1" */
static int judge_first_line(struct cursor line, struct http_request *ret)
{
	const char *method, *path, *version;
	size_t method_size, path_size, version_size;

	if (!cursor_take_word(&line, &method, &method_size) ||
	    !cursor_take_word(&line, &path, &path_size) ||
	    !cursor_take_word(&line, &version, &version_size) ||
	    version_size < strlen("HTTP/1.") ||
	    memcmp(version, "HTTP/1.", strlen("HTTP/1.")) != 0)
		return 400;
	ret->head = word_is(method, method_size, "HEAD");
	if (!ret->head && !word_is(method, method_size, "GET"))
		return 405;
	return path_is_metrics(path, path_size) ? 200 : 404;
}

static bool header_accepts_openmetrics(struct cursor line)
{
	static const char name[] = "accept:", type[] = "application/openmetrics-text";

	return cursor_left(&line) > strlen(name) && strncasecmp(line.at, name, strlen(name)) == 0 &&
	       memmem(line.at, cursor_left(&line), type, strlen(type)) != NULL;
}

int http_request_judge(const char *bytes, size_t size, struct http_request *ret)
{
	struct cursor all = cursor_over(bytes, size), line;
	int status;

	*ret = (struct http_request){ 0 };
	if (!request_is_whole(bytes, size) || !cursor_take_line(&all, &line))
		return size >= HTTP_REQUEST_LARGEST ? 431 : 0;
	status = judge_first_line(line, ret);
	while (cursor_take_line(&all, &line))
		ret->openmetrics |= header_accepts_openmetrics(line);
	return status;
}

const char *http_status_text(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "Service Unavailable";
	}
}
