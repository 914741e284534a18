"""CPU time by process, from /proc: it moves far less under a neighbour's load than leads per second do."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psycopg

TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")

Used = dict[int, float]


def used(processes: Iterable[int]) -> Used:
    """The CPU seconds that each of the processes on this machine has used so far."""
    found: Used = {}
    for process in processes:
        with suppress(OSError):
            fields = _stat(process)
            found[process] = (int(fields[11]) + int(fields[12])) / TICK
    return found


def spent(before: Used, after: Used) -> float:
    """CPU seconds used between two readings; a process that came meanwhile counts whole."""
    return sum(seconds - before.get(process, 0.0) for process, seconds in after.items())


def family(process: int) -> list[int]:
    """The process and its children, theirs too."""
    parents: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
    found = [process]
    for member in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == member]
    return found


def backends(database_url: str) -> list[int]:
    """The PostgreSQL processes that serve this database, with the one that writes the log for all; [] if elsewhere."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND (datname = current_database() OR backend_type = 'walwriter')"
        ).fetchall()
    return [pid for (pid,) in rows if _is_postgres(pid)]


def _is_postgres(process: int) -> bool:
    with suppress(OSError):
        return (PROC / str(process) / "comm").read_text().startswith("postgres")
    return False


def _stat(process: int) -> list[str]:
    """The fields after the name, which may hold anything: state, parent, ... user and system time at 11 and 12."""
    return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
