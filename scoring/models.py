"""What scoring remembers, by lead reference: features as they were, scores given on them, what became of the leads,
and every model that was ever fitted to it.

Features and scores are written once. On the tables that every lead writes, the agency is a key without a database
constraint or index: an insert for every lead would otherwise lock the agency's row, and nothing is looked up by it
alone. A lead type is known here by its name, which agencies that share outcomes have in common.
"""

from typing import Self

from django.db import models
from django.db.models import F, Q

from accounts.models import Agency
from accounts.principals import Principal
from accounts.visibility import VisibleQuerySet
from core.clock import now
from core.ids import new_id
from core.records import Record


class Target(models.TextChoices):
    """What can be predicted of a lead. `stuck`: accepted by a buyer and not returned in time; it is the score."""

    STUCK = "stuck"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    CONVERTED = "converted"


class Stage(models.TextChoices):
    """How a score is made, from the first lead on to thousands of outcomes."""

    RULES = "rules", "rules"
    CALIBRATED = "calibrated", "rules, calibrated"
    ADDITIVE = "additive", "learned, additive"
    LEARNED = "learned", "learned"


class State(models.TextChoices):
    """A model's life: trained, watched on later leads, in charge, then out of it; or refused by the gate.

    One that a person took out of charge is withdrawn: no roll-back brings it back.
    """

    CHALLENGER = "challenger"
    SHADOW = "shadow"
    CHAMPION = "champion"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class Regulation(models.TextChoices):
    """Trades in which the law forbids to judge people by protected fields and what stands for them."""

    NONE = "", "none"
    CREDIT = "credit"
    HOUSING = "housing"
    INSURANCE = "insurance"
    EMPLOYMENT = "employment"


class PolicyRows(VisibleQuerySet["Policy"]):
    """Policies: the agency's own business."""


class OutcomeRows(VisibleQuerySet["Outcome"]):
    """Outcomes: the agency's own business."""


class ModelRows(VisibleQuerySet["Model"]):
    """Models: an agency's own, and those that it shares with others."""

    def visible_to(self, principal: Principal) -> Self:
        """The models that this principal may see; of shared ones only where its agency shares. Lazy."""
        own = super().visible_to(principal)
        if principal.bound:
            return own
        shared = Policy.objects.filter(agency_id=principal.agency_id, shares=True).values("lead_type")
        return own | self.filter(agency__isnull=True, lead_type__in=shared)


class FeatureSnapshot(models.Model):
    """The features of a lead at its receipt: the only thing a model is ever trained on. Goes when the lead goes."""

    lead_ref = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False
    )
    features = models.JSONField()
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"features of {self.lead_ref}"


