"""Buyers' words are kept in the clear, so what they repeat of a person is cut out of them."""

import pytest

from leads.masking import DOTS, unnamed

LEAD = ["Maria", "Garcia", "+12145550199", "maria@example.com", "TX", None, False, "Y\u0131ld\u0131z", "irem"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("duplicate", "duplicate"),
        ("MARIA GARCIA is a customer", f"{DOTS} {DOTS} is a customer"),
        ("maria@example.com is known", f"{DOTS} is known"),
        ("https://buyer.example/thanks?e=maria%40example.com", f"https://buyer.example/thanks?e={DOTS}"),
        ("phone +12145550199 on our list", f"phone {DOTS} on our list"),
        ("phone (214) 555-0199 on our list", f"phone {DOTS} on our list"),
        ("phone 214.555.0199", f"phone {DOTS}"),
        ("no coverage in TX", "no coverage in TX"),
        ("bid 5550199000 cents", "bid 5550199000 cents"),
        ("Mariachi", "Mariachi"),
        ("duplicate: YILDIZ", f"duplicate: {DOTS}"),
        ("y\u0131ld\u0131z and \u0130rem", f"{DOTS} and {DOTS}"),
    ],
)
def test_words_lose_what_they_repeat_of_a_person_and_nothing_else(said: str, kept: str) -> None:
    assert unnamed(said, LEAD) == kept
