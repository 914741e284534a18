"""What is told to whom, and how each telling went. The tables are the queue: what is due is a row with its time.

References to leads, sales and buyers are opaque ids, since those tables stand above this app.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import Agency
from accounts.visibility import VisibleQuerySet
from core.clock import now
from core.records import Record


class EndpointState(models.TextChoices):
    """Only an active endpoint is sent to; what happens meanwhile is held for it."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class OwnerKind(models.TextChoices):
    """Whose endpoint it is: the agency's, a buyer's subscription, or a contract's delivery address."""

    AGENCY = "agency"
    BUYER = "buyer"
    CONTRACT = "contract"


class MessageState(models.TextChoices):
    """A message's way. `due` and `sending` are in the queue; a `sending` one past its lease is due again."""

    DUE = "due"
    SENDING = "sending"
    DONE = "done"
    EXHAUSTED = "exhausted"
    HELD = "held"
    CANCELLED = "cancelled"


class EndpointRows(VisibleQuerySet["Endpoint"]):
    """Endpoints: a key bound to a buyer sees that buyer's."""

    mode_lookup = "mode"
    buyer_lookup = "buyer_id"


class Endpoint(Record):
    """A subscriber's URL. `buyer_id` and `campaign_id` narrow what it hears of."""

    prefix = "we"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="endpoints")
    mode = models.CharField(max_length=4)
    owner_kind = models.CharField(max_length=8, choices=OwnerKind.choices)
    owner_id = models.UUIDField()
    url = models.CharField(max_length=2000)
    events = models.JSONField(default=list)
    campaign_id = models.UUIDField(null=True, blank=True)
    buyer_id = models.UUIDField(null=True, blank=True)
    description = models.CharField(max_length=200, default="", blank=True)
    state = models.CharField(max_length=8, choices=EndpointState.choices, default=EndpointState.ACTIVE)
    disabled_reason = models.CharField(max_length=200, default="", blank=True)
    timeout_ms = models.PositiveIntegerField(default=10_000)
    max_in_flight = models.PositiveSmallIntegerField(default=5)
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = EndpointRows.as_manager()

    class Meta:
        indexes = [models.Index(fields=["agency", "mode", "owner_kind"], name="endpoint_by_owner")]

    def __str__(self) -> str:
        return self.public_id


class EndpointSecret(models.Model):
    """A sealed signing secret; the current one signs for ever, an older one until `signs_until`."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=now, editable=False)
    signs_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(signs_until__isnull=True), name="one_current_secret"
            ),
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"


class EventRows(VisibleQuerySet["Event"]):
    """Events: a key bound to a buyer sees those that name it."""

    mode_lookup = "mode"
    buyer_lookup = "buyer_ref"


class Event(Record):
    """Something that happened, once: `key` is its natural name. `body` names nobody; `full_body` is sealed."""

    prefix = "evt"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    mode = models.CharField(max_length=4)
    type = models.CharField(max_length=40)
    lead_ref = models.UUIDField(null=True)
    sale_ref = models.UUIDField(null=True)
    buyer_ref = models.UUIDField(null=True)
    sequence = models.IntegerField(default=1)
    key = models.CharField(max_length=120)
    body = models.BinaryField()
    full_body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=now)

    objects = EventRows.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "mode", "key"], name="event_told_once")]
        indexes = [models.Index(fields=["lead_ref"], name="event_of_lead", condition=Q(lead_ref__isnull=False))]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class MessageRows(VisibleQuerySet["Message"]):
    """Messages: a key bound to a buyer sees those to its own endpoints."""

    mode_lookup = "mode"
    buyer_lookup = "endpoint__buyer_id"


class Message(Record):
    """One event for one endpoint: the outbox row. `due_at` is when it is next tried, in the database's clock."""

    prefix = "msg"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    mode = models.CharField(max_length=4)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, db_index=False, related_name="messages")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, db_index=False, related_name="messages")
    full = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=MessageState.choices, default=MessageState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=24, default="", blank=True)
    first_attempt_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    objects = MessageRows.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "endpoint"], name="message_once_per_endpoint")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="message_due", condition=Q(state__in=["due", "sending"])),
            models.Index(F("endpoint"), F("created_at").desc(), name="message_of_endpoint"),
            models.Index(fields=["agency", "finished_at"], name="message_dead", condition=Q(state="exhausted")),
        ]

    def __str__(self) -> str:
        return self.public_id


class Attempt(models.Model):
    """One try and how it ended. `response_head` is the first part of the answer's text."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=24)
    http_status = models.PositiveSmallIntegerField(null=True)
    response_head = models.TextField(default="", blank=True)
    address = models.CharField(max_length=45, default="", blank=True)
    trigger = models.CharField(max_length=6, default="auto")

    def __str__(self) -> str:
        return f"{self.message_id} try {self.number}: {self.outcome}"
