"""How the OpenAPI document shows scoring: models with their reports, the health of scores, policies."""

from typing import Any

from rest_framework import serializers

from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, Flag, PublicIdField, Text, Whole
from routing.models import LeadType
from scoring.levels import Level
from scoring.models import Model, Regulation, Stage, State, Target

_LONGEST_LIST = 200
_NOT_SHARED = "null for a shared model: of two that share, each could subtract its own."


class ModelFilters(serializers.Serializer[Any]):
    """By what models are found."""

    lead_type = serializers.CharField(required=False, max_length=80, help_text="The name of the lead type.")
    target = Choice(choices=Target.values, required=False, help_text="`stuck` is the score.")
    state = Choice(choices=State.values, required=False, help_text="`champion` is in charge.")


class HealthFilters(serializers.Serializer[Any]):
    """By what the health of scores is narrowed."""

    lead_type = serializers.CharField(required=False, max_length=80, help_text="The name of the lead type.")


class GateCheckShape(serializers.Serializer[Any]):
    """One question of the gate."""

    name = serializers.CharField(help_text="Such as `log_loss`, `mean`, `calibration`, `latency`.")
    passed = serializers.BooleanField()
    figures = serializers.DictField(help_text="What was found.")


class GateVerdictShape(serializers.Serializer[Any]):
    """What the gate said last of a model that waits."""

    passed = serializers.BooleanField()
    automatic = serializers.BooleanField(help_text="Whether the outcomes are enough to promote it without a person.")
    judged_at = serializers.DateTimeField()
    checks = GateCheckShape(many=True)


class ScoringModelShape(serializers.Serializer[Any]):
    """A model: what it was fitted to, how it did, and what the gate said of it."""

    model_id = PublicIdField(Model.prefix)
    lead_type = serializers.CharField()
    target = serializers.ChoiceField(Target.values, help_text="`stuck` is the score.")
    stage = serializers.ChoiceField(Stage.values)
    state = serializers.ChoiceField(State.values)
    shared = serializers.BooleanField(help_text="Whether agencies that opted in share it.")
    parent_id = PublicIdField(Model.prefix, allow_null=True, help_text="The champion that it was to beat.")
    library = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True, help_text=f"Leads that it learned from. {_NOT_SHARED}")
    positives = serializers.IntegerField(allow_null=True)
    trained_from = serializers.DateTimeField(allow_null=True, help_text=f"Receipt of the first of them. {_NOT_SHARED}")
    trained_to = serializers.DateTimeField(allow_null=True)
    features = serializers.ListField(
        child=serializers.CharField(), help_text="What it looks at; of a shared model what your leads have of that."
    )
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Over its bytes, its columns and its calibration, in hex.")
    metrics = serializers.DictField(
        help_text="Out of fold, and forward in time beside the champion of then; of a shared model the AUC alone."
    )
    training = GateCheckShape(many=True, help_text="The checks at its training.")
    gate = GateVerdictShape(allow_null=True, help_text="null until its shadow is 14 days old.")
    fairness = serializers.DictField(
        help_text="Selection rates, calibration and proxies of groups; of a shared model the worst ratios of what you "
        "compare yourself. Empty at first."
    )
    created_at = serializers.DateTimeField()
    promoted_at = serializers.DateTimeField(allow_null=True)
    promoted_by = serializers.CharField(allow_null=True, help_text="Of a shared model no person is named.")


class FindingShape(serializers.Serializer[Any]):
    """One check of the watch."""

    check = serializers.CharField(help_text="Such as `mean`, `auc`, `score_psi`, `feature_psi`, `latency`.")
    subject = serializers.CharField(help_text="The feature that it is about; else empty.")
    level = serializers.ChoiceField([level.value for level in Level])
    figures = serializers.DictField(help_text="What was found; where leads are too few, how many it needs.")


class OutcomeGroupShape(serializers.Serializer[Any]):
    """Some leads with matured outcomes."""

    leads = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True, help_text="What was predicted of them on average.")
    rate = serializers.FloatField(allow_null=True, help_text="The share that stuck.")
    error = serializers.FloatField(allow_null=True, help_text="By how much chance moves the rate: one standard error.")
    return_rate = serializers.FloatField(allow_null=True, help_text="The share of sales that were given back.")


class ScoreBandShape(OutcomeGroupShape):
    """The leads with scores from `low` to `high`."""

    low = serializers.IntegerField()
    high = serializers.IntegerField()


class NamedOutcomeGroupShape(OutcomeGroupShape):
    """The leads of one source or campaign."""

    id = serializers.CharField(allow_null=True)
    name = serializers.CharField()


