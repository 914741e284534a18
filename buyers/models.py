"""Who buys: companies, their standing orders, how leads reach them, and how much room is left.

Caps, filters, schedules and price rules are documents that routing reads; their money is in minor units. A counter
belongs to whatever has a cap (contract, buyer, campaign, source), so its subject is an opaque id.
"""

from django.db import models
from django.db.models import Q

from accounts.models import Agency
from accounts.visibility import VisibleQuerySet
from billing.models import Account
from core.clock import now
from core.ids import new_id
from core.records import Record
from routing.models import Campaign
from webhooks.models import Endpoint


class Status(models.TextChoices):
    """Whether something takes part in the market; what is archived stays on record and out of sight."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Method(models.TextChoices):
    """How a contract's leads reach the buyer."""

    WEBHOOK = "webhook"
    PORTAL = "portal"
    HTTP = "http"


class Sells(models.TextChoices):
    """Whether the contract takes leads for itself alone, together with others, or both."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    BOTH = "both"


class BuyerRows(VisibleQuerySet["Buyer"]):
    """Buyers: a key bound to a buyer sees that buyer."""

    buyer_lookup = "id"


class Buyer(Record):
    """A company that buys leads, with one current account for live leads and one for test leads."""

    prefix = "buyer"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    timezone = models.CharField(max_length=64)
    return_days = models.PositiveSmallIntegerField(default=7)
    caps = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    external_id = models.CharField(max_length=200, default="", blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    test_account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = BuyerRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "created_at", "id"], name="buyer_page"),
            models.Index(fields=["agency", "external_id"], name="buyer_external", condition=~Q(external_id="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="buyer_status"),
            models.CheckConstraint(condition=Q(return_days__lte=365), name="buyer_return_days"),
        ]

    def __str__(self) -> str:
        return self.name


class ContractRows(VisibleQuerySet["Contract"]):
    """Contracts: a key bound to a buyer sees that buyer's."""

    buyer_lookup = "buyer_id"


class Contract(Record):
    """A buyer's standing order in a campaign. `return_penalty` is in basis points of what it offers in an auction."""

    prefix = "ctr"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="contracts")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="contracts")
    name = models.CharField(max_length=200)
    price = models.BigIntegerField()
    priority = models.PositiveIntegerField(default=1)
    weight = models.PositiveIntegerField(default=50)
    min_score = models.PositiveSmallIntegerField(default=0)
    min_percentile = models.PositiveSmallIntegerField(default=0)
    timezone = models.CharField(max_length=64, default="", blank=True)
    filters = models.JSONField(default=dict, blank=True)
    caps = models.JSONField(default=list, blank=True)
    schedule = models.JSONField(default=list, blank=True)
    dedupe_days = models.PositiveSmallIntegerField(default=30)
    confirm_minutes = models.PositiveIntegerField(default=0)
    price_rules = models.JSONField(default=list, blank=True)
    sells = models.CharField(max_length=9, choices=Sells.choices, default=Sells.EXCLUSIVE)
    shared_price = models.BigIntegerField(null=True, blank=True)
    min_bid = models.BigIntegerField(null=True, blank=True)
    max_bid = models.BigIntegerField(null=True, blank=True)
    return_penalty = models.PositiveSmallIntegerField(default=0)
    refund_undelivered = models.BooleanField(default=False)
    mock = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    external_id = models.CharField(max_length=200, default="", blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = ContractRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "created_at", "id"], name="contract_page"),
            models.Index(fields=["agency", "external_id"], name="contract_external", condition=~Q(external_id="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="contract_status"),
            models.CheckConstraint(condition=Q(sells__in=Sells.values), name="contract_sells"),
            models.CheckConstraint(condition=Q(price__gte=0), name="contract_price"),
            models.CheckConstraint(
                condition=Q(shared_price__isnull=True) | Q(shared_price__gte=0), name="contract_shared_price"
            ),
            models.CheckConstraint(condition=Q(min_bid__isnull=True) | Q(min_bid__gte=0), name="contract_min_bid"),
            models.CheckConstraint(
                condition=Q(max_bid__isnull=True)
                | (Q(max_bid__gte=1) & (Q(min_bid__isnull=True) | Q(max_bid__gte=models.F("min_bid")))),
                name="contract_max_bid",
            ),
            models.CheckConstraint(condition=Q(return_penalty__lte=10_000), name="contract_return_penalty"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=10_000), name="contract_weight"),
            models.CheckConstraint(condition=Q(min_score__lte=100), name="contract_min_score"),
            models.CheckConstraint(condition=Q(min_percentile__lte=99), name="contract_min_percentile"),
            models.CheckConstraint(condition=Q(dedupe_days__lte=365), name="contract_dedupe_days"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> str:
        """The zone its schedule and caps follow: its own, else its buyer's."""
        return self.timezone or self.buyer.timezone


class DeliveryMethod(models.Model):
    """One way a contract's leads reach its buyer: the primary one decides the sale, the others inform."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="deliveries")
    primary = models.BooleanField(default=True)
    method = models.CharField(max_length=16, choices=Method.choices)
    config = models.TextField(default="", blank=True)
    """Of `http`, as JSON text: PostgreSQL's own JSON forgets the order of members, which XML and forms are sent in."""
    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract"], condition=Q(primary=True), name="delivery_one_primary"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="delivery_method"),
            models.CheckConstraint(
                condition=Q(method=Method.WEBHOOK, endpoint__isnull=False) | ~Q(method=Method.WEBHOOK),
                name="delivery_webhook_has_endpoint",
            ),
        ]

    def __str__(self) -> str:
        return self.method


class CapCounter(models.Model):
    """What one capped subject has bought in one period, in leads and in minor units: sales and live holds."""

    mode = models.CharField(max_length=4)
    subject_id = models.UUIDField()
    window = models.CharField(max_length=5)
    period_start = models.DateTimeField()
    leads = models.IntegerField(default=0)
    money = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            # The period stands before the window: the market read names a few periods and many subjects.
            models.UniqueConstraint(fields=["mode", "subject_id", "period_start", "window"], name="cap_counter_key"),
            models.CheckConstraint(condition=Q(leads__gte=0, money__gte=0), name="cap_counter_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.window} from {self.period_start}: {self.leads}"


class Rotation(models.Model):
    """A contract's place in its campaign's rotation: when it was last served, and its pass in weighted order."""

    mode = models.CharField(max_length=4)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+", db_index=False)
    ticket = models.BigIntegerField(default=0)
    pass_value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "mode"], name="rotation_key")]

    def __str__(self) -> str:
        return f"{self.contract_id}: {self.ticket}"
