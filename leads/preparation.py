"""From a submission to a draft: whose lead it is, for which campaign, in normal form, hashed and scored.

So it is with part of a lead, of which a source asks what it would fetch.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from accounts.principals import Principal
from accounts.vault import new_data_key
from buyers.exchange.hashes import digest
from core.errors import FieldError, FieldProblems, NotFound
from core.ids import BadId, decode, new_id
from core.sealing import blind_index
from leads.drafts import Draft
from leads.fingerprint import fingerprint
from leads.models import Source
from leads.snapshot import CampaignView, Snapshot, SourceView
from leads.types import LeadData, Submission
from routing.models import Campaign
from scoring.features import Features, Origin, features_of
from scoring.scorecard import SCORECARD

Known = TypeVar("Known")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


class UnknownCampaign(NotFound):
    """There is no campaign with this id or slug."""

    code = "unknown_campaign"


def prepare(*, principal: Principal, view: Snapshot, submission: Submission, received_at: datetime) -> Draft:
    """A draft of the submitted lead. Nothing is read or written.

    Raises UnknownCampaign, or FieldProblems naming every field that needs correction.
    """
    source, source_text = source_of(principal, view, submission)
    campaign = campaign_of(view, source, submission)
    data = campaign.validator.check(submission.fields, received_at=received_at)
    _refuse_doubtful_phone(campaign, data)
    features = lead_features(campaign, source, source_text, data, received_at)
    lead_id = new_id()
    key_statement, sealer = new_data_key(lead_id)
    phone_hash, email_hash = person_hashes(view.agency_id, data)
    return Draft(
        id=lead_id,
        principal=principal,
        snapshot=view,
        campaign=campaign,
        source=source,
        source_text=source_text,
        data=data,
        external_id=submission.external_id or "",
        metadata=submission.metadata,
        phone_hash=phone_hash,
        email_hash=email_hash,
        scored=campaign.scorer.score(features),
        features=features,
        received_at=received_at,
        sealer=sealer,
        key_statement=key_statement,
    )


def prepare_ping(*, principal: Principal, view: Snapshot, submission: Submission, received_at: datetime) -> Draft:
    """The draft of a lead of which only what may be pinged is known. What else was sent is forgotten here.

    Nothing is read or written. Raises UnknownCampaign, FieldProblems.
    """
    fields = dict(submission.fields)
    hashes = _contact_hashes(fields)
    marks = {kind: keyed_hash(kind, view.agency_id, value) for kind, value in hashes.items()}
    source, source_text = source_of(principal, view, submission)
    campaign = campaign_of(view, source, submission)
    told = {name: value for name, value in fields.items() if name in campaign.pingable}
    data = LeadData(campaign.validator.check(told, received_at=received_at, partial=True).fields, frozenset())
    features = features_of(data.fields, flags=data.flags, received_at=received_at, profile=campaign.profile)
    ping_id = new_id()
    return Draft(
        id=ping_id,
        principal=principal,
        snapshot=view,
        campaign=campaign,
        source=source,
        source_text=source_text,
        data=data,
        phone_hash=marks.get("phone"),
        email_hash=marks.get("email"),
        scored=SCORECARD.score(features),
        features=features,
        received_at=received_at,
        sealer=new_data_key(ping_id)[1],
        hashes={f"{kind}_sha256": value for kind, value in hashes.items()},
        partial=True,
    )


def _contact_hashes(fields: dict[str, Any]) -> dict[str, str]:
    """What was sent of the person's telephone and e-mail, in lower case; it is taken out of the fields."""
    problems, found = [], {}
    for kind in ("phone", "email"):
        name = f"{kind}_sha256"
        value = fields.pop(name, None)
        if isinstance(value, str) and _SHA256.fullmatch(value):
            found[kind] = value.lower()
        elif value not in (None, ""):
            problems.append(FieldError(name, "bad_hash", "Send the 64 hexadecimal digits of a SHA-256."))
    if problems:
        raise FieldProblems(problems)
    return found


def lead_features(
    campaign: CampaignView, source: SourceView, source_text: str, data: LeadData, received_at: datetime
) -> Features:
    """What scoring sees of a valid lead."""
    return features_of(
        data.fields,
        flags=data.flags,
        received_at=received_at,
        profile=campaign.profile,
        origin=Origin(source.slug, campaign.slug, source_text or str(data.fields.get("sub_id") or "")),
    )


def person_hashes(agency_id: UUID, data: LeadData) -> tuple[bytes | None, bytes | None]:
    """The keyed hashes of telephone and e-mail by which this agency finds a person again."""
    marks = fingerprint(data.fields)
    return (
        contact_hash("phone", agency_id, marks.phone) if marks.phone else None,
        contact_hash("email", agency_id, marks.email) if marks.email else None,
    )


def contact_hash(kind: str, agency_id: UUID, value: str) -> bytes:
    """The keyed hash of one normalised contact of an agency's lead."""
    return keyed_hash(kind, agency_id, digest(plain_contact(value), "sha256"))


def keyed_hash(kind: str, agency_id: UUID, sha256: str) -> bytes:
    """The keyed hash of a contact of which only its own hash, in hexadecimal, is known: whom nobody named."""
    return blind_index(kind, f"{agency_id}:{sha256}")


def plain_contact(value: str) -> str:
    """The form in which the trade hashes a contact: a North American number as its ten digits."""
    return value[2:] if len(value) == 12 and value.startswith("+1") else value


def source_of(principal: Principal, view: Snapshot, submission: Submission) -> tuple[SourceView, str]:
    """The source and, where the name is not one of ours, that name as tracking text. A bound key decides itself."""
    named = submission.source or ""
    if principal.source_id is not None:
        source = view.sources.get(principal.source_id)
        if source is None:
            raise NotFound("The source of this key is archived.")
        return source, "" if named in (source.slug, "") else named
    return source_named(view, named)


def source_named(view: Snapshot, named: str) -> tuple[SourceView, str]:
    """The source of this slug or id; what names none of ours is tracking text of the built-in one."""
    if not named:
        return view.direct, ""
    known = view.sources_by_slug.get(named) or _by_id(view.sources, Source.prefix, named)
    return (known, "") if known else (view.direct, named)


def campaign_of(view: Snapshot, source: SourceView, submission: Submission) -> CampaignView:
    """The campaign that is named, else the source's own. Raises UnknownCampaign, FieldProblems where none is named."""
    named = submission.campaign_id
    if named is None:
        if source.default_campaign_id is None:
            problem = FieldError("campaign_id", "required", "Name a campaign: this source has no default one.")
            raise FieldProblems([problem])
        campaign = view.campaigns.get(source.default_campaign_id)
    else:
        campaign = view.campaigns_by_slug.get(named) or _by_id(view.campaigns, Campaign.prefix, named)
    if campaign is None:
        raise UnknownCampaign
    return campaign


def _by_id(known: Mapping[UUID, Known], prefix: str, text: str) -> Known | None:
    try:
        return known.get(decode(prefix, text))
    except BadId:
        return None


def _refuse_doubtful_phone(campaign: CampaignView, data: LeadData) -> None:
    if campaign.refuse_invalid_phone and "phone_invalid" in data.flags:
        detail = "No such number is assigned, and this campaign takes only those that are."
        raise FieldProblems([FieldError("phone", "unassigned_phone", detail)])
