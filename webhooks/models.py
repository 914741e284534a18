"""The tables of telling: who wants to know, what happened, one message per event and endpoint, one row per attempt.

The message table is the queue. Whatever is due is a row in it; nothing else remembers a time, a count or a lease.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Agency, Mode
from accounts.principals import Principal
from accounts.visibility import VisibleQuerySet
from core.clock import now
from core.ids import new_id
from core.records import Record
from webhooks.states import EndpointState, MessageState, OwnerKind, Trigger


class EndpointSet(VisibleQuerySet["Endpoint"]):
    """Endpoints in use. A buyer sees its own and its contracts', never the agency's endpoints about that buyer."""

    mode_lookup = "mode"
    buyer_lookup = "buyer_id"

    def visible_to(self, principal: Principal) -> "EndpointSet":
        """The endpoints this principal may see, deleted ones left out."""
        rows = super().visible_to(principal).filter(deleted_at=None)
        return rows if principal.buyer_id is None else rows.exclude(owner_kind=OwnerKind.AGENCY)


class MessageSet(VisibleQuerySet["Message"]):
    """Messages are seen by whoever sees their endpoint, also after it was deleted."""

    mode_lookup = "mode"
    buyer_lookup = "endpoint__buyer_id"

    def visible_to(self, principal: Principal) -> "MessageSet":
        """The messages this principal may see."""
        rows = super().visible_to(principal)
        return rows if principal.buyer_id is None else rows.exclude(endpoint__owner_kind=OwnerKind.AGENCY)


class EventSet(VisibleQuerySet["Event"]):
    """Events: a buyer sees those that name it."""

    mode_lookup = "mode"
    buyer_lookup = "buyer_ref"


class Endpoint(Record):
    """A subscriber's URL. `owner_id` is opaque here; `buyer_id` and `campaign_id` narrow what it is told.

    `failing_since`, `last_success_at` and `last_failure_at` are written when health changes, not at every attempt.
    Deleted endpoints stay as rows, without secrets, because messages refer to them.
    """

    prefix = "we"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    owner_kind = models.CharField(max_length=8, choices=OwnerKind.choices)
    owner_id = models.UUIDField()
    url = models.CharField(max_length=2000)
    events = models.JSONField(default=list, blank=True)
    campaign_id = models.UUIDField(null=True, blank=True)
    buyer_id = models.UUIDField(null=True, blank=True)
    description = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=EndpointState.choices, default=EndpointState.ACTIVE)
    disabled_reason = models.CharField(max_length=200, blank=True)
    timeout_ms = models.PositiveIntegerField(default=10_000)
    max_in_flight = models.PositiveSmallIntegerField(default=5)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = EndpointSet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(timeout_ms__gte=1_000, timeout_ms__lte=30_000), name="endpoint_timeout_in_bounds"
            ),
            models.CheckConstraint(condition=Q(max_in_flight__gte=1), name="endpoint_sends_something"),
            models.CheckConstraint(
                condition=~Q(owner_kind=OwnerKind.BUYER) | Q(buyer_id=models.F("owner_id")),
                name="buyers_endpoint_is_narrowed_to_its_buyer",
            ),
        ]
        indexes = [models.Index(fields=["agency", "mode", "created_at"], name="endpoint_by_age")]

    def __str__(self) -> str:
        return self.public_id


class EndpointSecret(models.Model):
    """A signing key, sealed. `signs_until` is null for the current one and the end of its overlap for an older one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=now, editable=False)
    signs_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(signs_until__isnull=True), name="one_current_secret"
            ),
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"


class Event(Record):
    """Something that happened. `key` names the fact, so the same fact never makes two events.

    `body` is what everybody is told and `full_body` what the buyer that owns the lead is told, sealed under the lead's
    data key: the very bytes that are signed and sent, frozen here. Emptied by age once no message needs them.
    """

    prefix = "evt"

    # No constraint: a foreign key check would lock the agency's row for every lead.
    agency = models.ForeignKey(
        Agency, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    type = models.CharField(max_length=40)
    lead_ref = models.UUIDField(null=True, blank=True)
    sale_ref = models.UUIDField(null=True, blank=True)
    buyer_ref = models.UUIDField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=200)
    body = models.BinaryField()
    full_body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=now)

    objects: ClassVar = EventSet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "mode", "key"], name="one_event_per_fact")]
        indexes = [
            models.Index(fields=["lead_ref", "sequence"], name="event_of_a_lead", condition=Q(lead_ref__isnull=False)),
            models.Index(fields=["created_at"], name="event_with_body_by_age", condition=~Q(body=b"")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class Message(Record):
    """One event for one endpoint: the queue's row.

    While open, `due_at` is when it may be claimed; a claim moves it to the lease's end, so the same scan finds what a
    dead worker left. `attempts` counts claims; `earlier_attempts` of them belong to runs before a replay.
    `trigger` is why the next attempt is made.
    """

    prefix = "msg"

    agency = models.ForeignKey(
        Agency, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, db_index=False, related_name="messages")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, db_index=False, related_name="messages")
    full = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=MessageState.choices, default=MessageState.DUE)
    trigger = models.CharField(max_length=6, choices=Trigger.choices, default=Trigger.AUTO)
    attempts = models.PositiveIntegerField(default=0)
    earlier_attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    claim_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    last_outcome = models.CharField(max_length=20, blank=True)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    objects: ClassVar = MessageSet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "endpoint"], name="one_message_per_event_and_endpoint")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="message_due", condition=Q(state__in=["due", "sending"])),
            models.Index(
                fields=["endpoint", "due_at", "id"],
                name="message_due_of_endpoint",
                condition=Q(state__in=["due", "sending"]),
            ),
            models.Index(fields=["endpoint"], name="message_in_flight", condition=Q(state="sending")),
            models.Index(fields=["endpoint"], name="message_held", condition=Q(state="held")),
            models.Index(fields=["endpoint", "created_at", "id"], name="message_of_endpoint"),
            models.Index(
                fields=["agency", "mode", "created_at", "id"],
                name="message_dead_letter",
                condition=Q(state="exhausted"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.state}"


class Attempt(models.Model):
    """One try at one message, as it ended. Written once; pruned by age."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=20)
    http_status = models.PositiveSmallIntegerField(null=True)
    response_head = models.TextField(blank=True)
    address = models.CharField(max_length=45, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    trigger = models.CharField(max_length=6, choices=Trigger.choices, default=Trigger.AUTO)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="one_attempt_per_number")]
        indexes = [models.Index(fields=["started_at"], name="attempt_by_age")]

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number} {self.outcome}"
