"""Masking and shortening, and pointers."""

import pytest

from order_receiver.contract.personal import discreet, mask, personal_kind, shorten, shown, shown_at
from order_receiver.contract.places import json_pointer, parse_pointer
from order_receiver.contract.request import Address, ClientCustomer, Company, OrderItem, OrderRequest, Person
from order_receiver.contract.scalars import Tree


@pytest.mark.parametrize(
    ("value", "kind", "masked"),
    [("Åsa", "personal", "Å***"), ("19800101-1234", "secret", "***"), ("", "personal", ""), ("", "secret", "")],
)
def test_mask(value: str, kind: str, masked: str) -> None:
    assert mask(value, kind) == masked


def test_mask_is_personal_by_default() -> None:
    assert mask("Kalle") == "K***"


@pytest.mark.parametrize(
    ("pointer", "kind"),
    [
        ("/SellTo/Person/SSN", "secret"),
        ("/sellto/person/ssn", "secret"),
        ("/BillTo/Person/FirstName", "personal"),
        ("/BillTo/Person/Email", "personal"),
        ("/ShipTo/Person/CellPhone", "personal"),
        ("/ShipTo/Person/Address/Line1", "personal"),
        ("/SellTo/Company/Addresses/0/Line1", "personal"),
        ("/AdditionalInfo/3/Value", "personal"),
        ("/CustomerOrderComment", "personal"),
        ("/ShipTo/Person/Address/Country", None),
        ("/Items/0/PartNo", None),
        ("/Items/0", None),
        ("/Items", None),
        ("/Nothing/Like/This", None),
        ("/ClientOrderRef/Deeper", None),
        ("", None),
    ],
)
def test_personal_kind(pointer: str, kind: str | None) -> None:
    assert personal_kind(pointer) == kind


@pytest.mark.parametrize(
    ("value", "personal", "text"),
    [
        ("plain", None, "plain"),
        (12, None, "12"),
        (True, None, "true"),
        (False, "personal", "false"),
        (None, "secret", "null"),
        (701234567, "personal", "***"),
        ("0701234567", "personal", "0***"),
        ([1, 2], "secret", "a list with 2 entries"),
        ({"a": 1}, None, "an object with 1 members"),
    ],
)
def test_shown(value: Tree, personal: str | None, text: str) -> None:
    assert shown(value, personal) == text


def test_shown_at_masks_by_place() -> None:
    assert shown_at("/SellTo/Person/SSN", "19800101-1234") == "***"
    assert shown_at("/ClientOrderRef", "1") == "1"


def test_shorten_cuts_at_60_and_shows_control_characters() -> None:
    assert shorten("x" * 60) == "x" * 60
    assert shorten("x" * 61) == "x" * 59 + "…"
    assert shorten("a\nb\x1b[1m") == "a\\nb\\x1b[1m"
    assert shorten("\x00" * 60) == "\\x00" * 14 + "\\x0…"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [((), ""), (("Items", 0, "PartNo"), "/Items/0/PartNo"), (("a/b", "~c", ""), "/a~1b/~0c/"), (("~1",), "/~01")],
)
def test_json_pointer(path: tuple[str | int, ...], pointer: str) -> None:
    assert json_pointer(path) == pointer
    assert parse_pointer(pointer) == tuple(map(str, path))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Customer Åsa ÖBERG is blocked", "Customer *** *** is blocked"),
        ('{"error": "no \\u00c5sa in Storgatan 1"}', '{"error": "no *** in ***"}'),
        ("<fault>a&amp;b@example.org is unknown</fault>", "<fault>*** is unknown</fault>"),
        ("Oslo is not in Oslofjorden; Al is short", "*** is not in Oslofjorden; Al is short"),
        ("Item ART-1 is not sold in SE; ask asa@example.org, +46 70 1.", "Item ART-1 is not sold in SE; ask ***, ***."),
        ("191212121212 has no credit: Leave at the door", "*** has no credit: ***"),
    ],
)
def test_the_words_of_others_name_nobody(said: str, told: str) -> None:
    address = Address(Line1="Storgatan 1", City="Oslo", CareOf="Al", Country="SE")
    person = Person(
        FirstName=" Åsa", LastName="Öberg", Email="asa@example.org", CellPhone="+46 70 1", SSN="191212121212"
    )
    order = OrderRequest(
        SellTo=ClientCustomer(Person=person),
        BillTo=ClientCustomer(Person=Person(SSN="191212121212")),
        ShipTo=ClientCustomer(Person=Person(Address=address), Company=Company(Email="a&b@example.org")),
        CustomerOrderComment="Leave at the door",
        Items=[OrderItem(PartNo="ART-1")],
    )
    assert discreet(said, order) == told


def test_an_order_without_people_hides_nothing() -> None:
    assert discreet("HTTP 400: nothing", OrderRequest()) == "HTTP 400: nothing"
