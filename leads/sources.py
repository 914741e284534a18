"""Who may send leads, and what they earn by it: sources are opened, changed, paused, archived."""

from typing import Any

from accounts.principals import Actor
from buyers.buyers import IsArchived
from buyers.caps import forget_counters
from buyers.changes import Values, assign, changing, publish
from buyers.records import show_caps
from core.errors import DomainError, FieldError, FieldProblems, NotFound
from core.ids import BadId, decode
from core.money import to_major
from leads.models import DIRECT, Source
from routing.models import Campaign


class BuiltIn(DomainError):
    """The source `direct` takes what names no other source: it cannot be archived or renamed."""

    code = "built_in"


def create_source(*, actor: Actor, values: Values) -> Source:
    """Opens a transaction. A source by SourceInput. Raises FieldProblems for a taken slug, NotFound."""
    with changing(actor):
        wanted = _columns(actor, values)
        _refuse_taken(actor, wanted["slug"])
        source = Source.objects.create(agency_id=actor.agency_id, **wanted)
        _publish(actor, "source.create", source, {})
    return source


def change_source(*, actor: Actor, source: Source, values: Values) -> Source:
    """Opens a transaction. Change what `values` name. Raises IsArchived, BuiltIn, FieldProblems for a taken slug."""
    with changing(actor):
        source = Source.objects.get(pk=source.pk)
        wanted = _columns(actor, values)
        if source.status == Source.Status.ARCHIVED and "status" not in wanted:
            raise IsArchived
        _refuse_rename(actor, source, wanted)
        before, windows = source_record(source, _currency(source)), _windows(source)
        assign(source, wanted)
        if _publish(actor, "source.update", source, before):
            source.save()
            if new := _windows(source) - windows:
                forget_counters(subject_ids=[source.pk], windows=new)
    return source


def archive_source(*, actor: Actor, source: Source) -> None:
    """Opens a transaction. It leaves the lists and its keys take no leads; its leads stay. Raises BuiltIn."""
    with changing(actor):
        source = Source.objects.get(pk=source.pk)
        if source.slug == DIRECT:
            raise BuiltIn
        before = source_record(source, _currency(source))
        assign(source, {"status": Source.Status.ARCHIVED.value})
        if _publish(actor, "source.archive", source, before):
            source.save()


def source_record(source: Source, currency: str) -> dict[str, Any]:
    """A source as outsiders see it; money in major units of the agency's currency."""
    campaign = source.default_campaign
    fixed = source.payout_kind == Source.Payout.FIXED
    value = to_major(source.payout_value, currency) if fixed else to_major(source.payout_value, "USD")
    return {
        "source_id": source.public_id,
        "name": source.name,
        "slug": source.slug,
        "payout": {"kind": source.payout_kind, "value": value},
        "default_campaign_id": None if campaign is None else campaign.public_id,
        "caps": show_caps(source.caps, currency),
        "status": source.status,
        "external_id": source.external_id,
        "metadata": source.metadata,
        "created_at": source.created_at,
        "updated_at": source.updated_at,
    }


def _columns(actor: Actor, values: Values) -> dict[str, Any]:
    """The input as columns: the payout's two, and the campaign behind its id or slug."""
    wanted = dict(values)
    if "payout" in wanted:
        payout = wanted.pop("payout")
        wanted |= {"payout_kind": payout["kind"], "payout_value": payout["value"]}
    if "default_campaign_id" in wanted:
        wanted["default_campaign"] = _campaign(actor, wanted.pop("default_campaign_id"))
    return wanted


def _campaign(actor: Actor, named: str | None) -> Campaign | None:
    if named is None:
        return None
    rows = Campaign.objects.filter(agency_id=actor.agency_id).exclude(status="archived")
    try:
        found = rows.filter(pk=decode(Campaign.prefix, named)).first()
    except BadId:
        found = rows.filter(slug=named).first()
    if found is None:
        detail = "There is no such campaign."
        raise NotFound(detail, errors=[FieldError("default_campaign_id", "not_found", detail)])
    return found


def _refuse_taken(actor: Actor, slug: str) -> None:
    if slug == DIRECT or Source.objects.filter(agency_id=actor.agency_id, slug=slug).exists():
        raise FieldProblems([FieldError("slug", "taken", f"There is a source {slug} already, perhaps archived.")])


def _refuse_rename(actor: Actor, source: Source, wanted: Values) -> None:
    slug = wanted.get("slug", source.slug)
    if slug == source.slug:
        return
    if source.slug == DIRECT:
        raise BuiltIn
    _refuse_taken(actor, slug)


def _windows(source: Source) -> set[str]:
    return {cap["window"] for cap in source.caps}


def _currency(source: Source) -> str:
    return source.agency.currency


def _publish(actor: Actor, action: str, source: Source, before: Values) -> bool:
    after = source_record(source, _currency(source))
    return publish(actor=actor, action=action, row=source, name=source.name, before=before, after=after)
