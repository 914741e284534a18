"""Signing in: by e-mail and password, with a second factor where one is set up or required; guesses are limited."""

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import Agency, User
from portal.cache import SharedCache
from tests.portal.people import PASSWORD, make_operator, make_person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    cache._shared.clear()  # type: ignore[attr-defined]
    cache.clear()


@pytest.fixture
def agency() -> Agency:
    return Agency.objects.create(name="Acme", slug="acme")


def sign_in(client: Client, email: str, password: str = PASSWORD, to: str = "/agency/") -> str:
    """Where the sign-in form leads; an empty text where it is shown again."""
    answer = client.post(f"/accounts/login/?next={to}", {"login": email, "password": password, "next": to})
    return str(answer.headers.get("Location", ""))


def code_of(secret: str, moment: float | None = None) -> str:
    return str(format_hotp_value(hotp_value(secret, int(moment or time.time()) // 30)))


def set_up_factor(client: Client) -> str:
    """Go through the set-up page; the secret."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'Enter this secret: <span class="code">([A-Z2-7]+)<', page)
    assert found
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return found[1]


def test_an_owner_signs_in_and_lands_at_the_overview(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    assert sign_in(client, owner.email.upper()) == "/agency/"
    assert client.get("/agency/").status_code == 200


def test_a_wrong_password_shows_the_form_again_and_says_no_more_than_that(agency: Agency) -> None:
    owner = make_person(agency)
    known = Client().post("/accounts/login/", {"login": owner.email, "password": "wrong password"})
    unknown = Client().post("/accounts/login/", {"login": "nobody@example.com", "password": "wrong password"})
    sentence = "The email address and/or password you specified are not correct."
    assert sentence in known.content.decode()
    assert sentence in unknown.content.decode()


def test_after_ten_wrong_passwords_the_right_one_is_refused_too(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    answers = [client.post("/accounts/login/", {"login": owner.email, "password": "wrong"}) for _ in range(10)]
    assert answers[-1].status_code == 429
    refused = client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert refused.status_code == 429
    assert "Too many tries" in refused.content.decode()


def test_signing_out_ends_the_session(agency: Agency) -> None:
    client = signed_in(make_person(agency))
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert client.get("/agency/").headers["Location"] == "/accounts/login/?next=/agency/"


def test_nobody_signs_themselves_up() -> None:
    for path in ("/accounts/signup/", "/accounts/email/", "/accounts/password/set/"):
        assert Client().get(path).status_code == 404


def test_the_session_cookie_is_kept_from_scripts_and_other_sites_for_twelve_hours(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 12 * 3600)


def test_a_forgotten_password_is_reset_through_the_mailbox(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    client.post("/accounts/password/reset/", {"email": owner.email})
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    link = re.search(r"http://\S+/accounts/password/reset/key/\S+", str(letter.body))
    assert link
    form = client.get(urlsplit(link[0]).path).headers["Location"]
    client.post(form, {"password1": "a brand new phrase", "password2": "a brand new phrase"})
    assert sign_in(Client(), owner.email, "a brand new phrase") == "/agency/"
    assert sign_in(Client(), owner.email, PASSWORD) == ""


def test_an_unknown_address_gets_no_letter_and_the_same_page() -> None:
    answer = Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert answer.headers["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox == []


def test_a_person_with_a_second_factor_needs_its_code_and_each_code_works_once(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    secret = set_up_factor(client)
    fresh, other = Client(), Client()
    assert urlsplit(sign_in(fresh, owner.email)).path == "/accounts/2fa/authenticate/"
    assert fresh.get("/agency/").status_code == 302
    code = code_of(secret)
    assert fresh.post("/accounts/2fa/authenticate/", {"code": code}).headers["Location"] == "/agency/"
    assert fresh.get("/agency/").status_code == 200
    sign_in(other, owner.email)
    assert "Incorrect code" in other.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()


def test_the_secret_of_a_second_factor_is_stored_sealed(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    secret = set_up_factor(client)
    codes = re.findall(r"<li>([0-9]{8})</li>", client.get("/accounts/2fa/recovery-codes/").content.decode())
    stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert len(codes) == 10
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_an_old_session_confirms_the_password_before_it_changes_the_second_factor(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=False):
        answer = client.get("/accounts/2fa/totp/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_a_recovery_code_opens_the_account_once(agency: Agency) -> None:
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    set_up_factor(client)
    code = re.findall(r"<li>([0-9]{8})</li>", client.get("/accounts/2fa/recovery-codes/").content.decode())[0]
    first, second = Client(), Client()
    for attempt, expected in ((first, 302), (second, 200)):
        sign_in(attempt, owner.email)
        assert attempt.post("/accounts/2fa/authenticate/", {"code": code}).status_code == expected


@pytest.mark.parametrize("path", ["/agency/", "/agency/leads/", "/admin/", "/admin/accounts/agency/"])
def test_where_a_second_factor_is_required_staff_set_one_up_before_anything_else(
    agency: Agency, settings: Settings, path: str
) -> None:
    settings.REQUIRE_MFA = True
    for user in (make_operator(), make_person(agency, "owner"), make_person(agency, "analyst")):
        answer = signed_in(user).get(path)
        assert answer.headers["Location"] == "/accounts/2fa/totp/activate/"


def test_with_the_second_factor_set_up_the_pages_open(agency: Agency, settings: Settings) -> None:
    settings.REQUIRE_MFA = True
    owner, client = make_person(agency), Client()
    sign_in(client, owner.email)
    set_up_factor(client)
    assert client.get("/agency/").status_code == 200


def test_a_buyers_person_is_not_asked_for_a_second_factor(agency: Agency, settings: Settings) -> None:
    settings.REQUIRE_MFA = True
    assert signed_in(make_person(agency, "buyer")).get("/agency/").status_code == 403


def test_the_admin_has_no_sign_in_of_its_own(agency: Agency) -> None:
    assert Client().get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert Client().get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=/admin/"
    operator, client = make_operator(), Client()
    assert sign_in(client, operator.email, to="/admin/") == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_an_owner_is_no_operator(agency: Agency) -> None:
    client = signed_in(make_person(agency))
    assert client.get("/admin/", follow=True).status_code == 403


def test_sign_in_works_while_redis_is_away() -> None:
    lonely = SharedCache("unix:///nowhere.sock", {})
    assert lonely.add("code", 1, 30)
    assert not lonely.add("code", 1, 30)
    assert lonely.get("code") == 1
    assert lonely.delete("code")
    assert lonely.get("code") is None


def test_a_name_is_counted_however_it_is_spelled(agency: Agency) -> None:
    owner = make_person(agency)
    client = Client()
    for spelling in (owner.email, owner.email.upper(), f" {owner.email}") * 4:
        answer = client.post("/accounts/login/", {"login": spelling, "password": "wrong"})
    assert answer.status_code == 429
    assert User.objects.get(pk=owner.pk).last_login is None
