/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scraper asks of the metrics endpoint: as little of HTTP as that takes. Pure; every
 * byte may come from anybody. */
#ifndef CMD_HTTP_REQUEST_H
#define CMD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_REQUEST_LARGEST = 8192 };

struct http_request {
	bool head;        /* HEAD: the answer without its contents */
	bool openmetrics; /* accepted; else the older text */
};

/*
 * 0 while the request is not whole yet; else the answer's status: 200 (and *ret filled), 400,
 * 404, 405, or 431 when HTTP_REQUEST_LARGEST bytes hold no whole request.
 */
int http_request_judge(const char *bytes, size_t size, struct http_request *ret);

const char *http_status_text(int status);

#endif
