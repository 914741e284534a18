"""Claim, send, record, over and over: every free slot is filled as soon as it is free, so nobody waits for the slow."""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Final

from core.clock import now as clock
from core.http import loop
from core.http.outcomes import Outcome
from webhooks.backoff import LIFETIME
from webhooks.claims import claim_due
from webhooks.finishing import conclude_lost, record
from webhooks.models import Message
from webhooks.sending import Tried, pack, send
from webhooks.states import Trigger

SLOTS: Final = 200
"""Messages that one process has in flight at a time."""
BATCH: Final = 50
SECONDS: Final = 20.0
"""How long one run goes on claiming; what is in flight then is waited for."""
_LOOK_AGAIN: Final = 0.2  # seconds after which new work is looked for while others are in flight
_GATHER: Final = 0.01  # seconds in which tries that end together are gathered into one transaction

Flights = set["Future[Tried]"]
_stopping: Final = threading.Event()


def stop_claiming() -> None:
    """For a process about to end: what is in flight lands and is recorded, and nothing more is taken off the queue."""
    _stopping.set()


def deliver_due(*, seconds: float = SECONDS, slots: int = SLOTS) -> int:
    """Send what is due until nothing is, or the time is up; how many tries were made.

    Between claiming and recording no transaction is open. Dying anywhere loses nothing: the lease ends, and the
    message goes out again under the same id.
    """
    end = time.monotonic() + seconds
    flights: Flights = set()
    tries = 0
    while True:
        if time.monotonic() < end and not _stopping.is_set():
            flights |= _launch(min(BATCH, slots - len(flights)))
        if not flights:
            return tries
        landed = _land(flights)
        flights -= landed
        tries += len(landed)
        if landed:
            record([flight.result() for flight in landed])


def _launch(free: int) -> Flights:
    if free <= 0:
        return set()
    messages = claim_due(free)
    hopeless = [message for message in messages if _is_hopeless(message)]
    if hopeless:
        conclude_lost(hopeless, clock())
    return {loop.submit(send(parcel)) for parcel in pack([one for one in messages if one not in hopeless])}


def _is_hopeless(message: Message) -> bool:
    """Whether the last try was lost with its worker and another one would come too late to be promised."""
    if message.last_outcome != Outcome.LEASE_LOST or message.first_attempt_at is None:
        return False
    return message.trigger == Trigger.TEST or clock() > message.first_attempt_at + LIFETIME


def _land(flights: Flights) -> Flights:
    landed, flying = wait(flights, timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED)
    if landed and flying:
        landed |= wait(flying, timeout=_GATHER).done
    return landed
