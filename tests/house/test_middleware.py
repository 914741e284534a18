"""What every request goes through, and what requests of the API are spared."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.urls("tests.house.urls")


@pytest.fixture
def production(settings: Settings) -> None:
    settings.PRODUCTION = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000


def test_every_answer_carries_a_request_id(client: Client) -> None:
    for path in ("/v1/tell", "/v1/nothing", "/nothing", "/tell/x", "/healthz"):
        assert re.fullmatch("[0-9a-f]{32}", client.get(path)["X-Request-Id"])


def test_a_sane_request_id_of_the_caller_is_kept(client: Client) -> None:
    answer = client.get("/v1/tell", headers={"X-Request-Id": "order-4711:try.2"})
    assert answer["X-Request-Id"] == answer.json()["request_id"] == "order-4711:try.2"


@pytest.mark.parametrize(
    "written", ["", "short", "a" * 65, "line\nbreak-in-it", "<script>alert(1)</script>", "ümlaut-is-not-it"]
)
def test_any_other_request_id_is_replaced(client: Client, written: str) -> None:
    answer = client.get("/v1/tell", headers={"X-Request-Id": written})
    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-Id"])
    assert answer.json()["request_id"] == answer["X-Request-Id"]


def test_the_api_is_spared_what_only_browsers_need(client: Client) -> None:
    answer = client.post("/v1/tell", {"a": 1}, content_type="application/json")
    assert answer.json()["layers"] == []
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_answers_of_the_api_say_their_length(client: Client) -> None:
    answer = client.post("/v1/tell", {"a": 1}, content_type="application/json")
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.django_db
def test_pages_get_session_sign_in_messages_and_a_strict_policy() -> None:
    answer = Client().get("/tell/x")
    assert answer.json()["layers"] == ["session", "user", "_messages"]
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_guarded_against_forged_posts() -> None:
    assert Client(enforce_csrf_checks=True).post("/tell/x").status_code == 403
    assert Client(enforce_csrf_checks=True).post("/v1/tell").status_code == 200


def test_headers_of_proxies_are_believed_only_from_trusted_ones(client: Client, settings: Settings) -> None:
    said: dict[str, Any] = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}
    settings.TRUSTED_PROXIES = []
    seen = client.get("/v1/tell", headers=said).json()
    assert (seen["client"], seen["secure"], seen["forwarded"]) == ("127.0.0.1", False, [])
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    seen = Client().get("/v1/tell", headers=said).json()
    assert (seen["client"], seen["secure"], seen["forwarded"]) == ("198.51.100.1", True, [])


@pytest.mark.usefixtures("production")
def test_plain_http_to_the_api_is_refused_and_not_redirected(client: Client) -> None:
    answer = client.get("/v1/tell")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "https_required"
    assert client.get("/v1/tell", secure=True).status_code == 200


@pytest.mark.usefixtures("production")
def test_a_forged_proxy_header_does_not_open_the_api(client: Client) -> None:
    assert client.get("/v1/tell", headers={"X-Forwarded-Proto": "https"}).json()["code"] == "https_required"


@pytest.mark.usefixtures("production")
def test_pages_are_redirected_to_https_and_pinned_there(client: Client) -> None:
    answer = client.get("/tell/x")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/tell/x")
    assert client.get("/v1/tell", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.usefixtures("production")
def test_health_is_told_over_plain_http_and_under_any_name(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["leads.example.com"]
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).json() == {"status": "ok"}


def test_errors_of_the_api_are_problems(client: Client) -> None:
    answer = client.get("/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_a_bug_is_a_problem_without_details(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Client(raise_request_exception=False).get("/v1/fail")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "internal"
    assert "broken" not in answer.content.decode()
    assert answer["X-Request-Id"]
