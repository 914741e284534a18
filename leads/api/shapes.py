"""How the OpenAPI document shows leads: the answer to a submission, the record, decisions, events, dry runs."""

from typing import Any

from rest_framework import serializers

from accounts.api.fields import PublicIdField
from buyers.inputs.fields import Money
from buyers.models import Buyer, Contract
from leads.models import Decision, Lead, Ping, Sale, Source
from routing.bids import BidOutcome
from routing.models import Campaign, Method
from routing.reasons import Reason
from webhooks.states import MessageState

_ROUTING_DECISIONS = [*(f"{method}_winner" for method in Method.values), "unsold", "duplicate", "rejected", "pending"]
_EVENT, _MESSAGE = "evt", "msg"
_TOLD = "Names of the lead's fields in the request; none where it was not sent."


class ScoreReasonShape(serializers.Serializer[Any]):
    """One signal of the score."""

    code = serializers.CharField()
    text = serializers.CharField()
    effect = serializers.FloatField(help_text="In log-odds: above 0 speaks for the lead, below against it.")


class SaleShape(serializers.Serializer[Any]):
    """The lead, sold to one contract."""

    sale_id = PublicIdField(Sale.prefix)
    contract_id = PublicIdField(Contract.prefix)
    buyer_id = PublicIdField(Buyer.prefix)
    price = Money()
    state = serializers.ChoiceField(Sale.State.values)
    converted_at = serializers.DateTimeField(
        allow_null=True, help_text="When its buyer said that it became a customer."
    )


class LeadAnswerShape(serializers.Serializer[Any]):
    """What became of a lead. Keys bound to a source see their payout as the price, and no buyers, sales or reasons."""

    lead_id = PublicIdField(Lead.prefix)
    status = serializers.ChoiceField(Lead.Status.values, help_text="`accepted` is sold.")
    score = serializers.IntegerField(min_value=0, max_value=100)
    score_reasons = ScoreReasonShape(many=True, help_text="At most three each way, the strongest first.")
    score_model = serializers.CharField(allow_null=True, help_text="The scorecard's version or the model's id.")
    percentile = serializers.IntegerField(
        min_value=0,
        max_value=99,
        allow_null=True,
        help_text="How many per cent of the latest leads of this type scored lower; null while they are too few.",
    )
    grade = serializers.ChoiceField(
        ["A", "B", "C", "D"], allow_null=True, help_text="The quarter that the percentile lies in, A the best."
    )
    score_calibrated = serializers.BooleanField(
        help_text="Whether outcomes bear it out as a probability; false by the points table, and under an alarm.",
    )
    return_probability = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="That a buyer gives the lead back; for keys of the agency, once outcomes are known.",
    )
    conversion_probability = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="That a buyer reports a conversion; for keys of the agency, once a model of it is in charge.",
    )
    buyer_id = PublicIdField(Buyer.prefix, allow_null=True, help_text="The first buyer.")
    price = Money(allow_null=True, help_text="The sum of all sales; null where nothing is sold yet.")
    routing_decision = serializers.ChoiceField(_ROUTING_DECISIONS)
    deduped = serializers.BooleanField(help_text="Whether the lead is a duplicate.")
    duplicate_of = PublicIdField(Lead.prefix, allow_null=True, help_text="The lead of the same person.")
    reason = serializers.CharField(allow_null=True, help_text="Why the lead is not sold.")
    test = serializers.BooleanField(help_text="Whether the lead stands in the test book.")
    created_at = serializers.DateTimeField()
    sales = SaleShape(many=True)


class LeadRecord(LeadAnswerShape):
    """A lead on record, as the key may see it."""

    campaign_id = PublicIdField(Campaign.prefix)
    source_id = PublicIdField(Source.prefix, allow_null=True)
    payout = Money(allow_null=True, help_text="What the source earns.")
    external_id = serializers.CharField(allow_null=True)
    metadata = serializers.DictField(help_text="As it was sent.")

    def get_fields(self) -> dict[str, Any]:
        """The member `fields` cannot be declared: DRF's own attribute has that name."""
        fields = serializers.DictField(help_text="Every field in its normal form; empty once the data was erased.")
        return {**super().get_fields(), "fields": fields}


class VerdictShape(serializers.Serializer[Any]):
    """What became of one contract in a decision."""

    contract_id = PublicIdField(Contract.prefix)
    buyer_id = PublicIdField(Buyer.prefix)
    won = serializers.BooleanField()
    reason = serializers.ChoiceField([reason.value for reason in Reason], allow_null=True, help_text="null: it won.")
    detail = serializers.CharField(help_text="The reason in a sentence.")
    rank = serializers.IntegerField(allow_null=True, help_text="The place among eligible contracts, from 1.")
    price = Money(allow_null=True, help_text="The price it was judged at, once that was known.")
    inputs = serializers.DictField(help_text="What the first failing rule looked at; amounts in major units.")


