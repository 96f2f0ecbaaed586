/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "watch/exposition.h"

static void expect(struct buf *out, const char *expected)
{
    assert_false(out->failed);
    assert_bytes_are(buf_bytes(out), expected);
    buf_deinit(out);
}

static void samples(void **state)
{
    const struct exposition_label labels[] = {
        {"operation", BYTES("GetItem")}, {"namespace", BYTES("")}, {"table", BYTES("music")}};
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    exposition_family(&out, "stator_x_total", "counter", "What x is.");
    exposition_integer(&out, "stator_x_total", (struct exposition_labels){labels, 3}, UINT64_MAX);
    exposition_number(&out, "stator_x_total", (struct exposition_labels){labels, 1}, 0.5);
    exposition_number(&out, "stator_x_total", EXPOSITION_NO_LABELS, 1e15);
    exposition_seconds(&out, "stator_x_total", (struct exposition_labels){labels + 1, 1}, 12000000001);
    exposition_gauge(&out, "stator_y", "Y.", 3);
    expect(&out, "# HELP stator_x_total What x is.\n"
                 "# TYPE stator_x_total counter\n"
                 "stator_x_total{operation=\"GetItem\",table=\"music\"} 18446744073709551615\n"
                 "stator_x_total{operation=\"GetItem\"} 0.5\n"
                 "stator_x_total 1e+15\n"
                 "stator_x_total 12.000000001\n"
                 "# HELP stator_y Y.\n# TYPE stator_y gauge\nstator_y 3\n");
}

static void escapes(void **state)
{
    static const struct {
        const char *value, *written;
    } cases[] = {
        {"a\"b", "a\\\"b"}, {"a\\n", "a\\\\n"},       {"a\nb", "a\\nb"},
        {"\xff!", "?!"},    {"\xC3\xA9", "\xC3\xA9"}, {"{},= \t", "{},= \t"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct exposition_label label = {"l", bytes_of_string(cases[i].value)};
        char expected[64];
        struct buf out;

        buf_init(&out, 4096);
        exposition_integer(&out, "m", (struct exposition_labels){&label, 1}, 1);
        snprintf(expected, sizeof(expected), "m{l=\"%s\"} 1\n", cases[i].written);
        expect(&out, expected);
    }
}

/* A value on a bound is in its bucket; buckets include those below. */
static void histograms(void **state)
{
    struct histogram histogram = {0};
    struct histogram_sum sum = {{0}, 0};
    struct buf out;

    (void)state;
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        histogram_count(&histogram, HISTOGRAM_TIMES, histogram_bounds[HISTOGRAM_TIMES][i]);
        assert_int_equal(histogram.buckets[i], 1);
        histogram_count(&histogram, HISTOGRAM_TIMES, histogram_bounds[HISTOGRAM_TIMES][i] + 1);
        assert_int_equal(histogram.buckets[i + 1], 1);
        histogram.buckets[i + 1] = 0;
        if (i > 0)
            for (int scale = 0; scale < 2; scale++)
                assert_true(histogram_bounds[scale][i] > histogram_bounds[scale][i - 1]);
    }
    histogram = (struct histogram){0};
    histogram_count(&histogram, HISTOGRAM_SIZES, 1);
    histogram_count(&histogram, HISTOGRAM_SIZES, 5);
    histogram_count(&histogram, HISTOGRAM_SIZES, 5000);
    histogram_read(&sum, &histogram);
    assert_int_equal(histogram_total(&sum), 3);
    assert_int_equal(histogram_quantile(&sum, HISTOGRAM_SIZES, 0.3), 1);
    assert_int_equal(histogram_quantile(&sum, HISTOGRAM_SIZES, 0.5), 6);
    assert_true(histogram_quantile(&sum, HISTOGRAM_SIZES, 0.99) == UINT64_MAX);
    buf_init(&out, 4096);
    exposition_histogram(&out, "h", EXPOSITION_NO_LABELS, HISTOGRAM_SIZES, &sum);
    expect(&out, "h_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"3\"} 1\nh_bucket{le=\"4\"} 1\n"
                 "h_bucket{le=\"6\"} 2\nh_bucket{le=\"8\"} 2\nh_bucket{le=\"12\"} 2\nh_bucket{le=\"16\"} 2\n"
                 "h_bucket{le=\"24\"} 2\nh_bucket{le=\"32\"} 2\nh_bucket{le=\"48\"} 2\nh_bucket{le=\"64\"} 2\n"
                 "h_bucket{le=\"96\"} 2\nh_bucket{le=\"128\"} 2\nh_bucket{le=\"192\"} 2\nh_bucket{le=\"256\"} 2\n"
                 "h_bucket{le=\"384\"} 2\nh_bucket{le=\"512\"} 2\nh_bucket{le=\"1024\"} 2\nh_bucket{le=\"+Inf\"} 3\n"
                 "h_sum 5006\nh_count 3\n");
}

/* The texts of the bounds are the bounds. */
static void bounds_as_text(void **state)
{
    struct buf out;

    (void)state;
    for (int scale = 0; scale < 2; scale++) {
        struct histogram_sum sum = {{0}, 0};
        const char *at;

        buf_init(&out, 4096);
        exposition_histogram(&out, "h", EXPOSITION_NO_LABELS, (enum histogram_scale)scale, &sum);
        buf_append_byte(&out, 0);
        at = (const char *)out.at;
        for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
            double bound = 0, unit = scale == HISTOGRAM_TIMES ? 1e9 : 1;

            at = strstr(at, "le=\"");
            assert_non_null(at);
            assert_int_equal(sscanf(at, "le=\"%lf\"", &bound), 1);
            assert_true(bound * unit > (double)histogram_bounds[scale][i] - 0.1 &&
                        bound * unit < (double)histogram_bounds[scale][i] + 0.1);
            at++;
        }
        buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples), cmocka_unit_test(escapes),
                                       cmocka_unit_test(histograms), cmocka_unit_test(bounds_as_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