class Score(models.Model):
    """A score given to a lead. A rescore is a new row; `base` and `contributions` add up to its log-odds.

    `model` is a scorecard's version or a model's public id. Ids are ordered by time, so a window of time is a range of
    the primary key. `calibrated` says whether the probability could be taken at its word when it was given, `micros`
    how many microseconds it took.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False
    )
    mode = models.CharField(max_length=4, editable=False)
    lead_ref = models.UUIDField(db_index=True, editable=False)
    lead_type = models.CharField(max_length=80, editable=False)
    score = models.PositiveSmallIntegerField()
    probability = models.FloatField()
    percentile = models.PositiveSmallIntegerField(null=True)
    return_probability = models.FloatField(null=True)
    conversion_probability = models.FloatField(null=True)
    base = models.FloatField()
    contributions = models.JSONField()
    reasons = models.JSONField()
    stage = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    calibrated = models.BooleanField(default=False, db_default=False)
    micros = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"{self.score} for {self.lead_ref}"


class Outcome(models.Model):
    """What became of a live lead in one respect: the label of one target, of one buyer where the target has buyers.

    Its id follows from lead, target and buyer, so what is told again replaces what was told before. It counts from
    `matured_at` on: before that, later news may turn it. `value` is what a conversion was worth, in minor units.
    """

    class Origin(models.TextChoices):
        LIVED = "lived"
        IMPORTED = "imported"

    id = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead_ref = models.UUIDField(db_index=True)
    lead_type = models.CharField(max_length=80)
    campaign_ref = models.UUIDField(null=True)
    source_ref = models.UUIDField(null=True)
    buyer_ref = models.UUIDField(null=True)
    target = models.CharField(max_length=9, choices=Target.choices)
    label = models.BooleanField()
    value = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.LIVED)
    received_at = models.DateTimeField()
    matured_at = models.DateTimeField()

    objects = OutcomeRows.as_manager()

    class Meta:
        indexes = [models.Index(fields=["agency", "lead_type", "target", "received_at"], name="outcome_by_receipt")]

    def __str__(self) -> str:
        return f"{self.target} {self.label} of {self.lead_ref}"


class Policy(models.Model):
    """What an agency wants of the scores of one lead type. No row: nothing shared, nothing regulated.

    `shares` opts in to one model with other agencies that do. `excluded` names features never to be learned from;
    `compared` names declared fields whose groups the fairness report compares, which nothing is ever learned from, and
    `thresholds` the scores that contracts ask at the least, as they were last seen. `asked_at` and `asked_by` are of
    the latest wish to train. `training_until` is the lease of whoever trains.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    lead_type = models.CharField(max_length=80)
    shares = models.BooleanField(default=False)
    regulation = models.CharField(max_length=10, choices=Regulation.choices, default=Regulation.NONE, blank=True)
    excluded = models.JSONField(default=list, blank=True)
    compared = models.JSONField(default=list, blank=True)
    thresholds = models.JSONField(default=list, blank=True, editable=False)
    conversion_days = models.PositiveSmallIntegerField(default=90)
    asked_at = models.DateTimeField(null=True, editable=False)
    asked_by = models.CharField(max_length=200, blank=True, editable=False)
    training_until = models.DateTimeField(null=True, editable=False)

    objects = PolicyRows.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        constraints = [models.UniqueConstraint(fields=["agency", "lead_type"], name="one_policy_per_lead_type")]

    def __str__(self) -> str:
        return self.lead_type

    @property
    def kept_out(self) -> list[str]:
        """The names of everything that models of this lead type never learn from, beyond the law."""
        return [*self.excluded, *self.compared]


class Model(Record):
    """One fitted model: what it was fitted to, how it is applied, how it did, and who put it in charge.

    `agency` is null for one that agencies share. `body` is XGBoost's JSON and `leaves` what a web process loads of it
    (both empty for a calibrated scorecard), `spec` how features become its columns; `sha256` is over all three and the
    calibration. `slope` and `intercept` turn its margin into log-odds. `reference` holds the quantiles of what it
    predicted out of fold, `profile` the histograms of the features it learned from (both of the leads that the gate let
    it through on, once it did), `parent` the champion that it was to beat. Times of training are receipts of leads.
    """

    prefix = "mdl"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lead_type = models.CharField(max_length=80)
    target = models.CharField(max_length=9, choices=Target.choices)
    stage = models.CharField(max_length=10, choices=Stage.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHALLENGER)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    library = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()
    leaves = models.BinaryField(default=b"")
    spec = models.JSONField()
    slope = models.FloatField()
    intercept = models.FloatField()
    sha256 = models.BinaryField(max_length=32)
    seed = models.PositiveIntegerField()
    parameters = models.JSONField(default=dict)
    trained_from = models.DateTimeField()
    trained_to = models.DateTimeField()
    rows = models.PositiveIntegerField()
    positives = models.PositiveIntegerField()
    fingerprint = models.BinaryField(max_length=32)
    metrics = models.JSONField(default=dict)
    reference = models.JSONField(default=list)
    profile = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    fairness = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now, editable=False)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.CharField(max_length=200, blank=True)

    objects = ModelRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "lead_type", "target"],
                condition=Q(state=State.CHAMPION, agency__isnull=False),
                name="one_champion_of_an_agency",
            ),
            models.UniqueConstraint(
                fields=["lead_type", "target"],
                condition=Q(state=State.CHAMPION, agency__isnull=True),
                name="one_shared_champion",
            ),
        ]
        indexes = [models.Index(F("agency"), F("lead_type"), F("created_at").desc(), name="model_newest_first")]

    def __str__(self) -> str:
        return f"{self.public_id} {self.stage} {self.state}"


