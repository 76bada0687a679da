/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/top_view.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/example.h"
#include "report/top_header.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct show {
	struct rates rates;
	struct top_rows rows;
	struct top_state state;
	struct screen screen;
	enum top_action action; /* of the last key */
	size_t width, height;
};

static void show_init(struct show *show, size_t width, size_t height)
{
	memset(&show->rows, 0, sizeof show->rows);
	top_state_init(&show->state);
	screen_init(&show->screen);
	show->width = width;
	show->height = height;
}

static void show_done(struct show *show)
{
	rates_done(&show->rates);
	top_rows_done(&show->rows);
	screen_done(&show->screen);
}

static void draw(struct show *show)
{
	struct top_layout layout;
	size_t i;

	assert_int_equal(top_rows_build(&show->rows, &show->rates, &show->state), 0);
	top_view(&show->rates, &show->rows, &show->state, show->width, show->height, &show->screen,
		 &layout);
	show->state.first = layout.first;
	show->state.page = layout.page;
	show->state.scroll = layout.scroll;
	assert_int_equal(show->screen.line_count, show->height);
	for (i = 0; i < show->screen.line_count; i++)
		assert_true(show->screen.lines[i].columns <= show->width);
}

static void press(struct show *show, int key)
{
	draw(show);
	show->action = top_key(&show->state, key, &show->rows, show->rates.now.realtime_usec);
}

static void type(struct show *show, const char *text)
{
	for (; *text != '\0'; text++)
		press(show, (unsigned char)*text);
}

static void check(struct show *show, const char *golden)
{
	struct str text;

	draw(show);
	str_init(&text);
	screen_append(&show->screen, &text);
	golden_check(golden, &text);
	str_done(&text);
}

static void check_styles(struct show *show, const char *golden)
{
	struct str text;

	draw(show);
	str_init(&text);
	screen_append_styles(&show->screen, &text);
	golden_check(golden, &text);
	str_done(&text);
}

static bool shows(struct show *show, const char *wanted)
{
	struct str text;
	bool found;

	draw(show);
	str_init(&text);
	screen_append(&show->screen, &text);
	found = text.data != NULL && strstr(text.data, wanted) != NULL;
	str_done(&text);
	return found;
}

static void three_vms_at_three_sizes(void **state)
{
	static const struct {
		size_t width, height;
		const char *golden;
	} sizes[] = { { 80, 24, "top-three-80x24.txt" }, { 132, 50, "top-three-132x50.txt" },
		      { 40, 10, "top-three-40x10.txt" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct show show;

		show_init(&show, sizes[i].width, sizes[i].height);
		example_three(&show.rates);
		check(&show, sizes[i].golden);
		show_done(&show);
	}
}

/* What truced could tell of the three: the last of them has no class, and nothing was adjusted. */
static void tell(struct show *show, struct vms_told *told)
{
	static const struct vm_told sample[] = {
		{ .class_name = "gold", .last = "14:05:12 cpu.weight 400", .reason = "gold-first.lua:4" },
		{ .class_name = "bronze", .last = "14:05:21 cpu.quota 0.5 CPUs",
		  .reason = "gold-first.lua:9 calm: gold waits more than its bound" },
		{ .class_name = "" },
	};
	size_t i;

	memset(told, 0, sizeof *told);
	for (i = 0; i < ARRAY_SIZE(sample); i++) {
		struct vm *vm = show->rates.now.vms[i];
		struct vm_told *one = vms_told_add(told);

		assert_non_null(one);
		*one = sample[i];
		one->identity = vm->identity;
		assert_true(text_set(&vm->text[VM_TEXT_CLASS], sample[i].class_name,
				     strlen(sample[i].class_name)));
	}
	vms_told_sort(told);
	show->rows.told = told;
}

static void policies_show_class_last_adjustment_and_reason(void **state)
{
	static const struct {
		size_t width;
		const char *golden;
	} sizes[] = { { 80, "top-policy-80x24.txt" }, { 132, "top-policy-132x24.txt" },
		      { 40, "top-policy-40x24.txt" } };
	struct vms_told told;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct show show;

		show_init(&show, sizes[i].width, 24);
		example_three(&show.rates);
		tell(&show, &told);
		press(&show, 'c');
		assert_int_equal(show.state.set, TOP_SET_POLICY);
		check(&show, sizes[i].golden);
		press(&show, TOP_KEY_ENTER);
		assert_true(shows(&show, "last adjusted 14:05:"));
		show_done(&show);
		vms_told_done(&told);
	}
}

