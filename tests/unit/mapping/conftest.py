from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from order_receiver.contract.request import (
    Address,
    ClientCustomer,
    CodeValue,
    Company,
    Header,
    OrderItem,
    OrderRequest,
    Payment,
    Person,
    PickupStore,
    Promotion,
    ShippingAdvice,
)
from order_receiver.mapping import MappingContext, open_mapping
from order_receiver.orders.document import Document

GUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def context() -> MappingContext:
    return MappingContext(
        key=f"{GUID}-100001",
        application="Sweden",
        application_id=1042,
        received_at=datetime(2026, 11, 21, 23, 30, 5, 123456, tzinfo=UTC),
        zone=ZoneInfo("Europe/Stockholm"),
    )


@pytest.fixture
def order() -> OrderRequest:
    """A company's order: an article with a promotion, and freight."""
    street = Address(Line1="Storgatan 1", ZipCode="111 22", City="Stockholm", Country="SE", Box="")
    return OrderRequest(
        ClientOrderRef="100001",
        CustomerOrderRef="PO 7",
        CustomerOrderComment='Ring "Åsa" <först> & sedan',
        SubmitDate=datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
        CurrencyCode="SEK",
        SellTo=ClientCustomer(
            Company=Company(Code="C1", Name="Bolaget AB", VatNo="SE556000000001"),
            Person=Person(FirstName="Åsa", LastName="Öberg", CellPhone="+46 70-123 45 67", Address=street),
        ),
        ShipTo=ClientCustomer(Person=Person(CustomerCode="P9", FirstName="Åsa", SSN="800101-1234")),
        Items=[
            OrderItem(
                LineNo=1,
                PartNo="A-1",
                Description="Tyg; blått",
                Quantity=2,
                Quantity2=Decimal("2.500"),
                UnitOfMeasure="m",
                UnitPrice=Decimal("79.9900"),
                UnitVat=Decimal("19.9975"),
                VatRate=Decimal("25.00"),
                AdditionalInfo=[CodeValue(Id=1, Code="Colour", Value="blue", Code2="colour")],
                Promotions=[Promotion(Id="5", Name="Autumn", AppliedAmount=Decimal("10.00"))],
            ),
            OrderItem(LineNo=2, Type="Freight", TypeGroup="Fee", Quantity=1, UnitPrice=Decimal("39.20")),
        ],
        Payments=[Payment(PaymentCode=7, PaymentMethodCode="card", Amount=Decimal("289.17"))],
        ShippingAdvice=ShippingAdvice(
            DeliveryMethodCode="DHL", IsComplete=True, PickupStore=PickupStore(Code="S1", IsDropPoint=True)
        ),
        AdditionalInfo=[CodeValue(Code="Gift", Value="yes")],
        Header=Header(ApplicationKey=GUID),
        Source="WEB",
    )


@pytest.fixture
def render(tmp_path: Path, order: OrderRequest, context: MappingContext) -> Callable[..., Document]:
    """Map the order with a template given as text."""

    def map_with(text: str, kind: str = "txt", changed: OrderRequest | None = None) -> Document:
        (tmp_path / f"orders.{kind}.j2").write_text(text, "utf-8")
        return open_mapping(f"orders.{kind}.j2", tmp_path).map(changed or order, context)

    return map_with
