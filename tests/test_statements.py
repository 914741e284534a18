"""No list asks the database once per row: two rows and twelve cost the same number of statements, everywhere.

The lists are found, not named: every readable route of /v1 without an id in it, those below one object, every table of
/admin/, and the lists of /agency/.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.db import connection, models
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from accounts.models import Agency, SearchKeyMark
from accounts.notices import notify
from core.clock import now
from leads.models import Auction, Lead
from scoring.models import Belonging, BuyerHabits, Model, Policy, Recalibration, Standing, Target, Watch
from scoring.outcomes import Observed, record_outcomes
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_house, a_lead_type
from tests.portal.people import make_operator, make_person, signed_in
from tests.test_strangers import routes
from webhooks.models import Attempt, Endpoint, Message

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
HOOK = {"method": "webhook", "url": "https://buyer.example.com/leads"}
ONE_OF_A_KIND = {"v1/keys/current"}


def grow(house: House, name: str) -> None:
    """One more of everything that an agency has and a list shows."""
    with TestCase.captureOnCommitCallbacks(execute=True):  # what was configured is known to the next lead
        configure(house, name)
    post_leads(house, f"slug-{name}", f"slug-{name}")
    post_leads(house, "slug-first", f"first-{name}")
    grow_beside_the_api(house)


def configure(house: House, name: str) -> None:
    lead_type = a_lead_type(house, name=f"type_{name}")
    campaign = a_campaign(house, name=name, slug=f"slug-{name}", lead_type=lead_type["name"], method="round_robin")
    buyer = a_buyer(house, name=name, caps=[{"window": "day", "unit": "leads", "limit": 99}])
    house.api.post(f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits", {"amount": 5000})
    also = [{**HOOK, "url": "https://also.example.com/x"}]
    confirm = {} if name == "first" else {"confirm_minutes": 10}
    a_contract(house, buyer, campaign, delivery=HOOK, also=also, **confirm)
    house.api.post("/v1/sources", {"name": name, "slug": f"source-{name}", "default_campaign_id": f"slug-{name}"})
    house.api.post("/v1/webhook-endpoints", {"url": "https://a.example.com", "events": ["lead.accepted"]})
    house.key(name=name)
    send(house, "PUT", f"/v1/rate-limits/{name}", b'{"per_minute": 100}')


def post_leads(house: House, campaign: str, name: str) -> None:
    """A lead that is sold or waits for its buyer's word, and one that is refused."""
    lead = {"campaign_id": campaign, "state": "TX", "email": f"{name}@example.com", "source": f"source-{name}"}
    answer = house.api.post("/v1/leads", lead, **{"Idempotency-Key": name})
    assert answer.status_code in (201, 202), answer.content
    house.api.post("/v1/leads", {**lead, "phone": "12"})
    house.api.post("/v1/ping", {"campaign_id": campaign, "state": "TX"})


def grow_beside_the_api(house: House) -> None:
    """People, their addresses, notices and second factors, failed sign-ins, and tries at every message."""
    Agency.objects.create(name="Another", slug=uuid4().hex)
    person = make_person(house.agency)
    notify(agency_id=house.agency.pk, key=uuid4().hex, subject="Alarm", text="Look.", now=now())
    EmailAddress.objects.create(user=person, email=person.email)
    Authenticator.objects.create(user=person, type="totp", data={})
    failed = {"username": uuid4().hex, "ip_address": "192.0.2.1", "user_agent": "x"}
    AccessAttempt.objects.create(**failed, failures_since_start=1)
    AccessFailureLog.objects.create(**failed)
    AccessLog.objects.create(**failed)
    grow_scoring(house)
    for message in Message.objects.all():
        number = message.tries.count() + 1
        Attempt.objects.create(message=message, number=number, started_at=now(), outcome="timeout")
    Message.objects.update(state="exhausted")
    Auction.objects.create(started_at=now(), record={"pings": []})


