"""The closed lists of the outbox: what an endpoint and a message can be, and why an attempt was made."""

from typing import Final

from django.db import models


class EndpointState(models.TextChoices):
    """Paused by people, or by an address that we refuse to call; disabled by the receiver's own 410."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class OwnerKind(models.TextChoices):
    """On whose behalf we call: the agency, a buyer's own subscription, or a contract's delivery."""

    AGENCY = "agency"
    BUYER = "buyer"
    CONTRACT = "contract"


class MessageState(models.TextChoices):
    """`due` waits for its time; `sending` is leased; `held` waits for its endpoint; the others are ends."""

    DUE = "due"
    SENDING = "sending"
    DONE = "done"
    EXHAUSTED = "exhausted"
    HELD = "held"
    CANCELLED = "cancelled"


class Trigger(models.TextChoices):
    """Why an attempt was made."""

    AUTO = "auto"
    MANUAL = "manual"
    REPLAY = "replay"
    TEST = "test"


OPEN: Final = (MessageState.DUE, MessageState.SENDING)
"""States in which `due_at` says when a worker may claim the row: a lost lease makes a `sending` row due again."""

EVENT_TYPES: Final = (
    "lead.received",
    "lead.accepted",
    "lead.delivered",
    "lead.rejected",
    "lead.unsold",
    "lead.duplicate",
    "lead.returned",
    "lead.converted",
    "ping.won",
    "ping.lost",
    "buyer.balance_low",
    "buyer.paused",
    "contract.cap_reached",
    "delivery.failing",
    "delivery.dead_lettered",
    "endpoint.disabled",
    "ledger.check_failed",
    "model.drift",
    "model.failing",
)
"""Everything that can be subscribed to."""
