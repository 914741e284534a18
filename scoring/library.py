"""The door to numpy and XGBoost, opened by whoever first needs a learned model and never before.

A process that only has scorecards pays for neither. A web process opens the smaller door after its fork, when a
champion is learned: a learned score needs numpy alone. This is the one place where a module of ours is imported late.
"""

import os
from importlib import import_module
from types import ModuleType


def booster() -> ModuleType:
    """The module `scoring.booster`. Raises ImportError where XGBoost cannot be loaded."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when the library starts its threads
    return import_module("scoring.booster")


def learned() -> ModuleType:
    """The module `scoring.learned`. Raises ImportError where numpy cannot be loaded."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same of numpy's
    return import_module("scoring.learned")
