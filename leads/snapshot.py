"""An agency's configuration as the hot path uses it: immutable, in this process, under one version.

Nothing here is read per lead. A request brings the version it was authenticated under; settling checks it again in
the database, so an old snapshot costs a reload and never a wrong sale.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import Agency
from billing.accounts import agency_accounts, open_account
from billing.chart import Code
from buyers.exchange.methods import HttpMethod
from buyers.http_methods import compiled_method
from buyers.models import Contract, DeliveryMethod, Method
from buyers.terms import Terms, market_terms
from core.errors import FieldProblems
from core.sealing import Unsealable
from leads.models import DIRECT, Source
from leads.validation import Validator
from routing.fields import pingable_names
from routing.models import Campaign, RankBy
from routing.types import SourceTerms
from scoring.expectations import Expectations
from scoring.features import Profile
from scoring.habits import expectations_of
from scoring.scorecard import Scorer
from scoring.serving import scorers_of


@dataclass(frozen=True, slots=True)
class ContractView:
    """What settling needs of a contract beside its terms. Accounts are of the live and of the test book.

    `exchange` is the buyer's own interface, compiled, where the method is `http`: None there means that it cannot be
    used as it is (the log says why), and nobody can be asked or told.
    """

    id: UUID
    buyer_id: UUID
    name: str
    external_id: str
    method: str
    endpoint_id: UUID | None
    exchange: HttpMethod | None
    confirm_minutes: int
    mock: Mapping[str, object]
    accounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign, ready to take leads. `contracts` by id; `lead_type` by name.

    `expectations` of its buyers only where it ranks by expected value. It `asks_nobody` where the outcome is known
    without a buyer's word: neither a bid nor an answer to a real-time post.
    """

    id: UUID
    slug: str
    status: str
    currency: str
    lead_type: str
    dedupe_days: int
    dedupe_scope: str
    dedupe_counts: str
    consent_required: bool
    consent_max_age_days: int | None
    refuse_invalid_phone: bool
    ping_timeout_ms: int
    answer_within_ms: int
    deadline_ms: int
    validator: Validator
    pingable: frozenset[str]
    profile: Profile
    scorer: Scorer
    expectations: Expectations | None
    terms: Terms
    contracts: Mapping[UUID, ContractView]
    asks_nobody: bool

    @property
    def pings(self) -> bool:
        """Whether buyers are asked for their bids before a lead is sold."""
        return self.terms.market.method == "ping_post"


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source and its terms. `payables` are its accounts in the live and the test book."""

    id: UUID
    slug: str
    default_campaign_id: UUID | None
    terms: SourceTerms
    payables: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of an agency's configuration."""

    agency_id: UUID
    version: int
    timezone: str
    campaigns: Mapping[UUID, CampaignView]
    campaigns_by_slug: Mapping[str, CampaignView]
    sources: Mapping[UUID, SourceView]
    sources_by_slug: Mapping[str, SourceView]
    books: Mapping[tuple[str, str], Mapping[int, int]]

    @property
    def direct(self) -> SourceView:
        """The built-in source."""
        return self.sources_by_slug[DIRECT]


log = logging.getLogger(__name__)
_known: dict[UUID, Snapshot] = {}
_loading = threading.Lock()


def read(*, agency_id: UUID, version: int) -> Snapshot:
    """The agency's configuration of at least this version. A handful of statements when it is new, none otherwise."""
    known = _known.get(agency_id)
    if known is not None and known.version >= version:
        return known
    with _loading:
        known = _known.get(agency_id)
        if known is None or known.version < version:
            known = _known[agency_id] = _load(agency_id)
    return known


def refresh(snapshot: Snapshot) -> Snapshot:
    """The configuration as the database has it now, for a settlement that was overtaken; the same one if it stands."""
    version = Agency.objects.values_list("version", flat=True).get(pk=snapshot.agency_id)
    return read(agency_id=snapshot.agency_id, version=version)


def _load(agency_id: UUID) -> Snapshot:
    # The version is read first: what changes while the rest is read is seen as stale by the next settlement.
    agency = Agency.objects.get(pk=agency_id)
    campaigns = _campaigns(agency_id)
    currencies = {agency.currency, *(campaign.currency for campaign in campaigns)}
    books = {
        (mode, currency): agency_accounts(agency_id, mode, currency)
        for mode in ("live", "test")
        for currency in sorted(currencies)
    }
    sources = [_source_view(source, agency, sorted(currencies)) for source in _sources(agency_id)]
    return Snapshot(
        agency_id=agency_id,
        version=agency.version,
        timezone=agency.timezone,
        campaigns={campaign.id: campaign for campaign in campaigns},
        campaigns_by_slug={campaign.slug: campaign for campaign in campaigns},
        sources={source.id: source for source in sources},
        sources_by_slug={source.slug: source for source in sources},
        books=books,
    )


def _sources(agency_id: UUID) -> list[Source]:
    sources = list(Source.objects.filter(agency_id=agency_id).exclude(status=Source.Status.ARCHIVED))
    if not any(source.slug == DIRECT for source in sources):
        direct, _ = Source.objects.get_or_create(agency_id=agency_id, slug=DIRECT, defaults={"name": "Direct"})
        sources.append(direct)
    return sources


