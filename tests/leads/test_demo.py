"""The demo: a whole agency from documents, two hundred likely posts, and a receiver that believes only signatures."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.key_format import digest
from accounts.models import Agency, ApiKey, AuditEntry, Membership, User
from accounts.principals import AgencyFacts, Principal
from accounts.scopes import ALL_SCOPES
from billing.models import BuyerBalance
from buyers.models import Buyer, Contract
from core import redis
from core.clock import now
from core.errors import FieldProblems
from core.json import canonical
from leads.demo.build import OPERATOR, OWNER, build_demo, demo_agency
from leads.demo.campaigns import CAMPAIGNS
from leads.demo.keepsake import Keepsake, keep_posted, recall
from leads.demo.posts import COUNT, Post, make_posts
from leads.demo.welcome import welcome
from leads.intake.shape import submission_of
from leads.models import Lead, Sale, Source
from leads.pipeline import submit_lead
from leads.queries import StoredDecision, decisions
from routing.engine import replay
from routing.models import Campaign, LeadType
from tests.processes import free_port
from webhooks.models import Endpoint, EndpointSecret, Message
from webhooks.signing import parse_secret, signed_headers

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 12, 16, 30, tzinfo=UTC)  # a Tuesday within everybody's office hours
PORT = free_port()  # where nobody listens, also while a demo runs beside
RECEIVER = f"http://127.0.0.1:{PORT}/demo/receiver/"


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Keepsake:
    settings.DATA_DIR = tmp_path
    settings.EGRESS_ALLOW = ["127.0.0.1/32"]  # as `manage.py up` tells its children
    redis.client().delete("demo:deliveries")
    build_demo(receiver=RECEIVER)
    keepsake = recall()
    assert keepsake
    return keepsake


def test_the_demo_agency_has_its_buyers_six_markets_and_five_sources(demo: Keepsake) -> None:
    assert LeadType.objects.count() == 5
    assert Counter(Campaign.objects.values_list("method", flat=True)) == {
        "waterfall": 1,
        "round_robin": 2,
        "weighted": 2,
        "ping_post": 1,
    }
    assert set(Campaign.objects.values_list("lead_type__name", flat=True)) == {
        "auto_accident",
        "home_solar",
        "mortgage",
        "auto_insurance",
        "home_services",
    }
    assert Buyer.objects.count() == 12 + 11
    assert min(Campaign.objects.annotate(offers=Count("contracts")).values_list("offers", flat=True)) == 2
    assert Source.objects.filter(agency__slug=demo_agency().slug).count() == 5  # type: ignore[union-attr]


def test_amounts_and_payouts_are_stored_as_the_documents_mean_them(demo: Keepsake) -> None:
    lone_star = Contract.objects.get(buyer__external_id="lone-star")
    assert (lone_star.price, lone_star.price_rules[0]["price"]) == (225_00, 310_00)
    assert BuyerBalance.objects.get(pk=lone_star.buyer.account_id).balance == 6_000_00
    beacon = Buyer.objects.get(external_id="beacon-justice")
    assert BuyerBalance.objects.get(pk=beacon.account_id).credit_limit == 1_000_00
    paid = dict(Source.objects.exclude(slug="google_ads").values_list("slug", "payout_value"))
    assert paid == {"claim_connect": 55_00, "sun_quote": 28_00, "rate_finder": 50_00, "home_match": 60_00}


def test_every_change_went_through_the_audit_trail(demo: Keepsake) -> None:
    written = Counter(AuditEntry.objects.filter(actor="system:seed_demo").values_list("action", flat=True))
    assert written == {
        "key.create": 5,
        "lead_type.create": 5,
        "campaign.create": 6,
        "source.create": 5,
        "buyer.create": 23,
        "contract.create": Contract.objects.count(),
    }


def test_the_keepsake_opens_what_it_says_and_only_its_owner_may_read_it(demo: Keepsake, settings: Settings) -> None:
    assert (Path(settings.DATA_DIR) / "demo.json").stat().st_mode & 0o777 == 0o600
    for email, password in demo.logins.items():
        assert User.objects.get(email=email).check_password(password)
    assert User.objects.get(email=OPERATOR).is_superuser
    assert Membership.objects.get(user__email=OWNER).role == "owner"
    assert ApiKey.objects.get(digest=digest(demo.live_key)).source_id is None
    source = Source.objects.get(slug="sun_quote")
    assert ApiKey.objects.get(digest=digest(demo.sources["sun_quote"])).source_id == source.pk


def test_the_same_instant_gives_the_same_posts() -> None:
    posts = make_posts(NOON)
    assert posts == make_posts(NOON)
    assert len(posts) == COUNT == 200
    assert Counter(post.kind for post in posts) == {
        "good": 160,
        "duplicate": 16,
        "invalid": 12,
        "no_consent": 8,
        "old_consent": 4,
    }
    assert {post.body["campaign_id"] for post in posts} == {campaign["slug"] for campaign in CAMPAIGNS}
    assert len({post.body["state"] for post in posts if post.kind == "good"}) > 10


def test_every_campaign_sells_and_trouble_ends_as_it_should(demo: Keepsake) -> None:
    ends = Counter((post.kind, submit(post)) for post in make_posts(NOON)[:90])
    by_kind: dict[str, set[str]] = {}
    for kind, end in ends:
        by_kind.setdefault(kind, set()).add(end)
    assert by_kind == {
        "good": {"accepted", "unsold"},
        "duplicate": {"duplicate"},
        "invalid": {"refused"},
        "no_consent": {"rejected"},
        "old_consent": {"rejected"},
    }
    assert ends["good", "accepted"] > 3 * ends["good", "unsold"]
    sold = Counter(Sale.objects.values_list("lead__campaign__slug", flat=True))
    assert set(sold) == {campaign["slug"] for campaign in CAMPAIGNS}
    assert set(Message.objects.values_list("endpoint__url", flat=True)) <= set(map(RECEIVER.__add__, demo.secrets))


def test_every_decision_of_the_demo_is_replayed_bit_for_bit(demo: Keepsake) -> None:
    for post in make_posts(NOON):
        submit(post)
    decided = Lead.objects.filter(status__in=["accepted", "pending", "unsold"])
    assert decided.count() > 150
    replayed = Counter(lead.status for lead in decided for stored in decisions(lead) if is_same_again(stored))
    assert replayed == Counter(decided.values_list("status", flat=True))


def test_a_replay_under_other_terms_is_told_apart(demo: Keepsake) -> None:
    for post in make_posts(NOON)[:40]:
        submit(post)
    sold = Lead.objects.filter(status="accepted")
    stored = [decisions(lead)[0] for lead in sold]
    closed = [{**one.content, "contracts": [_paused(terms) for terms in one.content["contracts"]]} for one in stored]
    assert not any(is_same_again(replace(one, content=content)) for one, content in zip(stored, closed, strict=True))


def is_same_again(stored: StoredDecision) -> bool:
    """Whether running the engine on what was stored gives the very bytes that it gave then, as the record says too."""
    again = replay(stored.content, stored.market)
    return stored.replayed and canonical(again.to_record()) == canonical(stored.decision.to_record())


def _paused(terms: dict[str, Any]) -> dict[str, Any]:
    return {**terms, "status": "paused"}


def test_the_receiver_shows_what_was_signed_with_its_secret(demo: Keepsake, client: Client) -> None:
    body = json.dumps({"event": "lead.delivered", "lead_id": "ld_1", "price": 225}).encode()
    assert deliver(client, demo, body) == 204
    page = client.get("/demo/receiver/").content.decode()
    assert "<td>verified</td>" in page
    assert "lead.delivered" in page


def test_the_receiver_refuses_and_shows_what_was_not(demo: Keepsake, client: Client) -> None:
    assert deliver(client, demo, b"{}", key="homepro") == 401
    assert deliver(client, demo, b"<script>", slug="nobody") == 401
    page = client.get("/demo/receiver/").content.decode()
    assert "refused: no signature fits" in page
    assert "refused: nobody receives at this address" in page
    assert "<script>" not in page


def test_every_receiver_has_an_endpoint_and_every_endpoint_a_receiver(demo: Keepsake) -> None:
    assert set(Endpoint.objects.values_list("url", flat=True)) == {RECEIVER + slug for slug in demo.secrets}


def test_the_welcome_holds_a_curl_line_that_a_shell_reads_as_one(demo: Keepsake) -> None:
    text = welcome(demo, "http://localhost:8000", consent="2026-05-12T16:30:00.000Z")
    (line,) = (line for line in text.splitlines() if line.startswith("curl"))
    body = line.split(" -d ")[1].strip("'")
    assert submit(Post(0, "google_ads", "good", json.loads(body))) == "accepted"
    assert f"Bearer {demo.live_key}" in line


def test_another_run_prints_the_same_again_and_builds_nothing(demo: Keepsake, settings: Settings) -> None:
    settings.PORT = PORT
    keep_posted(demo)
    version = Agency.objects.get().version
    assert demo.live_key in run_again()
    assert demo.logins[OWNER] in run_again()
    assert Agency.objects.get().version == version


def test_another_run_on_another_port_moves_the_receiver_and_keeps_its_secrets(
    demo: Keepsake, settings: Settings
) -> None:
    settings.PORT = 8123
    keep_posted(demo)
    run_again()
    moved = {f"http://127.0.0.1:8123/demo/receiver/{slug}" for slug in demo.secrets}
    assert set(Endpoint.objects.values_list("url", flat=True)) == moved
    assert EndpointSecret.objects.count() == len(demo.secrets)


def test_another_data_folder_is_told_whom_to_ask(demo: Keepsake, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "elsewhere"
    assert run_again() == f"The demo agency of another data folder is here. Sign in as {OWNER} or {OPERATOR}.\n"


def test_nothing_is_seeded_where_the_demo_is_off(settings: Settings, db: None) -> None:
    settings.DEMO = False
    assert run_again().startswith("No demo data here")
    assert not Agency.objects.exists()


def run_again() -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


def submit(post: Post) -> str:
    agency = Agency.objects.get()
    principal = Principal(
        kind="key",
        agency=AgencyFacts(agency.pk, agency.currency, agency.timezone, agency.status),
        mode="live",
        scopes=frozenset(ALL_SCOPES),
        actor="key:test",
        version=agency.version,
        source_id=Source.objects.get(slug=post.source).pk,
    )
    try:
        outcome = submit_lead(principal=principal, submission=submission_of(dict(post.body)), received_at=NOON)
    except FieldProblems:
        return "refused"
    return str(outcome.body["status"])


def deliver(browser: Client, demo: Keepsake, body: bytes, *, slug: str = "lone-star", key: str = "lone-star") -> int:
    headers = signed_headers([parse_secret(demo.secrets[key])], "evt_1", int(now().timestamp()), body)
    return browser.post(f"/demo/receiver/{slug}", body, content_type="application/json", headers=headers).status_code
