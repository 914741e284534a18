"""What kinds of leads an agency trades. Fields in use keep their meaning: leads and filters were written by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.principals import Actor
from buyers.changes import Values, assign, changing, publish
from buyers.models import Contract, Status
from buyers.records import lead_type_record
from core.errors import DomainError, FieldError, FieldProblems
from routing.models import Field, LeadType

Spec = Mapping[str, Any]


class InUse(DomainError):
    """Campaigns of this lead type still run. Archive them first."""

    code = "in_use"


def create_lead_type(*, actor: Actor, values: Values) -> LeadType:
    """Opens a transaction. A lead type with its fields, by LeadTypeInput. Raises FieldProblems for a taken name."""
    wanted = dict(values)
    specs = wanted.pop("fields", ())
    with changing(actor):
        _refuse_taken(actor, wanted["name"])
        lead_type = LeadType.objects.create(agency_id=actor.agency_id, **wanted)
        _write_fields(lead_type, specs)
        _publish(actor, "lead_type.create", lead_type, {})
    return lead_type


def change_lead_type(*, actor: Actor, lead_type: LeadType, values: Values) -> LeadType:
    """Opens a transaction. Change what `values` name; `fields` is the whole new list.

    Raises FieldProblems where a field that campaigns use would change its type, or one that a contract asks for would
    go, and for a taken name.
    """
    wanted = dict(values)
    specs = wanted.pop("fields", None)
    with changing(actor):
        lead_type = _fresh(lead_type)
        before = lead_type_record(lead_type)
        if wanted.get("name", lead_type.name) != lead_type.name:
            _refuse_taken(actor, wanted["name"])
        if specs is not None:
            _refuse_misuse(lead_type, specs)
            _write_fields(lead_type, specs)
        assign(lead_type, wanted)
        if _publish(actor, "lead_type.update", lead_type, before):
            lead_type.save()
    return _fresh(lead_type)


def archive_lead_type(*, actor: Actor, lead_type: LeadType) -> None:
    """Opens a transaction. It takes no new campaigns and leaves the lists. Raises InUse while campaigns run."""
    with changing(actor):
        lead_type = _fresh(lead_type)
        if lead_type.campaigns.exclude(status=Status.ARCHIVED).exists():
            raise InUse
        before = lead_type_record(lead_type)
        assign(lead_type, {"status": Status.ARCHIVED.value})
        if _publish(actor, "lead_type.archive", lead_type, before):
            lead_type.save()


def _publish(actor: Actor, action: str, lead_type: LeadType, before: Spec) -> bool:
    after = lead_type_record(lead_type)
    return publish(actor=actor, action=action, row=lead_type, name=lead_type.name, before=before, after=after)


def _fresh(lead_type: LeadType) -> LeadType:
    return LeadType.objects.prefetch_related("fields").get(pk=lead_type.pk)


def _refuse_taken(actor: Actor, name: str) -> None:
    if LeadType.objects.filter(agency_id=actor.agency_id, name=name).exists():
        raise FieldProblems([FieldError("name", "taken", f"There is a lead type {name} already, perhaps archived.")])


def _refuse_misuse(lead_type: LeadType, specs: Sequence[Spec]) -> None:
    if not lead_type.campaigns.exclude(status=Status.ARCHIVED).exists():
        return
    types = {spec["name"]: spec["type"] for spec in specs}
    asked = _asked_for(lead_type)
    problems = []
    for field in lead_type.fields.all():
        if types.get(field.name, field.type) != field.type:
            position = [spec["name"] for spec in specs].index(field.name)
            detail = f"is {field.type} while campaigns use it"
            problems.append(FieldError(f"fields.{position}.type", "in_use", detail))
        if field.name not in types and field.name in asked:
            problems.append(FieldError("fields", "in_use", f"must keep {field.name}: contracts ask for it"))
    if problems:
        raise FieldProblems(problems)


def _asked_for(lead_type: LeadType) -> set[str]:
    """The fields that filters and price rules of standing contracts name."""
    rows = Contract.objects.filter(campaign__lead_type=lead_type).exclude(status=Status.ARCHIVED)
    return {name for documents in rows.values_list("filters", "price_rules") for name in _names_in(documents)}


def _names_in(document: object) -> set[str]:
    if isinstance(document, dict):
        own = {document["field"]} if isinstance(document.get("field"), str) else set()
        return own.union(*(_names_in(part) for part in document.values()))
    if isinstance(document, list | tuple):
        return set().union(*(_names_in(part) for part in document))
    return set()


def _write_fields(lead_type: LeadType, specs: Sequence[Spec]) -> None:
    lead_type.fields.all().delete()
    Field.objects.bulk_create(
        Field(lead_type=lead_type, position=position, **spec) for position, spec in enumerate(specs)
    )
    getattr(lead_type, "_prefetched_objects_cache", {}).clear()
