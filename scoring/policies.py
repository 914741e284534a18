"""What an agency wants of the scores of a lead type: whom it shares with, which law binds it, what is never learned.

A law counts from the moment it is declared: a model that looks at what it bars is out of charge with the same commit,
and can never come back.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from django.db import transaction

from accounts.principals import Actor
from accounts.versions import changes_between, lock_configuration, publish_change
from core.clock import now
from core.errors import DomainError
from scoring.allowed import allowed_features
from scoring.models import Model, Policy, State
from scoring.registry import features_used
from scoring.requests import TooFewMatured, ask_training

WISHES: Final = ("shares", "regulation", "excluded", "compared", "conversion_days")


class SharedModelBarred(DomainError):
    """The shared model looks at features that your policy bars. Do not share this lead type, or bar nothing more."""

    code = "shared_model_barred"


def policy_record(policy: Policy) -> dict[str, Any]:
    """The wishes, by name."""
    return {name: getattr(policy, name) for name in WISHES}


def set_policy(*, actor: Actor, lead_type: str, values: Mapping[str, Any]) -> Policy:
    """Opens a transaction or joins the open one. Change what `values` name, from the next lead on.

    Models that look at what is barred now are refused for good, and another is asked for where there is enough to learn
    from; the scorecard is in charge where the champion was one of them.
    Holds the agency's configuration. Raises SharedModelBarred.
    """
    with transaction.atomic():
        lock_configuration(actor.agency_id)
        policy, _ = Policy.objects.get_or_create(agency_id=actor.agency_id, lead_type=lead_type)
        before = policy_record(policy)
        for name, value in values.items():
            setattr(policy, name, value)
        changes = changes_between(before, policy_record(policy))
        if not changes:
            return policy
        policy.save(update_fields=[*values])
        _refuse_barred_share(policy)
        refused = _refuse_barred(policy)
        if refused:
            changes["refused_models"] = [[], refused]
            _ask_successor(actor, lead_type)
        publish_change(actor=actor, action="policy.update", object_id="", object_name=lead_type, changes=changes)
    return policy


def regulations_of(policies: Iterable[Policy]) -> list[str]:
    """The laws that bind any of them, sorted: a model that agencies share obeys all."""
    return sorted({policy.regulation for policy in policies if policy.regulation})


def barred_features(model: Model, policy: Policy) -> set[str]:
    """What a model looks at and the policy keeps from it."""
    used = set(features_used(model)) if model.body else set()
    return used.difference(allowed_features(used, regulations=regulations_of([policy]), excluded=policy.kept_out))


def _ask_successor(actor: Actor, lead_type: str) -> None:
    with suppress(TooFewMatured):
        ask_training(actor=actor, lead_type=lead_type, now=now())


def _refuse_barred_share(policy: Policy) -> None:
    champions = Model.objects.filter(agency__isnull=True, lead_type=policy.lead_type, state=State.CHAMPION)
    if policy.shares and any(barred_features(model, policy) for model in champions):
        raise SharedModelBarred


def _refuse_barred(policy: Policy) -> list[str]:
    """Refuse the agency's own models that look at what is barred; their public ids."""
    own = Model.objects.filter(agency_id=policy.agency_id, lead_type=policy.lead_type).exclude(state=State.REFUSED)
    barred = [model for model in own.order_by("created_at", "id") if barred_features(model, policy)]
    Model.objects.filter(pk__in=[model.pk for model in barred]).update(state=State.REFUSED)
    return [model.public_id for model in barred]
