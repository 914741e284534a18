"""The supervisor with small programs, and then the real house: what falls is raised, what is left is cleared."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from leaddistro.management.commands.up import claim_folder, refuse_taken_port
from tests.processes import ROOT, free_port, spawn, stop, wait_until

SMALL_HOUSE = """
import os, sys
from leaddistro import supervisor
from leaddistro.programs import Program
supervisor.GRACE = supervisor.LAST_GRACE = 1.0
programs = [
    Program(f"program {number}", ("sh", "-c", code), leaned_on=number == 0) for number, code in enumerate(sys.argv[1:])
]
supervisor.Supervisor(programs, dict(os.environ)).run(lambda: None)
"""
PROCESSES = Path("/proc")
A_WHILE = 120.0  # seconds for the start of everything on a machine that may be very busy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux ties processes together")


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Supervisors of this test, which are killed at its end."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        stop(process, signal.SIGKILL)


def small_house(started: list[subprocess.Popen[bytes]], *programs: str) -> subprocess.Popen[bytes]:
    process = spawn([sys.executable, "-c", SMALL_HOUSE, *programs])
    started.append(process)
    return process


def parent_and_name(pid: int) -> tuple[int, str]:
    """Of a process that runs; (0, "") of one that has ended."""
    try:
        name, _, rest = (PROCESSES / str(pid) / "stat").read_text().partition("(")[2].rpartition(") ")
        state, parent = rest.split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return 0, ""
    return (0, "") if state == "Z" else (int(parent), name)


def below(ancestor: int) -> set[int]:
    """The children of a process, their children, and so on."""
    parents = {pid: parent_and_name(pid)[0] for pid in map(int, filter(str.isdigit, os.listdir(PROCESSES)))}
    found: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in {ancestor, *found}} - found:
        found |= more
    return found


def run(pid: int) -> bool:
    return parent_and_name(pid) != (0, "")


def test_a_killed_child_comes_back(started: list[subprocess.Popen[bytes]]) -> None:
    house = small_house(started, "exec sleep 60", "exec sleep 60")
    wait_until(lambda: len(below(house.pid)) == 2, "both children")
    victim, other = sorted(below(house.pid))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(below(house.pid) - {victim}) == 2, "a new child")
    assert other in below(house.pid)


def test_what_a_fallen_child_leaves_behind_is_cleared(started: list[subprocess.Popen[bytes]], tmp_path: Path) -> None:
    left = tmp_path / "left"
    small_house(
        started, f"[ -e {left} ] && exec sleep 60; sleep 60 & echo $! > {left}.new; mv {left}.new {left}; exit 1"
    )
    wait_until(left.exists, "the child's own child")
    orphan = int(left.read_text())
    wait_until(lambda: not run(orphan), "the end of the orphan")


def test_a_child_that_keeps_falling_is_started_ever_more_slowly(
    started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    small_house(started, f"date +%s.%N >> {starts}; exit 1")
    wait_until(lambda: starts.exists() and len(starts.read_text().splitlines()) >= 3, "the third start")
    first, second, third = map(float, starts.read_text().splitlines()[:3])
    assert second - first >= 0.5
    assert third - second >= 1.0


def test_a_signal_stops_all_at_once_but_the_one_they_lean_on_and_kills_the_stubborn(
    started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    ends = tmp_path / "ends"
    polite = "trap 'echo {name} >> {ends}; exit' TERM; echo up >> {ends}.up; while :; do sleep 0.05; done"
    stubborn = f"trap '' TERM; echo up >> {ends}.up; while :; do sleep 0.05; done"
    house = small_house(
        started, polite.format(name="first", ends=ends), stubborn, polite.format(name="last", ends=ends)
    )
    wait_until(lambda: Path(f"{ends}.up").exists() and Path(f"{ends}.up").read_text() == "up\n" * 3, "all three")
    children = below(house.pid)
    house.terminate()
    assert house.wait(20) == 0
    assert ends.read_text() == "last\nfirst\n"
    assert not any(map(run, children))


def test_a_killed_supervisor_takes_its_children_along(started: list[subprocess.Popen[bytes]]) -> None:
    house = small_house(started, "exec sleep 60", "exec sleep 60")
    wait_until(lambda: len(below(house.pid)) == 2, "both children")
    children = below(house.pid)
    house.kill()
    wait_until(lambda: not any(map(run, children)), "the end of the children")


def test_a_taken_port_is_refused_in_words() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match=r"Port \d+ is taken .* PORT=8001 make run"):
            refuse_taken_port("127.0.0.1", other.getsockname()[1])


def test_a_second_house_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with claim_folder(tmp_path / "data"), pytest.raises(CommandError, match="Already running on"):
        claim_folder(tmp_path / "data")


@pytest.mark.timeout(300)
def test_the_real_house_survives_the_loss_of_every_child_and_leaves_no_orphan(
    started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    port = free_port()
    surroundings = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    surroundings |= {"PORT": str(port), "DATA_DIR": str(tmp_path), "SEED_DEMO": "0", "WEB_WORKERS": "1"}
    surroundings |= {"DJANGO_SETTINGS_MODULE": "leaddistro.settings"}
    if os.environ.get("DB", "sqlite") == "sqlite":
        surroundings["DATABASE_URL"] = ""
    house = spawn([sys.executable, "manage.py", "up"], cwd=ROOT, env=surroundings)
    started.append(house)
    wait_until(lambda: asks(port, "/readyz") == 200, "readiness", A_WHILE)
    wait_until(lambda: len(below(house.pid)) == 5, "valkey, worker, web with its process, beat", A_WHILE)
    victims = below(house.pid)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    wait_until(
        lambda: len(below(house.pid) - victims) == 5 and asks(port, "/readyz") == 200, "the return of all", A_WHILE
    )
    children = below(house.pid)
    house.kill()
    wait_until(lambda: not any(map(run, children)), "the end of the children")


def asks(port: int, path: str) -> int:
    """The status of the answer; 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
