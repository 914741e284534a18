"""What PostgreSQL itself can do with one accepted lead: the same durable writes in one function, under pgbench."""

import re
import subprocess
from pathlib import Path

import psycopg

CLIENTS = 8
SPARE_SECONDS = 60
_FOLDER = Path(__file__).parent


def prepare(database_url: str) -> None:
    """Make the yardstick's tables and its function in an empty database."""
    with psycopg.connect(database_url) as connection:
        connection.execute((_FOLDER / "schema.sql").read_bytes())


def measure(database_url: str, seconds: float) -> float:
    """Transactions per second of pgbench with 8 clients and prepared statements."""
    whole = max(round(seconds), 1)
    command = ["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=1", f"--time={whole}"]
    command += [f"--file={_FOLDER / 'accept.sql'}", database_url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=whole + SPARE_SECONDS)
    return per_second(done.stdout)


def per_second(output: str) -> float:
    """The rate in pgbench's summary."""
    found = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
    if found is None:
        raise SystemExit(f"pgbench said no rate:\n{output}")
    return float(found[1])
