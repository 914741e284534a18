"""Ties a process to its parent, so that a killed supervisor leaves nobody behind to hold ports and databases."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sig: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send `sig` to this process when its parent ends. Linux only; elsewhere nothing happens.

    The wish survives exec but not fork, and is dropped when a process changes its user: ask after both.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


def dying_with(parent: int, sig: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn` that ties the child to process `parent`, also when the parent ended before the child could ask."""

    def tie() -> None:
        die_with_parent(sig)
        if os.getppid() != parent:
            os.kill(os.getpid(), sig)

    return tie
