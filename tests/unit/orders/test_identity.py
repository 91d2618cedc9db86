"""Identity: one form for every spelling of the same order."""

import pytest

from order_receiver.orders.identity import OrderKey, identify

GUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize(
    "key",
    [
        GUID,
        GUID.upper(),
        f"{{{GUID}}}",
        f"({GUID})",
        GUID.replace("-", ""),
        f" {GUID}\n",
        "{" + GUID.replace("-", "").upper() + "}",
    ],
)
def test_guid_in_one_form(key: str) -> None:
    assert identify(key, "100001") == OrderKey(GUID, "100001")


@pytest.mark.parametrize(
    ("ref", "kept"), [(" 100001 ", "100001"), ("A/1 ö", "A/1 ö"), ("x" * 500, "x" * 500), ("00Aa", "00Aa")]
)
def test_reference_is_trimmed_and_otherwise_kept(ref: str, kept: str) -> None:
    assert identify(GUID, ref) == OrderKey(GUID, kept)


@pytest.mark.parametrize("ref", [None, "", "  ", "x" * 501, "a\nb", "a\x00", "a\x7fb", "a\x85b"])
def test_reference_that_identifies_nothing(ref: str | None) -> None:
    assert identify(GUID, ref, GUID) is None


@pytest.mark.parametrize("key", [None, "", " ", "x" * 501, "a\x01b"])
def test_default_stands_in_for_a_missing_key(key: str | None) -> None:
    assert identify(key, "1") is None
    assert identify(key, "1", GUID.upper()) == OrderKey(GUID, "1")


def test_a_key_that_is_no_guid_is_kept_in_lower_case() -> None:
    assert identify("Shop-1", "1", GUID) == OrderKey("shop-1", "1")


def test_key_as_text() -> None:
    assert str(OrderKey(GUID, "1")) == f"{GUID}/1"
