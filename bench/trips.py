"""How often one accepted lead makes the database answer, counted in libpq's own trace of the protocol.

The request goes through the product's WSGI application in this process, which is run by `count` as a child of its own.
PostgreSQL says ReadyForQuery once for everything it was sent together: that is one round trip, BEGIN and COMMIT too.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

from bench import posts
from bench.house import ROOT, House

SETTINGS = {"DJANGO_SETTINGS_MODULE": "leaddistro.settings"}
WARM = 3
CHILD_SECONDS = 60


def count(house: House, numbers: Iterator[int]) -> int:
    """Round trips of one accepted lead in a warm process of the house."""
    command = [sys.executable, "-m", "bench.trips", house.key, str(next(numbers) + 1_000_000)]
    environment = {**house.environment, **SETTINGS}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=CHILD_SECONDS
    )
    return round_trips(done.stdout.splitlines())


def round_trips(trace: Iterable[str]) -> int:
    """The answers in a trace of the protocol."""
    return sum("ReadyForQuery" in line for line in trace)


def main(key: str, first: int) -> None:
    """Post a few leads so that everything is in its place, then one more, and print the trace of that one."""
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - only this process is the product

    framework = get_wsgi_application()
    from django.db import connection  # noqa: PLC0415

    from core.gate import Gate  # noqa: PLC0415
    from leads.api.fast_path import FastPath  # noqa: PLC0415

    application = FastPath(framework, Gate(1))  # without the tools of `leaddistro.wsgi`, which take the connection back
    for number in range(first, first + WARM):
        _post(application, key, number)
    wire: Any = connection.connection
    with tempfile.TemporaryFile("w+") as file:
        wire.pgconn.trace(file.fileno())
        _post(application, key, first + WARM)
        wire.pgconn.untrace()
        file.seek(0)
        sys.stdout.write(file.read())


def _post(application: Callable[..., Any], key: str, number: int) -> None:
    lead = posts.body(number)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/leads",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(lead)),
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "HTTP_IDEMPOTENCY_KEY": f"trip-{number}",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": BytesIO(lead),
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []
    response = application(environ, lambda status, headers: statuses.append(status))
    content = b"".join(response)
    if hasattr(response, "close"):  # the framework's
        response.close()
    if not statuses[0].startswith("201") or b'"status":"accepted"' not in content:
        raise SystemExit(f"{statuses[0]}: {content.decode()}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
