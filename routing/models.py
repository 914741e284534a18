"""What kind of lead is traded and by which rules: lead types, campaigns, and every configuration that ever decided."""

from django.db import models
from django.db.models import Q

from accounts.models import Agency
from accounts.visibility import EVERY_ROW, VisibleQuerySet
from core.clock import now
from core.records import Record


class Status(models.TextChoices):
    """Whether a campaign takes part; what is archived stays on record and out of sight."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Method(models.TextChoices):
    """How a campaign chooses among eligible contracts."""

    WATERFALL = "waterfall"
    ROUND_ROBIN = "round_robin"
    WEIGHTED = "weighted"
    PING_POST = "ping_post"


class AuctionPrice(models.TextChoices):
    """What the winner of an auction pays: its bid, or the least with which it would still have won."""

    FIRST = "first"
    SECOND = "second"


class RankBy(models.TextChoices):
    """In which order offers stand: the method's own (priority, bids), or by what each is expected to bring."""

    METHOD = "method"
    EXPECTED_VALUE = "expected_value"


class LeadTypeRows(VisibleQuerySet["LeadType"]):
    """Lead types: everybody of the agency may know which fields are asked for."""

    source_lookup = EVERY_ROW
    buyer_lookup = EVERY_ROW


class LeadType(Record):
    """A kind of lead: which fields it has, which are required, personal, or may be told before the sale."""

    prefix = "lt"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="lead_types")
    name = models.SlugField(max_length=80)
    label = models.CharField(max_length=200, default="", blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    external_id = models.CharField(max_length=200, default="", blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = LeadTypeRows.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "name"], name="lead_type_name_once")]

    def __str__(self) -> str:
        return self.label or self.name


class Field(models.Model):
    """One field of a lead type, beside the built-in ones or overruling one of them."""

    lead_type = models.ForeignKey(LeadType, on_delete=models.CASCADE, related_name="fields")
    name = models.CharField(max_length=64)
    type = models.CharField(max_length=10)
    choices = models.JSONField(default=list, blank=True)
    required = models.BooleanField(default=False)
    personal = models.BooleanField(default=False)
    pingable = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=["lead_type", "name"], name="field_name_once")]

    def __str__(self) -> str:
        return self.name


class CampaignRows(VisibleQuerySet["Campaign"]):
    """Campaigns: bound keys may read those of their agency, which name no buyer."""

    source_lookup = EVERY_ROW
    buyer_lookup = EVERY_ROW


class Campaign(Record):
    """A market for one lead type. `floor_price`, `min_margin` and money in `caps` are minor units."""

    prefix = "camp"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="campaigns")
    lead_type = models.ForeignKey(LeadType, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80)
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.WATERFALL)
    rank_by = models.CharField(max_length=14, choices=RankBy.choices, default=RankBy.METHOD)
    currency = models.CharField(max_length=3)
    max_sales = models.PositiveSmallIntegerField(default=1)
    floor_price = models.BigIntegerField(default=0)
    min_margin = models.BigIntegerField(null=True, blank=True)
    dedupe_days = models.PositiveSmallIntegerField(default=30)
    dedupe_scope = models.CharField(max_length=8, default="campaign")
    dedupe_counts = models.CharField(max_length=4, default="all")
    ping_timeout_ms = models.PositiveIntegerField(default=300)
    answer_within_ms = models.PositiveIntegerField(default=500)
    deadline_ms = models.PositiveIntegerField(default=30_000)
    auction_price = models.CharField(max_length=6, choices=AuctionPrice.choices, default=AuctionPrice.FIRST)
    caps = models.JSONField(default=list, blank=True)
    consent_required = models.BooleanField(default=False)
    consent_max_age_days = models.PositiveSmallIntegerField(null=True, blank=True)
    refuse_invalid_phone = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    external_id = models.CharField(max_length=200, default="", blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = CampaignRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "slug"], name="campaign_slug_once"),
            models.CheckConstraint(condition=Q(max_sales__gte=1), name="campaign_sells_at_least_once"),
            models.CheckConstraint(condition=Q(floor_price__gte=0), name="campaign_floor_not_negative"),
            models.CheckConstraint(condition=Q(dedupe_days__range=(1, 365)), name="campaign_dedupe_window"),
        ]

    def __str__(self) -> str:
        return self.name


class ConfigVersion(models.Model):
    """The market terms of a campaign as they stood: what a stored decision is replayed under. Append-only.

    `number` is the agency's version under which this content was first used; equal content is kept once.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, db_index=False, related_name="config_versions")
    number = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    content = models.BinaryField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "digest"], name="config_content_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} v{self.number}"