static void without_truced_its_columns_are_passed_over(void **state)
{
	struct show show;
	unsigned i;

	show_init(&show, 132, 24);
	example_three(&show.rates);
	for (i = 0; i < top_set_count; i++) {
		assert_false(shows(&show, "REASON"));
		press(&show, 'c');
		assert_int_not_equal(show.state.set, TOP_SET_POLICY);
	}
	press(&show, TOP_KEY_ENTER);
	assert_false(shows(&show, "last adjusted"));
	show_done(&show);
}

static void styles_point_at_what_hurts(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	check_styles(&show, "top-three-styles.txt");
	show_done(&show);
}

static void a_host_without_vms_or_figures_shows_dashes(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_bare(&show.rates);
	check(&show, "top-bare-80x24.txt");
	press(&show, TOP_KEY_DOWN);
	press(&show, TOP_KEY_ENTER);
	assert_int_equal(show.state.mode, TOP_LIST);
	show_done(&show);
}

static void hostile_names_stay_in_their_column(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_hostile(&show.rates);
	check(&show, "top-hostile-80x24.txt");
	show.width = 132;
	check(&show, "top-hostile-132x24.txt");
	press(&show, TOP_KEY_END);
	press(&show, TOP_KEY_UP);
	press(&show, TOP_KEY_UP);
	press(&show, TOP_KEY_ENTER);
	draw(&show);
	assert_int_equal(show.state.mode, TOP_DETAIL);
	show_done(&show);
}

static void a_thousand_vms_scroll(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_many(&show.rates, 1000);
	check(&show, "top-thousand-first.txt");
	press(&show, TOP_KEY_PAGE_DOWN);
	press(&show, TOP_KEY_DOWN);
	check(&show, "top-thousand-scrolled.txt");
	press(&show, TOP_KEY_END);
	check(&show, "top-thousand-end.txt");
	press(&show, TOP_KEY_HOME);
	check(&show, "top-thousand-first.txt");
	show_done(&show);
}

static void the_cursor_stays_with_its_vm_when_the_order_changes(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_many(&show.rates, 1000);
	press(&show, TOP_KEY_DOWN);
	press(&show, TOP_KEY_DOWN);
	draw(&show);
	assert_int_equal(top_cursor(&show.state, &show.rows), 2);
	press(&show, 'M');
	draw(&show);
	assert_int_equal(top_cursor(&show.state, &show.rows), 997);
	assert_int_equal(show.state.first, 997 - show.state.page + 1);
	press(&show, 'I');
	draw(&show);
	assert_int_equal(top_cursor(&show.state, &show.rows), 2);
	show_done(&show);
}

static void the_filter_narrows_while_it_is_typed(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_many(&show.rates, 1000);
	press(&show, '/');
	type(&show, "VM99");
	draw(&show);
	assert_int_equal(show.rows.count, 11);
	check(&show, "top-filter.txt");
	press(&show, TOP_KEY_ENTER);
	assert_true(shows(&show, "filter VM99"));
	press(&show, '/');
	press(&show, TOP_KEY_BACKSPACE);
	press(&show, TOP_KEY_BACKSPACE);
	type(&show, "x");
	assert_true(shows(&show, "no VM matches the filter"));
	press(&show, TOP_KEY_ESCAPE);
	draw(&show);
	assert_int_equal(show.rows.count, 1000);
	show_done(&show);
}

