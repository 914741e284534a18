"""How long a lead waits for its score, with reasons, inside a web process:

    python -m bench.serving [--leads 6000] [--json]

An agency with a made-up past is set up in a scratch SQLite file; two models are trained by the product's own command,
and a process is forked that scores leads by the champion: alone, in sixteen threads, and while champions change.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any, Final

import django
from django.core.management import call_command
from django.db import connections

P50_MARK_MS: Final = 1.5
P99_MARK_MS: Final = 5.0
ENVIRONMENT: Final = {
    "DJANGO_SETTINGS_MODULE": "leaddistro.settings",
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "PUBLIC_URL": "http://localhost",
    "SEED_DEMO": "0",
    "LOG_LEVEL": "error",
}
PARTS: Final = ("alone", "threads", "changing")


def main() -> int:
    """Measure and print. 1 where an answer was wrong or a mark was missed, else 0."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="leaddistro-bench-") as folder:
        os.environ |= {**ENVIRONMENT, "DATA_DIR": folder}
        django.setup()
        call_command("migrate", verbosity=0)
        found = _measured(options.leads)
    found["marks"] = {part: _reached(found[part]) for part in PARTS}
    print(json.dumps(found, indent=2) if options.json else table(found))
    return 0 if all(found["marks"].values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.serving", description=__doc__.partition(":")[0])
    parser.add_argument("--leads", type=int, default=6_000, help="how many leads of the past are learned from")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


def _measured(amount: int) -> dict[str, Any]:
    past = import_module("bench.past")  # needs Django, which is set up by now
    agency = past.open_agency()
    past.remember(agency, amount, seed=1)
    first = past.train(agency, in_charge=True)
    past.remember(agency, amount // 4, seed=2)
    second = past.train(agency, in_charge=False)
    measure: Callable[..., dict[str, Any]] = import_module("bench.served").measure
    connections.close_all()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as web:
        return web.submit(measure, agency.pk, first.pk, second.pk).result()


def _reached(part: dict[str, Any]) -> bool:
    return bool(part["wrong"] == 0 and part["p50_ms"] < P50_MARK_MS and part["p99_ms"] < P99_MARK_MS)


def table(found: dict[str, Any]) -> str:
    """A line for each part, then what was loaded."""
    loaded = f"{found['rounds']} rounds, {found['model_bytes']} bytes, loaded in {found['loaded_ms']} ms"
    libraries = f"libraries: {found['libraries_before']} before the champion, {found['libraries']} after"
    return "\n".join([*(_line(part, found[part], found["marks"][part]) for part in PARTS), loaded, libraries])


def _line(part: str, one: dict[str, Any], reached: bool) -> str:
    wall = f"p50 {one['p50_ms']:.3f}   p99 {one['p99_ms']:.3f} ms"
    cpu = f"of the processor {one['p50_cpu_ms']:.3f}   {one['p99_cpu_ms']:.3f} ms"
    return (
        f"{part:<10}{wall}   {cpu}   {one['leads']} leads, {one['wrong']} wrong: {'reached' if reached else 'missed'}"
    )


if __name__ == "__main__":
    sys.exit(main())