class DecisionShape(serializers.Serializer[Any]):
    """One run of the engine, with what is needed to run it again."""

    number = serializers.IntegerField(help_text="1 is the first decision on the lead.")
    kind = serializers.ChoiceField(Decision.Kind.values)
    outcome = serializers.ChoiceField(["sold", "unsold"])
    method = serializers.ChoiceField(Method.values)
    config_version = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    seed = serializers.IntegerField()
    replayed = serializers.BooleanField(help_text="Whether running it again just now gave the same, bit for bit.")
    contracts = VerdictShape(many=True, help_text="Every contract that was considered.")


class PingedShape(serializers.Serializer[Any]):
    """One buyer that was asked for a bid."""

    contract_id = PublicIdField(Contract.prefix)
    buyer_id = PublicIdField(Buyer.prefix)
    told = serializers.ListField(child=serializers.CharField(), help_text=_TOLD)
    asked_at_ms = serializers.IntegerField(help_text="From the beginning of the auction.")
    answered_ms = serializers.IntegerField(allow_null=True, help_text="From the ping on; null: no answer in time.")
    outcome = serializers.ChoiceField([outcome.value for outcome in BidOutcome])
    answer = serializers.CharField(help_text="How the answer was read, such as `duplicate` or `bad_bid`.")
    bid = Money(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="What the buyer said, or why it could not be read.")


class PingRoundShape(serializers.Serializer[Any]):
    """One round of pings."""

    started_at = serializers.DateTimeField()
    window_ms = serializers.IntegerField(help_text="How long buyers had to answer.")
    ping_id = PublicIdField(Ping.prefix, allow_null=True, help_text="The ping that asked for it, where one did.")
    pings = PingedShape(many=True)


class PostedShape(serializers.Serializer[Any]):
    """The post of a sale to its buyer."""

    sale_id = PublicIdField(Sale.prefix)
    contract_id = PublicIdField(Contract.prefix)
    buyer_id = PublicIdField(Buyer.prefix)
    state = serializers.ChoiceField([state for state in Sale.Post.values if state])
    told = serializers.ListField(child=serializers.CharField(), help_text=_TOLD)
    answered_at = serializers.DateTimeField(allow_null=True)
    answered_ms = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(allow_null=True, help_text="How the answer was read, such as `accepted`.")
    reason = serializers.CharField(allow_null=True)
    redirect_url = serializers.CharField(allow_null=True, help_text="Where the buyer wants the person to go.")


class ScorePartsShape(serializers.Serializer[Any]):
    """What a lead's score is made of: `base` and all `contributions` add up to `log_odds`, that of its probability."""

    model = serializers.CharField(help_text="The scorecard's version or the model's id.")
    score = serializers.IntegerField()
    log_odds = serializers.FloatField()
    base = serializers.FloatField(help_text="What a lead starts from, in log-odds.")
    contributions = serializers.DictField(child=serializers.FloatField(), help_text="Effects in log-odds by signal.")


class LeadDecisionsShape(serializers.Serializer[Any]):
    """Every decision on a lead."""

    lead_id = PublicIdField(Lead.prefix)
    status = serializers.ChoiceField(Lead.Status.values)
    reason = serializers.CharField(allow_null=True)
    score = ScorePartsShape(allow_null=True, help_text="The latest score, whole; null where there is none.")
    decisions = DecisionShape(many=True)
    auctions = PingRoundShape(many=True, help_text="The rounds of pings, the first one first.")
    posts = PostedShape(many=True, help_text="What buyers were posted in real time.")


class EventMessageShape(serializers.Serializer[Any]):
    """An event on its way to one endpoint."""

    message_id = PublicIdField(_MESSAGE)
    state = serializers.ChoiceField(MessageState.values)
    attempts = serializers.IntegerField()


class LeadEventShape(serializers.Serializer[Any]):
    """Something that happened to a lead, and whom it was told."""

    event_id = PublicIdField(_EVENT)
    event = serializers.CharField(help_text="Such as `lead.accepted`.")
    sequence = serializers.IntegerField(help_text="The order of the lead's events.")
    created_at = serializers.DateTimeField()
    messages = EventMessageShape(many=True)


class SimulatedSaleShape(SaleShape):
    """A sale that would be made."""

    sale_id = PublicIdField(Sale.prefix, allow_null=True, help_text="Always null.")


class SimulationShape(LeadAnswerShape):
    """What would become of a lead."""

    lead_id = PublicIdField(Lead.prefix, allow_null=True, help_text="Always null: nothing was recorded.")
    sales = SimulatedSaleShape(many=True)
    pinged = serializers.BooleanField(help_text="Always false: buyers that name their own price were not asked.")
    contracts = VerdictShape(many=True, help_text="Every contract that would be considered.")