static void keys_sort_and_the_heading_shows_by_what(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, 'M');
	assert_string_equal(show.state.sort->name, "rss");
	press(&show, '<');
	assert_string_equal(show.state.sort->name, "vcpus");
	press(&show, '>');
	press(&show, '>');
	assert_string_equal(show.state.sort->name, "time");
	press(&show, 'W');
	assert_string_equal(show.state.sort->name, "wait");
	press(&show, 'r');
	assert_true(show.state.reversed);
	press(&show, 'P');
	assert_false(show.state.reversed);
	press(&show, TOP_KEY_F6);
	check(&show, "top-sort-menu.txt");
	press(&show, TOP_KEY_HOME);
	press(&show, TOP_KEY_DOWN);
	press(&show, TOP_KEY_ENTER);
	assert_string_equal(show.state.sort->name, "id");
	assert_int_equal(show.state.mode, TOP_LIST);
	show_done(&show);
}

static void one_vm_is_shown_with_all_its_threads(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, TOP_KEY_ENTER);
	check(&show, "top-detail-80x24.txt");
	show.width = 40;
	show.height = 10;
	check(&show, "top-detail-40x10.txt");
	press(&show, 'q');
	assert_int_equal(show.state.mode, TOP_LIST);
	assert_int_equal(show.action, TOP_GO_ON);
	show_done(&show);
}

static void a_vm_that_dies_under_the_cursor_is_told(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, TOP_KEY_DOWN);
	press(&show, TOP_KEY_ENTER);
	assert_true(shows(&show, "1301"));
	snapshot_remove_vm(&show.rates.now, &show.state.selected);
	assert_true(shows(&show, "this VM is gone"));
	press(&show, TOP_KEY_ESCAPE);
	draw(&show);
	assert_int_equal(top_cursor(&show.state, &show.rows), 1);
	show_done(&show);
}

static void other_columns_are_a_key_away(void **state)
{
	static const char *const goldens[] = { "top-memory.txt", "top-disk-net.txt", "top-ksm.txt" };
	struct show show;
	size_t i;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		press(&show, 'c');
		check(&show, goldens[i]);
	}
	press(&show, 'c');
	assert_int_equal(show.state.set, 0);
	show_done(&show);
}

static void help_scrolls_on_a_small_screen(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, '?');
	check(&show, "top-help-80x24.txt");
	show.width = 40;
	show.height = 10;
	press(&show, TOP_KEY_END);
	assert_true(shows(&show, "pressure: share"));
	press(&show, 'q');
	assert_int_equal(show.state.mode, TOP_LIST);
	show_done(&show);
}

static void a_wrong_interval_is_told_and_a_right_one_taken(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, 'd');
	type(&show, "0.01");
	press(&show, TOP_KEY_ENTER);
	assert_int_equal(show.action, TOP_GO_ON);
	assert_true(shows(&show, "at least 100ms"));
	press(&show, 's');
	type(&show, "250ms");
	press(&show, TOP_KEY_ENTER);
	assert_int_equal(show.action, TOP_INTERVAL);
	assert_int_equal(show.state.interval_usec, 250000);
	show_done(&show);
}

static void a_recording_is_stepped_and_jumped_in(void **state)
{
	struct show show;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	press(&show, TOP_KEY_RIGHT);
	assert_int_equal(show.action, TOP_GO_ON);
	show.state.replay = true;
	press(&show, TOP_KEY_RIGHT);
	assert_int_equal(show.action, TOP_STEP_FORWARD);
	assert_true(show.state.paused);
	check(&show, "top-replay-80x24.txt");
	press(&show, TOP_KEY_LEFT);
	assert_int_equal(show.action, TOP_STEP_BACK);
	press(&show, 'g');
	type(&show, "13:00");
	press(&show, TOP_KEY_ENTER);
	assert_int_equal(show.action, TOP_JUMP);
	assert_int_equal(show.state.jump_usec, 1772370000000000ull);
	press(&show, 'g');
	type(&show, "noon");
	press(&show, TOP_KEY_ENTER);
	assert_int_equal(show.action, TOP_GO_ON);
	assert_true(shows(&show, "a time is"));
	show_done(&show);
}

