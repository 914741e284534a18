"""The nouns of a lead's life: who sent it, what it was, who bought it, why, and what was refused at the door.

Contact data stands only in sealed columns, under a data key per lead (accounts.DataKey); people are found again by
keyed hashes of telephone and e-mail. `mode` separates the live book from the test book.

References to configuration carry no constraint in the database: its rows are archived, never deleted, and proving it
for every lead would lock the agency's few rows as often as it has leads.
"""

from typing import Self

from django.db import models
from django.db.models import F, Q

from accounts.models import Agency
from accounts.principals import Principal
from accounts.visibility import VisibleQuerySet
from buyers.models import Buyer, Contract
from core.ids import new_id
from core.records import Record
from routing.models import Campaign, ConfigVersion

DIRECT = "direct"  # the built-in source that takes what names no known source


class SourceRows(VisibleQuerySet["Source"]):
    """Sources: a key bound to a source sees itself; buyers see none."""

    source_lookup = "id"


class LeadRows(VisibleQuerySet["Lead"]):
    """Leads: a source sees what it sent, a buyer what was sold to it."""

    mode_lookup = "mode"
    source_lookup = "source_id"

    def visible_to(self, principal: Principal) -> Self:
        """A buyer's leads are found through its sales that stand."""
        if principal.buyer_id is None:
            return super().visible_to(principal)
        sold = Sale.objects.filter(buyer_id=principal.buyer_id).exclude(state__in=["refused", "expired"])
        rows = self.filter(agency_id=principal.agency_id, mode=principal.mode)
        return rows.filter(pk__in=sold.values("lead_id"))


class SaleRows(VisibleQuerySet["Sale"]):
    """Sales: of a buyer its own; a source learns of none."""

    mode_lookup = "mode"
    buyer_lookup = "buyer_id"


class SubmissionRows(VisibleQuerySet["Submission"]):
    """Refused submissions: of a source its own."""

    mode_lookup = "mode"
    source_lookup = "source_id"


class PingRows(VisibleQuerySet["Ping"]):
    """Pings: of a source its own; buyers see none."""

    mode_lookup = "mode"
    source_lookup = "source_id"


class Source(Record):
    """Who sends leads: a form, an affiliate, a publisher. `payout_value`: minor units, or basis points of the price."""

    prefix = "src"

    class Payout(models.TextChoices):
        FIXED = "fixed"
        PERCENT = "percent"
        NONE = "none"

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        ARCHIVED = "archived"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="sources")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80)
    payout_kind = models.CharField(max_length=8, choices=Payout.choices, default=Payout.NONE)
    payout_value = models.BigIntegerField(default=0)
    default_campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="+")
    caps = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    external_id = models.CharField(max_length=120, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SourceRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "slug"], name="source_slug_once"),
            models.CheckConstraint(condition=Q(payout_value__gte=0), name="source_payout_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class Received(Record):
    """What a source sent to a campaign, in which book, and the keyed hashes by which its person is found again."""

    agency = models.ForeignKey(Agency, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    mode = models.CharField(max_length=4)
    campaign = models.ForeignKey(Campaign, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    source_text = models.CharField(max_length=200, blank=True)
    key_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    phone_hash = models.BinaryField(max_length=16, null=True)
    email_hash = models.BinaryField(max_length=16, null=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.public_id


class Lead(Received):
    """One recorded lead, whatever became of it. Amounts are minor units of `currency`."""

    prefix = "ld"

    class Status(models.TextChoices):
        ACCEPTED = "accepted"
        UNSOLD = "unsold"
        DUPLICATE = "duplicate"
        REJECTED = "rejected"
        PENDING = "pending"

    status = models.CharField(max_length=9, choices=Status.choices)
    routing_decision = models.CharField(max_length=24)
    score = models.SmallIntegerField()
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=5, blank=True)
    sealed = models.BinaryField()
    external_id = models.CharField(max_length=120, blank=True)
    duplicate_of = models.UUIDField(null=True)
    buyer_id = models.UUIDField(null=True)
    price = models.BigIntegerField(default=0)
    payout = models.BigIntegerField(default=0)
    last_sequence = models.IntegerField(default=0)
    updated_at = models.DateTimeField()

    objects = LeadRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "mode", "-created_at", "-id"], name="lead_newest"),
            # The hashes are keyed by agency. A column beside them would tempt the planner to other indexes.
            models.Index(fields=["phone_hash"], name="lead_phone", condition=Q(phone_hash__isnull=False)),
            models.Index(fields=["email_hash"], name="lead_email", condition=Q(email_hash__isnull=False)),
            models.Index(fields=["agency", "external_id"], name="lead_external", condition=~Q(external_id="")),
        ]


