"""Configurations that the house refuses to start on."""

import base64

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

SEALING_KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()


def house_errors() -> list[str]:
    return sorted(message.id or "" for message in run_checks() if (message.id or "").startswith("house."))


@pytest.fixture
def production(settings: Settings) -> Settings:
    settings.PRODUCTION = True
    settings.SECRET_KEY = "a-secret-of-our-own-that-is-long-enough-for-the-checks"
    settings.SEALING_KEYS = [SEALING_KEY]
    settings.ALLOWED_HOSTS = ["leads.example.com"]
    return settings


def test_the_embedded_default_is_fine() -> None:
    assert house_errors() == []


def test_a_complete_production_configuration_is_fine(production: Settings) -> None:
    production.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]
    assert house_errors() == []


def test_the_published_secret_is_refused_in_production(production: Settings) -> None:
    production.SECRET_KEY = production.DEVELOPMENT_SECRET
    assert house_errors() == ["house.E001"]


def test_production_needs_sealing_keys(production: Settings) -> None:
    production.SEALING_KEYS = []
    assert house_errors() == ["house.E002"]


@pytest.mark.parametrize("entry", ["k1", "k1:short", ":" + SEALING_KEY[3:], "k.1:" + SEALING_KEY[3:], "k1:%%%"])
def test_a_malformed_sealing_key_is_refused(settings: Settings, entry: str) -> None:
    settings.SEALING_KEYS = [entry]
    assert house_errors() == ["house.E003"]


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "EGRESS_ALLOW", "METRICS_ALLOW"])
def test_a_network_that_is_none_is_refused(settings: Settings, name: str) -> None:
    setattr(settings, name, ["10.0.0.0/8", "everywhere"])
    assert house_errors() == ["house.E004"]


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_trusting_everybody_as_a_proxy_is_refused(settings: Settings, network: str) -> None:
    settings.TRUSTED_PROXIES = [network]
    assert house_errors() == ["house.E005"]


@pytest.mark.parametrize("hosts", [[], ["*"], ["leads.example.com", "*"]])
def test_production_names_its_hosts(production: Settings, hosts: list[str]) -> None:
    production.ALLOWED_HOSTS = hosts
    assert house_errors() == ["house.E006"]