static void quit_is_quit_and_unknown_keys_do_nothing(void **state)
{
	struct show show;
	struct top_state before;
	int key;

	show_init(&show, 80, 24);
	example_three(&show.rates);
	draw(&show);
	before = show.state;
	for (key = 1; key < 0x20; key++)
		press(&show, key);
	press(&show, 0x1f600);
	assert_memory_equal(&before, &show.state, sizeof before);
	press(&show, 'q');
	assert_int_equal(show.action, TOP_QUIT);
	press(&show, TOP_KEY_F10);
	assert_int_equal(show.action, TOP_QUIT);
	show_done(&show);
}

static void any_size_and_any_keys_stay_within_the_screen(void **state)
{
	static const char keys[] = "jPMTcrI<>/a\x1b" "eHhdp ?g1";
	struct show show;
	unsigned seed = 1, i;

	show_init(&show, 80, 24);
	example_hostile(&show.rates);
	for (i = 0; i < 3000; i++) {
		seed = seed * 1103515245 + 12345;
		show.width = 1 + (seed >> 16) % 140;
		show.height = 1 + (seed >> 8) % 60;
		seed = seed * 1103515245 + 12345;
		if ((seed >> 16) % 3 == 0)
			press(&show, TOP_KEY_UP + (int)((seed >> 20) % (TOP_KEY_F6 - TOP_KEY_UP + 1)));
		else
			press(&show, keys[(seed >> 20) % (sizeof keys - 1)]);
	}
	draw(&show);
	show_done(&show);
}

static void a_batch_has_every_vm_and_no_keys(void **state)
{
	struct show show;
	struct str text;

	show_init(&show, 100, 24);
	example_three(&show.rates);
	assert_int_equal(top_rows_build(&show.rows, &show.rates, &show.state), 0);
	top_view_batch(&show.rates, &show.rows, &show.state, 100, &show.screen);
	str_init(&text);
	screen_append(&show.screen, &text);
	golden_check("top-batch.txt", &text);
	str_clear(&text);
	host_summary_append(&show.rates, &text);
	golden_check("host-summary.txt", &text);
	str_done(&text);
	show_done(&show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_vms_at_three_sizes),
		cmocka_unit_test(policies_show_class_last_adjustment_and_reason),
		cmocka_unit_test(without_truced_its_columns_are_passed_over),
		cmocka_unit_test(styles_point_at_what_hurts),
		cmocka_unit_test(a_host_without_vms_or_figures_shows_dashes),
		cmocka_unit_test(hostile_names_stay_in_their_column),
		cmocka_unit_test(a_thousand_vms_scroll),
		cmocka_unit_test(the_cursor_stays_with_its_vm_when_the_order_changes),
		cmocka_unit_test(the_filter_narrows_while_it_is_typed),
		cmocka_unit_test(keys_sort_and_the_heading_shows_by_what),
		cmocka_unit_test(one_vm_is_shown_with_all_its_threads),
		cmocka_unit_test(a_vm_that_dies_under_the_cursor_is_told),
		cmocka_unit_test(other_columns_are_a_key_away),
		cmocka_unit_test(help_scrolls_on_a_small_screen),
		cmocka_unit_test(a_wrong_interval_is_told_and_a_right_one_taken),
		cmocka_unit_test(a_recording_is_stepped_and_jumped_in),
		cmocka_unit_test(quit_is_quit_and_unknown_keys_do_nothing),
		cmocka_unit_test(any_size_and_any_keys_stay_within_the_screen),
		cmocka_unit_test(a_batch_has_every_vm_and_no_keys),
	};

	setenv("TZ", "UTC", 1);
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		return 77;
	setlocale(LC_NUMERIC, "C");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
