"""Real processes for tests: started tied to the test process, waited for, and always stopped."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from leaddistro.parent_death import dying_with

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0  # seconds; generous, since a busy machine must not fail a test
ON_TEST_DATABASE = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv.pop(1)
django.setup()
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(
    command: Sequence[str],
    *,
    user: str | None = None,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    output: Any = subprocess.DEVNULL,
    death: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """A child in a process group of its own (Ctrl-C stays ours), sent `death` when this process dies."""
    identity: dict[str, Any] = {}
    if user:
        identity = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=cwd,
        env=env,
        process_group=0,
        preexec_fn=dying_with(os.getpid(), death),
        **identity,
    )


def spawn_python(code: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """A child that runs `code` with Django set up on this test's own database; `arguments` are its sys.argv[1:].

    Needs a test with `transaction=True`: another process sees only what is committed.
    """
    database = str(connection.settings_dict["NAME"])
    return spawn([sys.executable, "-c", ON_TEST_DATABASE + code, database, *arguments], **options)


def wait_until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Return as soon as `condition` is true; fail the test, naming `what` was awaited, when it never is."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain: {what}"
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], sig: signal.Signals = signal.SIGTERM) -> int:
    """End a child and all of its process group; its exit code."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sig)
    try:
        return process.wait(PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
