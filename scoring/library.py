"""The door to XGBoost, opened by whoever first needs a learned model and never before.

A process that only has scorecards does not pay its 30 MiB and 150 ms; a web process opens it after its fork, when a
champion is learned. This is the one place where a module of ours is imported late.
"""

import os
from importlib import import_module
from types import ModuleType


def booster() -> ModuleType:
    """The module `scoring.booster`. Raises ImportError where XGBoost cannot be loaded."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when the library starts its threads
    return import_module("scoring.booster")


def learned() -> ModuleType:
    """The module `scoring.learned`, which needs the former."""
    booster()
    return import_module("scoring.learned")
