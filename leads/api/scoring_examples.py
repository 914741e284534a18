"""The examples of the OpenAPI document: the scores of one lead type, in charge, in the shadow, and watched."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_CHAMPION, _SHADOW = (f"mdl_01jv3k{code}q4r5s6t7v8w9x0yz" for code in ("8m2x", "9b7y"))
_TYPE: Final = {"lead_type": "auto_accident", "lead_type_id": "lt_01jv3k8m2xq4r5s6t7v8w9x0yz"}
_FORWARD: Final[dict[str, Any]] = {
    "newest": 812,
    "challenger": {"auc": 0.781, "log_loss": 0.522},
    "incumbent": {"auc": 0.742, "log_loss": 0.561},
    "gain_low": 0.021,
    "gain_high": 0.057,
}
_CHECK: Final[dict[str, Any]] = {
    "name": "log_loss",
    "passed": True,
    "figures": {"champion": 0.561, "challenger": 0.524, "gain_low": 0.018, "gain_high": 0.055},
}
_FAIRNESS: Final[dict[str, Any]] = {
    "leads": 3240,
    "thresholds": [40, 60],
    "regulations": [],
    "features": ["case_type", "phone", "source", "state"],
    "barred": [],
    "attributes": {},
    "made_at": "2026-05-12T04:17:09.412Z",
}
_MODEL: Final[dict[str, Any]] = {
    "model_id": _CHAMPION,
    "lead_type": "auto_accident",
    "target": "stuck",
    "stage": "learned",
    "state": "champion",
    "shared": False,
    "parent_id": None,
    "library": "xgboost 3.2.0",
    "rows": 3240,
    "positives": 2106,
    "trained_from": "2025-11-14T00:02:11.000Z",
    "trained_to": "2026-04-20T23:41:07.000Z",
    "features": ["case_type", "phone", "source", "state"],
    "size_bytes": 184211,
    "sha256": "9c1e" * 16,
    "metrics": {"out_of_fold": {"auc": 0.779, "log_loss": 0.524}, "forward": _FORWARD},
    "training": [{"name": "no_leak", "passed": True, "figures": {"suspects": {}}}],
    "gate": {"passed": True, "automatic": True, "judged_at": "2026-05-08T05:17:31.020Z", "checks": [_CHECK]},
    "fairness": _FAIRNESS,
    "created_at": "2026-04-21T05:17:44.310Z",
    "promoted_at": "2026-05-08T05:17:31.020Z",
    "promoted_by": "system:judge_shadows",
}
_GROUP: Final[dict[str, Any]] = {"leads": 214, "mean": 0.846, "rate": 0.85, "error": 0.025, "return_rate": 0.061}
_HEALTH: Final[dict[str, Any]] = {
    **_TYPE,
    "level": "warning",
    "calibrated": True,
    "model_id": _CHAMPION,
    "shadow_id": _SHADOW,
    "watched_at": "2026-05-12T04:17:08.901Z",
    "asked_at": None,
    "progress": {
        "positives": 2241,
        "negatives": 1190,
        "reached": "learned",
        "next_stage": None,
        "missing_positives": 0,
        "missing_negatives": 0,
        "missing_leads": 0,
    },
    "findings": [
        {"check": "mean", "subject": "", "level": "good", "figures": {"leads": 1800, "mean": 0.652, "rate": 0.648}},
        {"check": "feature_psi", "subject": "source", "level": "warning", "figures": {"psi": 0.142, "noise": 0.006}},
    ],
    "outcomes": 1800,
    "expected_auc": 0.781,
    "bands": [{"low": 80, "high": 89, **_GROUP}],
    "rankings": [
        {
            "first": "2026-04-20T00:10:00.000Z",
            "last": "2026-04-27T23:51:00.000Z",
            "leads": 402,
            "auc": 0.774,
            "error": 0.024,
        }
    ],
    "sources": [{"id": "0196d3f2-8a1c-7d3e-9f10-2b4c6d8e0f12", "name": "Google Ads", **_GROUP}],
    "campaigns": [{"id": "0196d3f2-8a1c-7d3e-9f10-2b4c6d8e0f34", "name": "Auto accident", **_GROUP}],
    "drift": [
        {
            "feature": "source",
            "psi": 0.142,
            "noise": 0.006,
            "missing": 0.0,
            "missing_before": 0.0,
            "other": 0.031,
            "other_before": 0.024,
        }
    ],
}
_POLICY: Final[dict[str, Any]] = {
    **_TYPE,
    "shares": False,
    "regulation": "insurance",
    "excluded": ["click_id"],
    "compared": ["gender"],
    "conversion_days": 90,
}


def _answer(name: str, value: Any, *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=list(statuses or ("200",)))


def _page(name: str, value: dict[str, Any]) -> list[OpenApiExample]:
    return [_answer(name, {"data": [value], "next_cursor": None})]


MODELS: Final = _page("A champion", _MODEL)
MODEL: Final = [_answer("A champion", _MODEL)]
ROLLBACK: Final = [_answer("The one before it is in charge", {"champion": _MODEL})]
HEALTH: Final = _page("Leads of one source have changed", _HEALTH)
TRAIN: Final = [
    OpenApiExample("One lead type", {"lead_type": "auto_accident"}, request_only=True),
    _answer("Taken on", {"lead_type": "auto_accident", "asked_at": "2026-05-12T14:30:01.184Z"}, "202"),
]
POLICIES: Final = _page("An insurance trade", _POLICY)
POLICY: Final = [_answer("An insurance trade", _POLICY)]
POLICY_CHANGE: Final = [
    OpenApiExample("Declare the law", {"regulation": "insurance", "compared": ["gender"]}, request_only=True)
]
