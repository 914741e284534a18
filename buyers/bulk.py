"""Many changes at once, all or none: what one of them may not do, none does, and each refusal names its item."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from rest_framework.exceptions import ValidationError

from core.api.problems import flatten
from core.errors import DomainError, FieldError, FieldProblems

AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a batch: its place in the request ("items.3") and the act, which gives the outcome to report."""

    where: str
    act: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch did, or would do: an outcome per step, and the problems that stopped it."""

    outcomes: list[dict[str, Any]]
    problems: list[FieldError]


class _Undone(Exception):
    """Takes back a batch. Never leaves this file."""


def run_batch(steps: Iterable[Step], *, dry_run: bool) -> Batch:
    """Opens a transaction. Take every step, and keep them only where all succeeded and `dry_run` is false.

    A dry run is the same run, taken back, so that it never says anything else. Refusals are collected, not raised.
    """
    batch = Batch([], [])
    try:
        with transaction.atomic():
            for step in steps:
                _take(step, batch)
            if dry_run or batch.problems:
                raise _Undone
    except _Undone:
        pass
    return batch


def refuse_problems(batch: Batch) -> None:
    """Raise FieldProblems where a step was refused."""
    if batch.problems:
        raise FieldProblems(batch.problems)


def _take(step: Step, batch: Batch) -> None:
    found: tuple[FieldError, ...] = ()
    try:
        with transaction.atomic():
            batch.outcomes.append(dict(step.act()))
    except ValidationError as error:
        found = tuple(flatten(error.detail))
    except DomainError as error:
        found = error.errors or (FieldError("", error.code, error.detail),)
    if found:
        batch.outcomes.append({"outcome": "error", "errors": [_shown(problem) for problem in found]})
    for problem in found:
        path = f"{step.where}.{problem.field}" if problem.field else step.where
        batch.problems.append(FieldError(path, problem.code, problem.detail))


def _shown(error: FieldError) -> dict[str, str]:
    return {"field": error.field, "code": error.code, "detail": error.detail}
