"""The profiles in the docs: settings and mapping as printed, with the vendor's hosts replaced by a server of ours."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from order_receiver.contract.request import Address, ClientCustomer, Company, OrderItem, OrderRequest, Person
from order_receiver.mapping import MappingContext, open_mapping
from order_receiver.orders.identity import identify
from order_receiver.targets.adapter import Submission
from order_receiver.targets.keys import submission_key

DOCS = Path(__file__).parents[4] / "docs" / "how-to"
APPLICATION = "11111111-2222-3333-4444-555555555555"


def order(reference: str = "100001", customer: str | None = "C1") -> OrderRequest:
    """A company's order with two rows, one of them freight."""
    street = Address(Line1="Storgatan 1", ZipCode="111 22", City="Stockholm", Country="SE")
    buyer = ClientCustomer(
        Company=Company(Code=customer, Name="Bolaget & Söner AB"),
        Person=Person(FirstName="Åsa", LastName="Öberg", Address=street),
    )
    return OrderRequest(
        ClientOrderRef=reference,
        SubmitDate=datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
        CurrencyCode="SEK",
        SellTo=buyer,
        Items=[
            OrderItem(LineNo=1, PartNo="A-1", Description="Tyg", Quantity=2, UnitPrice=Decimal("79.9900")),
            OrderItem(LineNo=2, PartNo="FREIGHT", Quantity=1, UnitPrice=Decimal("49.00"), Type="Freight"),
        ],
    )


def submission_of(page: str, folder: Path, mapped: OrderRequest, **changes: object) -> Submission:
    """What the mapping of a page makes of an order, on its way."""
    [template] = _blocks(page, "jinja")
    (folder / "profile.json.j2").write_text(template, "utf-8")
    key = identify(APPLICATION, mapped.ClientOrderRef)
    assert key is not None
    context = MappingContext(submission_key(key), "Shop", 1, datetime(2026, 11, 22, tzinfo=UTC))
    document = open_mapping("profile.json.j2", folder).map(mapped, context)
    return Submission(submission_key(key), key, document, **changes)  # type: ignore[arg-type]


def settings_of(page: str, replaced: Mapping[str, str]) -> str:
    """The receiver.toml of a page."""
    [text] = _blocks(page, "toml")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
