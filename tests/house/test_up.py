"""What `manage.py up` tells the programs it starts."""

from pytest_django.fixtures import Settings

from leaddistro.management.commands.up import environment


def test_the_demos_receiver_may_be_reached_beside_the_operators_own_networks(settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    assert environment(with_demo=True)["EGRESS_ALLOW"] == "127.0.0.1/32"
    settings.EGRESS_ALLOW = ["10.0.0.0/8"]
    assert environment(with_demo=True)["EGRESS_ALLOW"] == "10.0.0.0/8,127.0.0.1/32"


def test_without_the_demo_nothing_is_opened(settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    assert not environment(with_demo=False).get("EGRESS_ALLOW")
