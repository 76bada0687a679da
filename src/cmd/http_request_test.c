/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/http_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int judge(const char *text, struct http_request *ret)
{
	return http_request_judge(text, strlen(text), ret);
}

static void expect(const char *text, int status)
{
	struct http_request request;

	assert_int_equal(judge(text, &request), status);
}

static void a_scrape_is_answered(void **state)
{
	struct http_request request;

	assert_int_equal(judge("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", &request), 200);
	assert_false(request.openmetrics);
	assert_false(request.head);
	expect("GET /metrics HTTP/1.0\n\n", 200);
	expect("GET /metrics?name[]=a HTTP/1.1\r\n\r\n", 200);
	assert_int_equal(judge("HEAD /metrics HTTP/1.1\r\n\r\n", &request), 200);
	assert_true(request.head);
}

static void the_format_is_chosen_by_accept(void **state)
{
	struct http_request request;

	judge("GET /metrics HTTP/1.1\r\naCCept: application/openmetrics-text; version=1.0.0,"
	      "text/plain;q=0.5\r\n\r\n", &request);
	assert_true(request.openmetrics);
	judge("GET /metrics HTTP/1.1\r\nAccept: text/plain\r\nX: application/openmetrics-text"
	      "\r\n\r\n", &request);
	assert_false(request.openmetrics);
}

static void anything_else_is_refused(void **state)
{
	expect("GET / HTTP/1.1\r\n\r\n", 404);
	expect("GET /metrics/ HTTP/1.1\r\n\r\n", 404);
	expect("GET /metricsx HTTP/1.1\r\n\r\n", 404);
	expect("POST /metrics HTTP/1.1\r\n\r\n", 405);
	expect("get /metrics HTTP/1.1\r\n\r\n", 405);
	expect("GET /metrics\r\n\r\n", 400);
	expect("GET /metrics SPDY/3\r\n\r\n", 400);
	expect("\r\n\r\n", 400);
	expect("\x16\x03\x01\x02\n\n", 400);
}

static void a_request_is_awaited_until_it_is_whole_or_too_large(void **state)
{
	static const char whole[] = "GET /metrics HTTP/1.1\r\nA: b\r\n\r\n";
	char large[HTTP_REQUEST_LARGEST];
	struct http_request request;
	size_t size;

	for (size = 0; size < sizeof whole - 1; size++)
		assert_int_equal(http_request_judge(whole, size, &request), 0);
	assert_int_equal(http_request_judge(whole, size, &request), 200);
	memset(large, 'a', sizeof large);
	assert_int_equal(http_request_judge(large, sizeof large - 1, &request), 0);
	assert_int_equal(http_request_judge(large, sizeof large, &request), 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scrape_is_answered),
		cmocka_unit_test(the_format_is_chosen_by_accept),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_request_is_awaited_until_it_is_whole_or_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
