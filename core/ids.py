"""Public ids: a prefix that names the kind and 26 Crockford characters over a version 7 UUID, so ids sort by time."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"i": 1, "l": 1, "o": 0}
_LENGTH = 26
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_SHIFTS = range(5 * (_LENGTH - 2), -1, -10)
_RANDOM = 10
_DRAWN = 400 * _RANDOM


class BadId(ValueError):
    """The text is not an id of the expected kind."""


class _Randomness:
    """The system's randomness, asked for many ids at once: a lead has ten, and each call lets go of the interpreter.

    For ids alone: what is to be a key or a nonce must not lie about in memory before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn, self._next = b"", 0

    def number(self) -> int:
        """80 random bits, given to nobody else."""
        with self._lock:
            if self._next == len(self._drawn):
                self._drawn, self._next = os.urandom(_DRAWN), 0
            begin = self._next
            self._next += _RANDOM
            return int.from_bytes(self._drawn[begin : self._next], "big")


_randomness = _Randomness()


def _draw_anew() -> None:
    """After a fork: what is drawn is the parent's, and a thread that is not here may hold the lock."""
    global _randomness
    _randomness = _Randomness()


os.register_at_fork(after_in_child=_draw_anew)


def first_id(at: datetime) -> UUID:
    """What no id of this instant or later is less than: where a window of time begins in a table ordered by id."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def new_id(at: datetime | None = None) -> UUID:
    """A fresh UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits.

    With `at` it takes its place among the ids of that instant instead of this one.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    value = (milliseconds << 80) | _randomness.number()
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def encode(prefix: str, value: UUID) -> str:
    """The public form, such as `ld_01jv3k...`."""
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def decode_any(text: str) -> UUID | None:
    """The UUID behind a public id of any kind, or behind a UUID's own text; None where the text is neither."""
    try:
        return decode(text.rpartition("_")[0], text)
    except BadId:
        pass
    try:
        return UUID(text)
    except ValueError:
        return None


def decode(prefix: str, text: str) -> UUID:
    """The UUID behind a public id. Raises BadId for another prefix, another length or foreign characters."""
    kind, _, code = text.rpartition("_")
    if kind != prefix or len(code) != _LENGTH:
        raise BadId(text)
    number = 0
    for letter in code.lower():
        if letter not in _VALUES:
            raise BadId(text)
        number = number * 32 + _VALUES[letter]
    if number >> 128:
        raise BadId(text)
    return UUID(int=number)
