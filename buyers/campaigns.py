"""The markets of an agency: opened, changed, paused, archived."""

from typing import Any

from accounts.models import Agency
from accounts.principals import Actor
from buyers.buyers import IsArchived
from buyers.caps import forget_counters
from buyers.changes import Values, assign, changing, publish
from buyers.models import Contract, Status
from buyers.records import campaign_record
from core.errors import FieldError, FieldProblems, NotFound
from core.ids import BadId, decode
from routing.models import Campaign, LeadType, Method, RankBy
from routing.terms import RANKABLE


def create_campaign(*, actor: Actor, values: Values) -> Campaign:
    """Opens a transaction. A campaign by CampaignInput.

    Raises NotFound, FieldProblems for a taken slug, an order that the method has not, or a deadline before its pings or
    its answer.
    """
    with changing(actor):
        wanted = _resolved(actor, values)
        wanted.setdefault("currency", Agency.objects.values_list("currency", flat=True).get(pk=actor.agency_id))
        _refuse_taken(actor, wanted["slug"])
        campaign = Campaign(agency_id=actor.agency_id, **wanted)
        _refuse_unsuitable(campaign)
        campaign.save(force_insert=True)
        _publish(actor, "campaign.create", campaign, {})
    return campaign


def change_campaign(*, actor: Actor, campaign: Campaign, values: Values) -> Campaign:
    """Opens a transaction. Change what `values` name. A cap's new limit counts what was sold before.

    Raises IsArchived, NotFound, FieldProblems for a taken slug, a lead type that standing contracts bind, an order that
    the method has not, or a deadline before its pings or its answer.
    """
    with changing(actor):
        campaign = _fresh(campaign)
        wanted = _resolved(actor, values)
        if campaign.status == Status.ARCHIVED and "status" not in wanted:
            raise IsArchived
        if wanted.get("slug", campaign.slug) != campaign.slug:
            _refuse_taken(actor, wanted["slug"])
        _refuse_other_type(campaign, wanted)
        before, windows = campaign_record(campaign), _windows(campaign)
        assign(campaign, wanted)
        _refuse_unsuitable(campaign)
        if _publish(actor, "campaign.update", campaign, before):
            campaign.save()
            if new := _windows(campaign) - windows:
                forget_counters(subject_ids=[campaign.pk], windows=new)
    return campaign


def archive_campaign(*, actor: Actor, campaign: Campaign) -> None:
    """Opens a transaction. The campaign and its contracts leave the lists and take no leads; its leads stay."""
    with changing(actor):
        campaign = _fresh(campaign)
        before = campaign_record(campaign)
        assign(campaign, {"status": Status.ARCHIVED.value})
        if _publish(actor, "campaign.archive", campaign, before):
            campaign.save()
            Contract.objects.filter(campaign=campaign).exclude(status=Status.ARCHIVED).update(
                status=Status.ARCHIVED, updated_at=campaign.updated_at
            )


def _fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_related("lead_type").get(pk=campaign.pk)


def _resolved(actor: Actor, values: Values) -> dict[str, Any]:
    wanted = dict(values)
    if "lead_type" in wanted:
        wanted["lead_type"] = _lead_type(actor, wanted["lead_type"])
    auction = wanted.pop("auction", {})
    return wanted | {f"auction_{name}": value for name, value in auction.items()}


def _lead_type(actor: Actor, named: str) -> LeadType:
    rows = LeadType.objects.filter(agency_id=actor.agency_id).exclude(status=Status.ARCHIVED)
    try:
        found = rows.filter(pk=decode(LeadType.prefix, named)).first()
    except BadId:
        found = rows.filter(name=named).first()
    if found is None:
        detail = "There is no such lead type."
        raise NotFound(detail, errors=[FieldError("lead_type", "not_found", detail)])
    return found


def _refuse_taken(actor: Actor, slug: str) -> None:
    if Campaign.objects.filter(agency_id=actor.agency_id, slug=slug).exists():
        raise FieldProblems([FieldError("slug", "taken", f"There is a campaign {slug} already, perhaps archived.")])


def _refuse_unsuitable(campaign: Campaign) -> None:
    """What goes with what: no order by value where contracts take turns, and time for all that is to be waited for."""
    problems = []
    if campaign.rank_by == RankBy.EXPECTED_VALUE and campaign.method not in RANKABLE:
        detail = f"must be {RankBy.METHOD} where contracts take turns; rank a waterfall or an auction"
        problems.append(FieldError("rank_by", "invalid_choice", detail))
    if campaign.min_margin is not None and campaign.rank_by != RankBy.EXPECTED_VALUE:
        detail = f"is known only with rank_by {RankBy.EXPECTED_VALUE}: without it nobody reckons what a sale brings"
        problems.append(FieldError("min_margin", "invalid", detail))
    if campaign.method == Method.PING_POST and campaign.answer_within_ms < campaign.ping_timeout_ms:
        detail = f"must be at least {campaign.ping_timeout_ms}: nothing can be answered while buyers are asked for bids"
        problems.append(FieldError("answer_within_ms", "min_value", detail))
    if campaign.deadline_ms < (least := max(campaign.ping_timeout_ms, campaign.answer_within_ms)):
        detail = f"must be at least {least}, as long as the pings and the answer may take"
        problems.append(FieldError("deadline_ms", "min_value", detail))
    if problems:
        raise FieldProblems(problems)


def _refuse_other_type(campaign: Campaign, wanted: Values) -> None:
    other = wanted.get("lead_type", campaign.lead_type) != campaign.lead_type
    if other and campaign.contracts.exclude(status=Status.ARCHIVED).exists():
        detail = "cannot change while contracts stand in the campaign"
        raise FieldProblems([FieldError("lead_type", "in_use", detail)])


def _windows(campaign: Campaign) -> set[str]:
    return {cap["window"] for cap in campaign.caps}


def _publish(actor: Actor, action: str, campaign: Campaign, before: Values) -> bool:
    after = campaign_record(campaign)
    return publish(actor=actor, action=action, row=campaign, name=campaign.name, before=before, after=after)
