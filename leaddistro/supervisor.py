"""Runs the house on one machine: starts its programs, starts again what falls, and leaves nobody behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from leaddistro.parent_death import dying_with
from leaddistro.programs import Program

POLL = 0.2  # seconds between two looks at the children
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.5, 10.0  # seconds before a fallen child is started again; doubles
STEADY_AFTER = 30.0  # seconds after which a child counts as healthy and its back-off starts anew
GRACE = 15.0  # seconds that all children together have to end
LAST_GRACE = 2.0  # seconds that each has even when the others took it all


class Child:
    """One program, in a process group of its own, tied to the life of this process."""

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        self.program = program
        self.environment = {**environment, **program.environment}
        self.process: subprocess.Popen[bytes] | None = None
        self.back_off = FIRST_BACK_OFF
        self.started_at = self.start_again_at = 0.0
        self.asked = False

    def start(self) -> None:
        """Start the program."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.program.command,
            stdin=subprocess.DEVNULL,
            env=self.environment,
            process_group=0,
            preexec_fn=dying_with(os.getpid()),
        )

    def tend(self) -> None:
        """Look after the program: where it has ended, clear its group and start it again after the back-off."""
        instant = time.monotonic()
        if self.process is None:
            if instant >= self.start_again_at:
                self.start()
        elif (code := self.process.poll()) is not None:
            self._kill_group()
            self.process = None
            if instant - self.started_at > STEADY_AFTER:
                self.back_off = FIRST_BACK_OFF
            say(f"{self.program.name} ended with {code}; starting it again in {self.back_off:.1f} s")
            self.start_again_at = instant + self.back_off
            self.back_off = min(self.back_off * 2, LONGEST_BACK_OFF)

    def ask(self) -> None:
        """Ask the program to end, once."""
        if self.process is not None and not self.asked:
            self.asked = True
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Ask the program to end, wait until `deadline` (monotonic), then kill what is left of it."""
        if self.process is None:
            return
        self.ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(deadline - time.monotonic(), LAST_GRACE))
        self._kill_group()
        self.process.wait()
        self.process = None

    def _kill_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """Keeps children running until a signal to stop comes: then all end at once, those that others lean on last."""

    def __init__(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        self.children = [Child(program, environment) for program in programs]
        self.stopping = False

    def run(self, meanwhile: Callable[[], None]) -> None:
        """Start and tend all, calling `meanwhile` at each look, until SIGTERM, SIGINT or SIGHUP; then stop all."""
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, self._request_stop)
        try:
            while not self.stopping:
                for child in self.children:
                    child.tend()
                meanwhile()
                time.sleep(POLL)
        finally:
            deadline = time.monotonic() + GRACE
            leaning = [child for child in self.children if not child.program.leaned_on]
            for child in leaning:
                child.ask()
            for child in (*leaning, *(child for child in self.children if child.program.leaned_on)):
                child.stop(deadline)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def say(text: str) -> None:
    """A line to the person at the terminal."""
    print(f"leaddistro: {text}", flush=True)  # noqa: T201 - the supervisor's output is for people
