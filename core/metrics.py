"""What Prometheus may read of us. Every process counts in files of one folder, since one of them answers for all."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "Seconds to an answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe_answer(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer, under its route's pattern: a path would make a series of every id."""
    REQUESTS.labels(method if method in METHODS else "OTHER", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
