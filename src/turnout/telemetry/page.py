"""The metrics: a snapshot as the families of the page. Names and labels are fixed; `docs/metrics.md` tells them."""

from collections.abc import Iterable, Mapping

from turnout.telemetry.buckets import DURATION, LAG, TPOT, TTFT, Spread
from turnout.telemetry.exposition import Family, Histogram, Labels
from turnout.telemetry.snapshot import Share, Snapshot, Tally

ARM = ("route", "rule", "pool", "role")


def families(snapshot: Snapshot, now: float) -> list[Family]:
    """The page at Unix time `now`, every family in it, with samples or without."""
    return [*_of_requests(snapshot.tallies), *_of_workers(snapshot, now), *_of_servers(snapshot)]


def _of_requests(tallies: Iterable[Tally]) -> list[Family]:
    requests: dict[Labels, float] = {}
    tokens: dict[Labels, float] = {}
    spreads: tuple[dict[Labels, Spread], ...] = ({}, {}, {})
    for each in tallies:
        arm = (each.route, each.rule, each.pool, each.role)
        kind = (*arm, str(each.code), each.reason, each.model)
        requests[kind] = requests.get(kind, 0) + each.requests
        for name, count in (("prompt", each.prompt_tokens), ("completion", each.completion_tokens)):
            if count:
                key = (*arm, each.model, name)
                tokens[key] = tokens.get(key, 0) + count
        told = (each.duration, each.ttft, each.tpot)
        for found, bounds, (counts, total) in zip(spreads, (DURATION, TTFT, TPOT), told, strict=True):
            if counts:
                spread = found.get((*arm, each.model)) or found.setdefault((*arm, each.model), Spread(bounds))
                spread.merge(counts, total)
    duration, ttft, tpot = map(_histograms, spreads)
    labels = (*ARM, "model")
    return [
        Family(
            "turnout_requests_total",
            "counter",
            "Requests that ended, by what the client was sent.",
            (*ARM, "code", "reason", "model"),
            samples=requests,
        ),
        Family(
            "turnout_request_duration_seconds",
            "histogram",
            "From a request's head to its end.",
            labels,
            DURATION,
            duration,
        ),
        Family(
            "turnout_ttft_seconds",
            "histogram",
            "Streams: from the whole request to the first event with content.",
            labels,
            TTFT,
            ttft,
        ),
        Family(
            "turnout_tpot_seconds",
            "histogram",
            "Streams that tell of at least 2 output tokens: seconds per token after the first.",
            labels,
            TPOT,
            tpot,
        ),
        Family(
            "turnout_tokens_total",
            "counter",
            "Tokens, as servers count them in an answer's usage.",
            (*labels, "kind"),
            samples=tokens,
        ),
    ]


def _of_workers(snapshot: Snapshot, now: float) -> list[Family]:
    lag = Spread(LAG)
    lag.merge(*snapshot.lag)
    one = ("worker",)
    return [
        Family("turnout_streams_open", "gauge", "Streams and tunnels that are open.", samples={(): snapshot.streams}),
        Family(
            "turnout_table_version",
            "gauge",
            "The version of the routing table that a worker serves by.",
            one,
            samples=_by_worker(snapshot.tables),
        ),
        Family(
            "turnout_loop_lag_seconds",
            "histogram",
            "How late the workers' event loops were, looked at every 10 ms.",
            bounds=LAG,
            samples={(): Histogram(tuple(lag.full), lag.total)},
        ),
        Family(
            "turnout_loop_lag_max_seconds",
            "gauge",
            "The longest lag of a worker's event loop in the last one to two minutes.",
            one,
            samples=_by_worker(snapshot.longest),
        ),
        Family(
            "turnout_reports_missing_total",
            "counter",
            "Reports of workers that never came.",
            samples={(): snapshot.missing},
        ),
        Family(
            "turnout_access_log_dropped_total",
            "counter",
            "Lines of the access log that could not be written.",
            samples={(): snapshot.log_dropped},
        ),
        Family(
            "turnout_snapshot_age_seconds",
            "gauge",
            "How old the figures of this page are.",
            samples={(): max(0.0, now - snapshot.time)},
        ),
    ]


def _of_servers(snapshot: Snapshot) -> list[Family]:
    ready: dict[Labels, float] = {}
    ages: dict[Labels, float] = {}
    for each in snapshot.servers:
        pool = (each.pool,)
        ready[pool] = ready.get(pool, 0) + each.ready
        if each.age is not None:
            ages[pool] = max(ages.get(pool, 0.0), each.age)
    inflight: dict[Labels, float] = {(each.pool, each.endpoint): each.inflight for each in snapshot.servers}
    return [
        Family(
            "turnout_endpoint_inflight",
            "gauge",
            "Requests in flight at an endpoint, of all workers.",
            ("pool", "endpoint"),
            samples=inflight,
        ),
        Family(
            "turnout_pool_ready_endpoints", "gauge", "Endpoints of a pool that are ready.", ("pool",), samples=ready
        ),
        Family(
            "turnout_scrape_age_seconds",
            "gauge",
            "How long ago that endpoint of a pool was looked at for which it is longest.",
            ("pool",),
            samples=ages,
        ),
        Family(
            "turnout_split_share",
            "gauge",
            "An arm's share of its split, 0 to 1.",
            (*ARM, "kind"),
            samples=_shares(snapshot.shares),
        ),
    ]


def _shares(shares: Iterable[Share]) -> dict[Labels, float | Histogram]:
    return {(each.route, each.rule, each.pool, each.role, each.kind): each.share for each in shares}


def _by_worker(values: Mapping[int, float]) -> dict[Labels, float | Histogram]:
    return {(str(worker),): value for worker, value in values.items()}


def _histograms(spreads: Mapping[Labels, Spread]) -> dict[Labels, float | Histogram]:
    return {labels: Histogram(tuple(spread.full), spread.total) for labels, spread in spreads.items()}
