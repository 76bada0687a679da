/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/module_index.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static const char dependencies[] =
	"kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz "
	"kernel/drivers/virtio/virtio.ko.xz\n"
	"kernel/drivers/virtio/virtio_ring.ko.xz: kernel/drivers/virtio/virtio.ko.xz\n"
	"kernel/drivers/virtio/virtio.ko.xz:\n"
	"kernel/drivers/net/net-failover.ko:\n"
	"a line without a colon\n"
	": nothing\n";
static const char builtin[] = "kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio_pci.ko\n";

static struct module_index example(void)
{
	return (struct module_index){ cursor_over(dependencies, sizeof dependencies - 1),
				      cursor_over(builtin, sizeof builtin - 1) };
}

static int path_append(struct cursor path, void *context)
{
	char *all = context;

	snprintf(all + strlen(all), 1000 - strlen(all), "%.*s|", (int)cursor_left(&path), path.at);
	return 0;
}

static int path_refuse(struct cursor path, void *context)
{
	return -EXDEV;
}

static void what_a_module_stands_on_comes_before_it(void **state)
{
	struct module_index index = example();
	char all[1000] = "";

	assert_int_equal(module_walk(&index, "virtio_blk", path_append, all), 0);
	assert_string_equal(all, "kernel/drivers/virtio/virtio.ko.xz|"
				 "kernel/drivers/virtio/virtio_ring.ko.xz|"
				 "kernel/drivers/block/virtio_blk.ko.xz|");
}

static void a_name_is_the_same_with_dashes(void **state)
{
	struct module_index index = example();
	char all[1000] = "";

	assert_int_equal(module_walk(&index, "net_failover", path_append, all), 0);
	assert_string_equal(all, "kernel/drivers/net/net-failover.ko|");
}

static void a_part_of_a_name_is_another_module(void **state)
{
	struct module_index index = example();
	char all[1000] = "";

	assert_int_equal(module_walk(&index, "blk", path_append, all), -ENOENT);
	assert_int_equal(module_walk(&index, "virtio_b", path_append, all), -ENOENT);
	assert_int_equal(module_walk(&index, "virtio_blkx", path_append, all), -ENOENT);
	assert_int_equal(module_walk(&index, "nothing", path_append, all), -ENOENT);
	assert_string_equal(all, "");
}

static void what_is_built_in_is_known(void **state)
{
	struct module_index index = example();

	assert_true(module_is_builtin(&index, "ext4"));
	assert_true(module_is_builtin(&index, "virtio-pci"));
	assert_false(module_is_builtin(&index, "virtio_blk"));
	assert_false(module_is_builtin(&index, "ext"));
}

static void a_refusal_ends_the_walk(void **state)
{
	struct module_index index = example();

	assert_int_equal(module_walk(&index, "virtio_blk", path_refuse, NULL), -EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_module_stands_on_comes_before_it),
		cmocka_unit_test(a_name_is_the_same_with_dashes),
		cmocka_unit_test(a_part_of_a_name_is_another_module),
		cmocka_unit_test(what_is_built_in_is_known),
		cmocka_unit_test(a_refusal_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
