"""Presets: the interfaces of well-known systems, each a file of data that a method overrides member by member."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from buyers.exchange.answer_documents import OPERATORS
from core import json

_FOLDER: Final = Path(__file__).parent / "presets"
PRESETS: Final = tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))
_SAMPLE_URL: Final = "https://buyer.example.com/"
_LEAVES: Final = ("needed", "from", "secret", "constant")


@cache
def preset(name: str) -> dict[str, Any]:
    """The preset's document. Not to be changed."""
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return document


def beginning(name: str) -> dict[str, Any]:
    """A document to begin from: the preset's name, and what it needs, with its hints in the places of values."""
    needed = {stage: _needed(stage, value) for stage, value in preset(name).items()}
    return {"method": "http", "preset": name, **{stage: value for stage, value in needed.items() if value}}


def _needed(name: str, value: Any) -> Any:
    """What of the preset is needed, with a sample in its place; None for the rest."""
    if not isinstance(value, dict):
        return None
    hint = value.get("needed")
    if hint is None:
        found = ((member, _needed(member, item)) for member, item in value.items())
        return {member: item for member, item in found if item} or None
    if '{"secret"' in hint:
        return {"secret": hint.partition(",")[0]}
    return _SAMPLE_URL if name == "url" else hint


def overridden(base: Any, change: Any) -> Any:
    """The base with the change in it: objects member by member, null takes a member away, all else replaces.

    What stands for one value is replaced whole: a mapped field, a secret, a constant. A test of an answer takes one
    operator, so another one takes the place of the preset's; who tells success anew tells refusals anew, too.
    """
    if not isinstance(base, dict) or not isinstance(change, dict) or _is_leaf(base) or _is_leaf(change):
        return change
    kept = dict(base)
    if "at" in base and any(operator in change for operator in OPERATORS):
        kept = {name: value for name, value in base.items() if name not in OPERATORS}
    if "success" in base and "success" in change:
        kept.pop("refusal", None)
    for name, value in change.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = overridden(kept.get(name), value)
    return kept


def _is_leaf(value: dict[str, Any]) -> bool:
    return any(name in value for name in _LEAVES)
