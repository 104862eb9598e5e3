"""Prometheus' text format."""

from turnout.telemetry.exposition import Family, Histogram, render


def test_a_label_is_escaped() -> None:
    family = Family("a", "gauge", "Means.", ("l",), samples={('q"b\\n\n',): 1.5})
    assert render([family]) == '# HELP a Means.\n# TYPE a gauge\na{l="q\\"b\\\\n\\n"} 1.5\n'


def test_a_histogram_is_cumulative() -> None:
    family = Family("h", "histogram", "Means.", bounds=(0.5, 1.0), samples={(): Histogram((1, 2, 3), 9.5)})
    assert render([family]).splitlines()[2:] == [
        'h_bucket{le="0.5"} 1',
        'h_bucket{le="1"} 3',
        'h_bucket{le="+Inf"} 6',
        "h_sum 9.5",
        "h_count 6",
    ]


def test_a_family_without_samples_is_announced() -> None:
    assert render([Family("a_total", "counter", "Means.")]) == "# HELP a_total Means.\n# TYPE a_total counter\n"