class Recalibration(models.Model):
    """What turns a shared model's log-odds into one agency's own, fitted to that agency's outcomes."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="recalibrations")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    slope = models.FloatField()
    intercept = models.FloatField()
    rows = models.PositiveIntegerField()
    positives = models.PositiveIntegerField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "agency"], name="one_recalibration_per_agency")]

    def __str__(self) -> str:
        return f"{self.slope:.3f} x + {self.intercept:.3f}"


class BuyerHabits(models.Model):
    """What a buyer does with leads of one type beyond what the model says of them; of all buyers where none is named.

    Rates and offsets (log-odds) are drawn towards those of the agency's other buyers already. Offsets are beside
    `model` alone. Counts are what they were reckoned from: answers, acceptances, leads taken long enough ago to tell,
    and those of them given back.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    lead_type = models.CharField(max_length=80)
    buyer_ref = models.UUIDField(null=True)
    model = models.CharField(max_length=80)
    answers = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    taken = models.PositiveIntegerField()
    returned = models.PositiveIntegerField()
    accept_rate = models.FloatField()
    return_rate = models.FloatField()
    accept_offset = models.FloatField()
    return_offset = models.FloatField()
    reckoned_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "buyer habits"
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "lead_type", "buyer_ref"],
                condition=Q(buyer_ref__isnull=False),
                name="habits_of_a_buyer_once",
            ),
            models.UniqueConstraint(
                fields=["agency", "lead_type"], condition=Q(buyer_ref__isnull=True), name="usual_habits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_type}: accepts {self.accept_rate:.0%}, returns {self.return_rate:.0%}"


class Standing(models.Model):
    """How the latest scores of an agency's leads of one type are spread: 99 `cuts` of the probability, by per cent.

    Scores of one model, the one that `model` names: those of another cannot be compared with them.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    lead_type = models.CharField(max_length=80)
    model = models.CharField(max_length=80)
    cuts = models.JSONField()
    leads = models.PositiveIntegerField()
    reckoned_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "lead_type"], name="one_standing_per_lead_type")]

    def __str__(self) -> str:
        return f"{self.lead_type}: {self.leads} leads"


class WatchRows(VisibleQuerySet["Watch"]):
    """Watches: the agency's own business."""


class Watch(models.Model):
    """How an agency's scores of one lead type did, as seen on one day (UTC); the last look of the day stays.

    `model` gave the scores. `findings` are the checks with their levels, `figures` the tables behind them, `pulse` the
    checks of the latest quarter of an hour. While `calibrated` is false, probabilities are not to be taken at their
    word.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    lead_type = models.CharField(max_length=80)
    day = models.DateField()
    model = models.CharField(max_length=80)
    level = models.CharField(max_length=7)
    calibrated = models.BooleanField()
    findings = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    pulse = models.JSONField(default=list)
    watched_at = models.DateTimeField()

    objects = WatchRows.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["agency", "lead_type", "day"], name="one_watch_a_day")]

    def __str__(self) -> str:
        return f"{self.lead_type} on {self.day}: {self.level}"


class Belonging(models.Model):
    """Which group of people a lead's person belongs to in one respect, by a field that nothing is learned from.

    Kept apart from features: only fairness reports read it, in sums. An empty `group` says that it is not known.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead_type = models.CharField(max_length=80)
    lead_ref = models.UUIDField()
    attribute = models.CharField(max_length=80)
    group = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead_ref", "attribute"], name="one_group_in_each_respect")]

    def __str__(self) -> str:
        return f"{self.attribute} of {self.lead_ref}"
