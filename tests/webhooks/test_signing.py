"""The signature is Standard Webhooks to the byte: official vectors, our own, and the official library as oracle."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from webhooks.signing import (
    BadSecret,
    BadSignature,
    new_secret,
    parse_secret,
    show_secret,
    sign,
    signed_headers,
    verify,
)

V1 = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
V1_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1_WRONG = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="
DECOY = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
V2 = (
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    1649367553,
    b'{"email":"test@example.com","username":"test_user"}',
)
V2_SIGNATURE = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
V2_WRONG = "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU="
KEY_A, KEY_B = bytes(range(32)), bytes(range(32, 64))
OURS_ID, OURS_AT = "msg_test_0002", 1767225600
OURS_TEXT = '{"type":"lead.delivered","timestamp":"2026-02-03T15:02:46Z","data":{"lead_id":"lead_001","city":"Zürich"}}'
OURS_BODY = OURS_TEXT.encode()
A_SIGNS = "v1,UuAEHpNiDMksLVLTA25BgffMbiXJZw9YB7XwMuEXfVI="
B_SIGNS = "v1,sBe/iROvi1QEqHBWQpU532S46Zhgb9kAs2fUm3fK9fQ="


def headers(signature: str, *, message_id: str = V1[1], timestamp: object = V1[2]) -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def accepts(signature: str, *, body: bytes = V1[3], now: int = V1[2], **changes: object) -> bool:
    try:
        verify([parse_secret(V1[0])], headers(signature, **changes), body, now=now)  # type: ignore[arg-type]
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(("vector", "signature"), [(V1, V1_SIGNATURE), (V2, V2_SIGNATURE)])
def test_the_official_vectors_come_out_to_the_byte(vector: tuple[str, str, int, bytes], signature: str) -> None:
    secret, message_id, timestamp, body = vector
    assert sign([parse_secret(secret)], message_id, timestamp, body) == signature


def test_the_official_wrong_signatures_are_refused() -> None:
    assert accepts(V1_SIGNATURE)
    assert not accepts(V1_WRONG)
    with pytest.raises(BadSignature):
        verify([parse_secret(V2[0])], headers(V2_WRONG, message_id=V2[1], timestamp=V2[2]), V2[3], now=V2[2])


def test_our_own_vectors_come_out_to_the_byte() -> None:
    assert len(OURS_BODY) == 107
    assert show_secret(KEY_A) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert show_secret(KEY_B) == "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
    assert sign([KEY_A], OURS_ID, OURS_AT, OURS_BODY) == A_SIGNS
    assert sign([KEY_B], OURS_ID, OURS_AT, OURS_BODY) == B_SIGNS
    assert sign([KEY_A], OURS_ID, OURS_AT + 60, OURS_BODY) == "v1,vR6t8wHtreBRQqwpo03EtMMO7m24fJQNhmDO8ELnr6g="
    assert sign([KEY_A], OURS_ID, OURS_AT, b"") == "v1,AcQ+F1qmMqw1yR3Eu6PXXU/IPUaoUK/Z0FRpVqcoZ1U="


def test_during_a_rotation_both_keys_sign_newest_first() -> None:
    assert sign([KEY_A, KEY_B], OURS_ID, OURS_AT, OURS_BODY) == f"{A_SIGNS} {B_SIGNS}"


def test_the_key_is_the_decoded_bytes_and_not_the_text() -> None:
    as_text = sign([show_secret(KEY_A).encode()], OURS_ID, OURS_AT, OURS_BODY)
    assert as_text == "v1,cplYZYewDOTEhar1311ytTQ1USGNSnqVANAsnFSHHuY="
    with pytest.raises(BadSignature):
        verify([KEY_A], headers(as_text, message_id=OURS_ID, timestamp=OURS_AT), OURS_BODY, now=OURS_AT)


def test_a_rotation_header_verifies_with_either_key() -> None:
    both = headers(f"{A_SIGNS} {B_SIGNS}", message_id=OURS_ID, timestamp=OURS_AT)
    for key in (KEY_A, KEY_B):
        verify([key], both, OURS_BODY, now=OURS_AT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL a",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_MfKQ9",
    ],
)
def test_what_is_not_a_secret_is_refused(text: str) -> None:
    with pytest.raises(BadSecret):
        parse_secret(text)


def test_a_secret_without_padding_is_the_same_key() -> None:
    assert parse_secret(show_secret(KEY_A).rstrip("=")) == KEY_A
    assert parse_secret(show_secret(KEY_A)) == KEY_A


def test_a_new_secret_is_256_bits_and_never_the_same() -> None:
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_missing_header_is_refused(missing: str) -> None:
    given_headers = {name: value for name, value in headers(V1_SIGNATURE).items() if name != missing}
    with pytest.raises(BadSignature, match="missing"):
        verify([parse_secret(V1[0])], given_headers, V1[3], now=V1[2])


@pytest.mark.parametrize("timestamp", ["soon", "1614265330.5", "-1614265330", "1614265330 ", "¹", "9" * 400])
def test_a_timestamp_that_is_not_whole_seconds_is_refused(timestamp: str) -> None:
    assert not accepts(V1_SIGNATURE, timestamp=timestamp)


@pytest.mark.parametrize(("age", "accepted"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_either_way_are_accepted_and_not_a_second_more(age: int, accepted: bool) -> None:
    assert accepts(V1_SIGNATURE, now=V1[2] + age) is accepted


@pytest.mark.parametrize("signature", ["v1,", V1_SIGNATURE[:8], "v1", "v1,é", ",", " "])
def test_a_cut_signature_is_refused(signature: str) -> None:
    assert not accepts(signature)


def test_the_right_entry_is_found_among_unknown_versions_and_wrong_ones() -> None:
    assert accepts(f"v2,{V1_SIGNATURE[3:]} {DECOY} {V1_SIGNATURE}")


def test_a_list_of_unknown_versions_alone_is_refused() -> None:
    assert not accepts(f"v2,{V1_SIGNATURE[3:]} v1a,{V1_SIGNATURE[3:]}")


@given(st.data(), st.binary(max_size=200))
def test_no_flipped_bit_anywhere_verifies(data: st.DataObject, body: bytes) -> None:
    given_headers = signed_headers([KEY_A], "evt_1", OURS_AT, body)
    verify([KEY_A], given_headers, body, now=OURS_AT)
    part = data.draw(st.sampled_from(["body", *given_headers]))
    whole = body if part == "body" else given_headers[part].encode()
    if not whole:
        return
    position, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 6))
    changed = whole[:position] + bytes([whole[position] ^ 1 << bit]) + whole[position + 1 :]
    if part == "body":
        body = changed
    else:
        given_headers = given_headers | {part: changed.decode()}
    with pytest.raises(BadSignature):
        verify([KEY_A], given_headers, body, now=OURS_AT)


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=300))
def test_the_official_library_verifies_what_we_sign_and_signs_what_we_verify(key: bytes, body: bytes) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    oracle, at = Webhook(show_secret(key)), int(moment.timestamp())
    text = '{"body": "' + body.hex() + '"}'
    ours = {name.lower(): value for name, value in signed_headers([key], "evt_1", at, text.encode()).items()}
    assert oracle.verify(text, ours) == {"body": body.hex()}
    verify([key], headers(oracle.sign("evt_1", moment, text), message_id="evt_1", timestamp=at), text.encode(), now=at)


def test_signing_again_later_changes_the_signature_but_not_the_id() -> None:
    first = signed_headers([KEY_A], "evt_1", OURS_AT, b"{}")
    again = signed_headers([KEY_A], "evt_1", OURS_AT + int(timedelta(hours=1).total_seconds()), b"{}")
    assert first["Webhook-Id"] == again["Webhook-Id"]
    assert first["Webhook-Signature"] != again["Webhook-Signature"]