def grow_scoring(house: House) -> None:
    """What scoring remembers of another lead type."""
    kind = uuid4().hex
    trained = {"seed": 1, "trained_from": now(), "trained_to": now(), "rows": 1, "positives": 1}
    line = {"slope": 1.0, "intercept": 0.0}
    model = Model.objects.create(
        agency=house.agency, lead_type=kind, target="stuck", stage="calibrated", spec=[], **line, **trained
    )
    fitted = {"rows": 1, "positives": 1, "fitted_at": now()}
    Recalibration.objects.create(model=model, agency=house.agency, **line, **fitted)
    Policy.objects.create(agency=house.agency, lead_type=kind)
    counts = dict.fromkeys(("answers", "accepted", "taken", "returned"), 0)
    habits = dict.fromkeys(("accept_rate", "return_rate", "accept_offset", "return_offset"), 0.0)
    BuyerHabits.objects.create(agency=house.agency, lead_type=kind, reckoned_at=now(), **counts, **habits)
    Standing.objects.create(agency=house.agency, lead_type=kind, cuts=[], leads=0, reckoned_at=now())
    Belonging.objects.create(agency=house.agency, lead_type=kind, lead_ref=uuid4(), attribute="gender", group="x")
    Watch.objects.create(
        agency=house.agency,
        lead_type=kind,
        day=now().date(),
        model="x",
        level="good",
        calibrated=True,
        watched_at=now(),
    )
    observed = Observed(
        agency_id=house.agency.pk,
        lead_ref=uuid4(),
        lead_type=kind,
        target=Target.STUCK,
        label=True,
        received_at=now(),
        matured_at=now(),
    )
    record_outcomes(observed=[observed])


def send(house: House, verb: str, path: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {house.api.key}"}
    answer = Client().generic(verb, path, body, "application/json", headers=headers)
    assert answer.status_code < 300, answer.content


def api_lists(house: House) -> Iterator[str]:
    """Every list of the API: routes without an id, and those below the objects that have lists of their own."""
    for path, pattern in routes(get_resolver(), with_ids=False):
        if hasattr(getattr(pattern.callback, "cls", None), "get") and path not in ONE_OF_A_KIND:
            yield f"/{path}"
    endpoint = Endpoint.objects.filter(owner_kind="contract").order_by("created_at").first()
    message = Message.objects.order_by("created_at").first()
    lead = Lead.objects.filter(campaign__slug="slug-first").order_by("created_at").first()
    assert endpoint
    assert message
    assert lead
    yield f"/v1/webhook-endpoints/{endpoint.public_id}/messages"
    yield f"/v1/messages/{message.public_id}/attempts"
    yield f"/v1/leads/{lead.public_id}/events"
    yield f"/v1/leads/{lead.public_id}/decision"


def admin_lists() -> Iterator[str]:
    for model in admin.site._registry:
        yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def statements(get: Callable[[str], object], paths: list[str]) -> dict[str, int]:
    """How many statements each path takes, once what is only read once per process has been read."""
    counted = {}
    for path in paths:
        _checked(get, path)
        with CaptureQueriesContext(connection) as seen:
            _checked(get, path)
        counted[path] = len(seen)
    return counted


def _checked(get: Callable[[str], object], path: str) -> None:
    answer = get(path)
    assert answer.status_code == 200, (path, answer.status_code)  # type: ignore[attr-defined]


def tables() -> dict[str, int]:
    shown: list[type[models.Model]] = [model for model in admin.site._registry if model is not SearchKeyMark]
    return {model.__name__: model._base_manager.count() for model in shown}


def test_twelve_rows_cost_no_more_statements_than_two() -> None:
    house = a_house()
    operator, staff = signed_in(make_operator()), signed_in(make_person(house.agency))
    grow(house, "first")
    grow(house, "second")
    api, pages = list(api_lists(house)), ["/agency/", "/agency/leads/", "/agency/refused/", "/agency/scoring/"]
    few, few_rows = count(house, operator, staff, api, pages), tables()
    for number in range(10):
        grow(house, f"more_{number}")
    many, many_rows = count(house, operator, staff, api, pages), tables()
    assert {path: (few[path], many[path]) for path in few if few[path] != many[path]} == {}
    assert [name for name in few_rows if many_rows[name] <= few_rows[name]] == []


def count(house: House, operator: Client, staff: Client, api: list[str], pages: list[str]) -> dict[str, int]:
    return {
        **statements(house.api.get, api),
        **statements(operator.get, list(admin_lists())),
        **statements(staff.get, pages),
    }
