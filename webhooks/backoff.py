"""When to try again: the published schedule. Pure, so that a month of retries is tested in a millisecond."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_GAPS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""The gaps after the first, second and third try; each one after that is LATER_GAP."""
LATER_GAP: Final = timedelta(hours=1)
JITTER: Final = 0.2
"""Each gap is stretched or shortened by up to this share, so that an outage does not end in a storm."""
LIFETIME: Final = timedelta(hours=72)
"""No try is planned later than this after the first one."""
SLOW_DOWN: Final = timedelta(minutes=1)
"""The shortest gap after an answer that asks for time: 429, 502, 503, 504, or none at all."""
LONGEST_WISH: Final = timedelta(hours=24)
"""How much of a receiver's Retry-After is honoured."""


def next_attempt(
    *,
    tries: int,
    first_attempt_at: datetime,
    now: datetime,
    jitter: float,
    retry_after: timedelta | None = None,
    slow_down: bool = False,
) -> datetime | None:
    """When the next try is due after `tries` (at least 1) of them, or None where the message has had its 72 hours.

    `jitter` is a number from 0 to 1, drawn by the caller. A receiver's wish can only delay the try, by a day at the
    most; where it points beyond the message's life, the last moment of that life is taken.
    """
    gap = FIRST_GAPS[tries - 1] if tries <= len(FIRST_GAPS) else LATER_GAP
    gap *= 1 + JITTER * (2 * jitter - 1)
    end = first_attempt_at + LIFETIME
    if slow_down:
        gap = max(gap, SLOW_DOWN)
    if now + gap > end:
        return None
    if retry_after is not None:
        gap = max(gap, min(retry_after, LONGEST_WISH))
    return min(now + gap, end)


def read_retry_after(text: str, *, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for, in seconds or as an HTTP date; None where it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))