class Sale(Record):
    """One lead sold to one contract: price and payout are fixed at the sale, in minor units.

    Where the buyer is posted to in real time, `post` says how far that is; whoever does it holds `post_lease`, and what
    the buyer answered is in `post_answer` (outcome, reason, milliseconds, names of the fields sent).
    """

    prefix = "sale"

    class State(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        EXPIRED = "expired"
        UNDELIVERED = "undelivered"
        DELIVERED = "delivered"
        RETURNED = "returned"

    class Post(models.TextChoices):
        """How far a real-time post to the buyer has come. `unknown`: the buyer may have the lead, nobody can tell."""

        NONE = ""
        DUE = "due"
        SENT = "sent"
        UNKNOWN = "unknown"
        ANSWERED = "answered"

    agency = models.ForeignKey(Agency, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    mode = models.CharField(max_length=4)
    lead = models.ForeignKey(Lead, models.PROTECT, db_index=False, related_name="sales")
    contract = models.ForeignKey(Contract, models.PROTECT, db_constraint=False, db_index=False, related_name="sales")
    buyer = models.ForeignKey(Buyer, models.PROTECT, db_constraint=False, db_index=False, related_name="sales")
    campaign = models.ForeignKey(Campaign, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    state = models.CharField(max_length=11, choices=State.choices)
    exclusive = models.BooleanField()
    currency = models.CharField(max_length=3)
    price = models.BigIntegerField()
    payout = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True)
    sold_at = models.DateTimeField()
    confirm_by = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    conversion_value = models.BigIntegerField(null=True)
    converted_at = models.DateTimeField(null=True)
    post = models.CharField(max_length=8, choices=Post.choices, default=Post.NONE, db_default="", blank=True)
    post_lease = models.DateTimeField(null=True)
    post_answer = models.JSONField(null=True)

    objects = SaleRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "contract"],
                condition=~Q(state__in=["refused", "expired"]),
                name="sale_once_per_contract",
            ),
            models.CheckConstraint(condition=Q(price__gte=0) & Q(payout__gte=0), name="sale_amounts_not_negative"),
        ]
        indexes = [
            models.Index(fields=["lead"], name="sale_of_lead"),
            models.Index(fields=["contract", "mode", "sold_at"], name="sale_of_contract"),
            models.Index(fields=["buyer", "mode", "sold_at"], name="sale_of_buyer"),
            models.Index(fields=["confirm_by"], name="sale_to_confirm", condition=Q(state="pending")),
            models.Index(
                fields=["post_lease"], name="sale_to_post", condition=Q(state="pending", post__in=["due", "sent"])
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Decision(models.Model):
    """The stored record of one run of the engine: enough, with its configuration version, to run it again bit for bit.

    `codes` lists a reason code per contract in the order of the configuration's content; everything personal (facts,
    inputs of failing rules) is in `sealed`.
    """

    class Kind(models.TextChoices):
        ROUTE = "route"
        REROUTE = "reroute"
        ASSIGN = "assign"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey(Lead, models.PROTECT, db_index=False, related_name="decisions")
    number = models.SmallIntegerField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    config_version = models.ForeignKey(
        ConfigVersion, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    outcome = models.CharField(max_length=8)
    codes = models.JSONField()
    sealed = models.BinaryField()
    decided_at = models.DateTimeField()

    objects: models.Manager["Decision"]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "number"], name="decision_number_once")]
        ordering = [F("number").asc()]

    def __str__(self) -> str:
        return f"{self.lead_id} #{self.number}"


class Ping(Received):
    """A question for a price: what was told of a lead without naming anybody, and the terms promised for it.

    `fields` holds values that may be told before a sale; a person is known by keyed hashes alone. `price` is what was
    answered, in minor units. `terms` are the promise: one leg per sale, and what the source was to earn.
    """

    prefix = "ping"

    class Status(models.TextChoices):
        BID = "bid"
        NO_BID = "no_bid"

    status = models.CharField(max_length=6, choices=Status.choices)
    price = models.BigIntegerField(null=True)
    fields = models.JSONField()
    terms = models.JSONField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    lead_id = models.UUIDField(null=True)

    objects = PingRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "mode", "-created_at", "-id"], name="ping_newest"),
            models.Index(fields=["created_at"], name="ping_to_forget", condition=Q(lead_id=None)),
        ]


class Auction(models.Model):
    """One round of questions to buyers: whom we pinged, what each was told and what it bid. Names nobody.

    `record` lists the pings as `leads.bids` writes them; `sealed` the buyers' tokens. It belongs to a lead, or to a
    ping until that becomes a lead. `told_at`: when those that bid were told how it ended.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead = models.ForeignKey(Lead, models.PROTECT, db_index=False, null=True, related_name="auctions")
    ping = models.ForeignKey(Ping, models.SET_NULL, db_index=False, null=True, related_name="auctions")
    started_at = models.DateTimeField()
    record = models.JSONField()
    sealed = models.BinaryField(null=True)
    told_at = models.DateTimeField(null=True)

    objects: models.Manager["Auction"]

    class Meta:
        indexes = [
            models.Index(fields=["lead"], name="auction_of_lead", condition=Q(lead__isnull=False)),
            models.Index(fields=["ping"], name="auction_of_ping", condition=Q(ping__isnull=False)),
            models.Index(fields=["started_at"], name="auction_to_tell", condition=Q(told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id or self.ping_id} at {self.started_at}"


class Submission(Record):
    """An authenticated submission that was refused before a lead was recorded, kept a while for its source to see."""

    prefix = "sub"

    agency = models.ForeignKey(Agency, models.CASCADE, db_index=False, related_name="+")
    mode = models.CharField(max_length=4)
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="submissions")
    key_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, default="")
    status = models.SmallIntegerField()
    code = models.CharField(max_length=40)
    answer = models.JSONField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    objects = SubmissionRows.as_manager()

    class Meta:
        indexes = [models.Index(fields=["agency", "mode", "-created_at", "-id"], name="submission_newest")]

    def __str__(self) -> str:
        return f"{self.status} {self.code}"
