"""Models, health and policies of scores as the API shows them."""

from collections.abc import Mapping
from typing import Any

from accounts.api.fields import instant, public_id
from core.clock import rfc3339
from leads.score_health import ScoreHealth
from leads.score_sharing import ShownModel
from routing.models import LeadType
from scoring.models import Model, Policy
from scoring.policies import policy_record

_GROUP = ("leads", "mean", "rate", "error", "return_rate")


def model_record(shown: ShownModel) -> dict[str, Any]:
    """A model of `shown_models`, without its bytes."""
    model = shown.model
    return {
        "model_id": model.public_id,
        "lead_type": model.lead_type,
        "target": model.target,
        "stage": model.stage,
        "state": model.state,
        "shared": shown.shared,
        "parent_id": public_id(Model.prefix, model.parent_id),
        "library": model.library,
        "rows": shown.rows,
        "positives": shown.positives,
        "trained_from": instant(shown.trained_from),
        "trained_to": instant(shown.trained_to),
        "features": shown.features,
        "size_bytes": getattr(model, "size", 0),
        "sha256": bytes(model.sha256).hex(),
        "metrics": shown.metrics,
        "training": shown.training,
        "gate": shown.gate,
        "fairness": shown.fairness,
        "created_at": rfc3339(model.created_at),
        "promoted_at": instant(model.promoted_at),
        "promoted_by": shown.promoted_by or None,
    }


def health_record(health: ScoreHealth, names: Mapping[str, str]) -> dict[str, Any]:
    """The health of one lead type; `names` are those of sources and campaigns."""
    figures, progress = health.figures, health.progress
    return {
        "lead_type": health.lead_type.name,
        "lead_type_id": health.lead_type.public_id,
        "level": health.level,
        "calibrated": health.calibrated,
        "model_id": health.champion.public_id if health.champion else None,
        "shadow_id": health.shadow.public_id if health.shadow else None,
        "watched_at": instant(health.watch.watched_at) if health.watch else None,
        "asked_at": instant(health.asked_at),
        "progress": {
            "positives": progress.positives,
            "negatives": progress.negatives,
            "reached": progress.reached,
            "next_stage": progress.next_stage,
            "missing_positives": progress.missing_positives,
            "missing_negatives": progress.missing_negatives,
            "missing_leads": progress.missing_leads,
        },
        "findings": health.findings,
        "outcomes": figures.get("outcomes", 0),
        "expected_auc": figures.get("expected_auc"),
        "bands": figures.get("bands", []),
        "rankings": figures.get("rankings", []),
        "sources": [_named(row, names) for row in figures.get("sources", ())],
        "campaigns": [_named(row, names) for row in figures.get("campaigns", ())],
        "drift": figures.get("drift", {}).get("features", []),
    }


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {"id": row["id"], "name": names.get(row["id"], "unknown"), **{member: row[member] for member in _GROUP}}


def shown_policy(lead_type: LeadType, policy: Policy | None) -> dict[str, Any]:
    """The policy of a lead type; what counts without one, where there is none."""
    wishes = policy_record(policy or Policy(lead_type=lead_type.name))
    return {"lead_type": lead_type.name, "lead_type_id": lead_type.public_id, **wishes}