def _source_view(source: Source, agency: Agency, currencies: list[str]) -> SourceView:
    payables = {
        (mode, currency): open_account(
            agency_id=agency.pk, mode=mode, code=Code.PAYABLE_PENDING, owner_id=source.pk, currency=currency
        )
        for mode in ("live", "test")
        for currency in currencies
    }
    terms = SourceTerms.from_content(
        {
            "id": str(source.pk),
            "status": source.status,
            "timezone": agency.timezone,
            "caps": source.caps,
            "payout_kind": source.payout_kind,
            "payout_value": source.payout_value,
        }
    )
    return SourceView(
        id=source.pk,
        slug=source.slug,
        default_campaign_id=source.default_campaign_id,
        terms=terms,
        payables=payables,
    )


def _campaigns(agency_id: UUID) -> list[CampaignView]:
    rows = list(
        Campaign.objects.filter(agency_id=agency_id)
        .exclude(status="archived")
        .select_related("lead_type")
        .prefetch_related("lead_type__fields")
    )
    terms = market_terms(agency_id)
    contracts = _contracts(agency_id, {row.pk: _pingable(row) for row in rows})
    scorers = scorers_of(agency_id=agency_id, lead_types={row.lead_type.name for row in rows})
    ranked = {row.lead_type.name for row in rows if row.rank_by == RankBy.EXPECTED_VALUE}
    expectations = expectations_of(agency_id=agency_id, lead_types=ranked)
    return [
        _campaign_view(
            row,
            terms[row.pk],
            contracts.get(row.pk, {}),
            scorers[row.lead_type.name],
            expectations.get(row.lead_type.name),
        )
        for row in rows
    ]


def _campaign_view(
    row: Campaign,
    terms: Terms,
    contracts: Mapping[UUID, ContractView],
    scorer: Scorer,
    expectations: Expectations | None,
) -> CampaignView:
    fields = tuple(row.lead_type.fields.all())
    return CampaignView(
        id=row.pk,
        slug=row.slug,
        status=row.status,
        currency=row.currency,
        lead_type=row.lead_type.name,
        dedupe_days=row.dedupe_days,
        dedupe_scope=row.dedupe_scope,
        dedupe_counts=row.dedupe_counts,
        consent_required=row.consent_required,
        consent_max_age_days=row.consent_max_age_days,
        refuse_invalid_phone=row.refuse_invalid_phone,
        ping_timeout_ms=row.ping_timeout_ms,
        answer_within_ms=row.answer_within_ms,
        deadline_ms=row.deadline_ms,
        validator=Validator(fields),
        pingable=pingable_names(fields),
        profile=Profile.of(row.lead_type.name, fields),
        scorer=scorer,
        expectations=expectations,
        terms=terms,
        contracts=contracts,
        asks_nobody=row.method != "ping_post"
        and all(contract.method != Method.HTTP for contract in contracts.values()),
    )


def contract_view(contract_id: UUID) -> ContractView:
    """One contract, also one that has left the market while a sale of it was pending. A few statements."""
    row = _ready(Contract.objects.all()).select_related("campaign__lead_type").get(pk=contract_id)
    return _contract_view(row, _pingable(row.campaign))


def _ready(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    primary = Prefetch("deliveries", DeliveryMethod.objects.filter(primary=True), to_attr="primary_delivery")
    return contracts.select_related("buyer", "campaign").prefetch_related(primary)


def _pingable(campaign: Campaign) -> frozenset[str]:
    return pingable_names(campaign.lead_type.fields.all())


def _contracts(agency_id: UUID, pingable: Mapping[UUID, frozenset[str]]) -> dict[UUID, dict[UUID, ContractView]]:
    rows = _ready(Contract.objects.filter(agency_id=agency_id).exclude(status="archived"))
    views: dict[UUID, dict[UUID, ContractView]] = {}
    for row in rows:
        allowed = pingable.get(row.campaign_id, frozenset())  # an archived campaign's contracts sell nothing
        views.setdefault(row.campaign_id, {})[row.pk] = _contract_view(row, allowed)
    return views


def _contract_view(row: Contract, pingable: frozenset[str]) -> ContractView:
    delivery: DeliveryMethod | None = next(iter(getattr(row, "primary_delivery", ())), None)
    return ContractView(
        id=row.pk,
        buyer_id=row.buyer_id,
        name=row.name,
        external_id=row.external_id,
        method=delivery.method if delivery else "portal",
        endpoint_id=delivery.endpoint_id if delivery and delivery.method == Method.WEBHOOK else None,
        exchange=_exchange(delivery, row.campaign.currency, pingable)
        if delivery and delivery.method == Method.HTTP
        else None,
        confirm_minutes=row.confirm_minutes,
        mock=row.mock,
        accounts={"live": row.buyer.account_id, "test": row.buyer.test_account_id},
    )


def _exchange(delivery: DeliveryMethod, currency: str, pingable: frozenset[str]) -> HttpMethod | None:
    """The buyer's interface. One that cannot be read closes its own contract, and not the agency's whole market."""
    try:
        return compiled_method(delivery, currency=currency, pingable=pingable)
    except (FieldProblems, Unsealable):
        log.exception("the delivery method of contract %s cannot be read", delivery.contract_id)
        return None