class RankingShape(serializers.Serializer[Any]):
    """How well the leads of one time were ranked: at least 50 outcomes of the rarer kind."""

    first = serializers.DateTimeField()
    last = serializers.DateTimeField()
    leads = serializers.IntegerField()
    auc = serializers.FloatField()
    error = serializers.FloatField()


class ShiftShape(serializers.Serializer[Any]):
    """How a feature's values stand to those the champion is at home with."""

    feature = serializers.CharField()
    psi = serializers.FloatField(help_text="Population stability index.")
    noise = serializers.FloatField(allow_null=True, help_text=f"What it would be without any change. {_NOT_SHARED}")
    missing = serializers.FloatField(allow_null=True)
    missing_before = serializers.FloatField(allow_null=True)
    other = serializers.FloatField(
        allow_null=True, help_text="The share of values that the model does not know by name."
    )
    other_before = serializers.FloatField(allow_null=True)


class ProgressShape(serializers.Serializer[Any]):
    """Matured outcomes, and how many the next stage wants."""

    positives = serializers.IntegerField()
    negatives = serializers.IntegerField()
    reached = serializers.ChoiceField(Stage.values, help_text="The highest stage that they allow.")
    next_stage = serializers.ChoiceField(Stage.values, allow_null=True)
    missing_positives = serializers.IntegerField()
    missing_negatives = serializers.IntegerField()
    missing_leads = serializers.IntegerField(help_text="Of any kind, beyond those two.")


class ScoreHealthShape(serializers.Serializer[Any]):
    """How the scores of one lead type do."""

    lead_type = serializers.CharField()
    lead_type_id = PublicIdField(LeadType.prefix)
    level = serializers.ChoiceField([level.value for level in Level], help_text="The worst of the nightly findings.")
    calibrated = serializers.BooleanField(help_text="Whether probabilities can be taken at their word.")
    model_id = PublicIdField(Model.prefix, allow_null=True, help_text="The champion; null: the scorecard.")
    shadow_id = PublicIdField(Model.prefix, allow_null=True, help_text="The model that waits to be judged.")
    watched_at = serializers.DateTimeField(allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True, help_text="A training that was asked for and is to come.")
    progress = ProgressShape()
    findings = FindingShape(many=True)
    outcomes = serializers.IntegerField(help_text="The latest matured ones that are judged, at most 2,000.")
    expected_auc = serializers.FloatField(allow_null=True, help_text="With which the champion was let through.")
    bands = ScoreBandShape(many=True, help_text="The table by which anyone can check the score.")
    rankings = RankingShape(many=True)
    sources = NamedOutcomeGroupShape(many=True)
    campaigns = NamedOutcomeGroupShape(many=True)
    drift = ShiftShape(many=True, help_text="The features that changed most, first.")


class TrainRequest(StrictSerializer):
    """Which scores are to be learned anew."""

    lead_type = Text(max_length=80, help_text="The name of the lead type.")


class TrainShape(serializers.Serializer[Any]):
    """A wish that was taken on."""

    lead_type = serializers.CharField()
    asked_at = serializers.DateTimeField()


class RollbackShape(serializers.Serializer[Any]):
    """Who is in charge now."""

    champion = ScoringModelShape(allow_null=True, help_text="null: the scorecard.")


class PolicyRequest(StrictSerializer):
    """What an agency wants of the scores of a lead type."""

    shares = Flag(required=False, help_text="Learn with other agencies that share: one model, your own calibration.")
    regulation = Choice(
        choices=Regulation.values,
        required=False,
        help_text="The law that binds this trade: fields that stand for who people are, such as ZIP codes, are barred.",
    )
    excluded = serializers.ListField(
        child=Text(max_length=80),
        required=False,
        max_length=_LONGEST_LIST,
        help_text="Fields of the lead type, or features, that are never learned from.",
    )
    compared = serializers.ListField(
        child=Text(max_length=80),
        required=False,
        max_length=10,
        help_text="Declared fields whose groups the fairness report compares. Nothing is learned from them.",
    )
    conversion_days = Whole(required=False, min_value=1, max_value=365, help_text="Within which a conversion counts.")


class PolicyShape(serializers.Serializer[Any]):
    """The policy of one lead type."""

    lead_type = serializers.CharField()
    lead_type_id = PublicIdField(LeadType.prefix)
    shares = serializers.BooleanField()
    regulation = serializers.ChoiceField(Regulation.values, help_text="Empty: none.")
    excluded = serializers.ListField(child=serializers.CharField())
    compared = serializers.ListField(child=serializers.CharField())
    conversion_days = serializers.IntegerField()
