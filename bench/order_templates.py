"""Order bodies to send: Swedish goods and people, exact money, a mark where the reference goes."""

import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

MARK = "@@REF10@@@"
"""Stands for the ten digits of an order's reference; the load generator writes over it."""

APPLICATION_KEY = "123e4567-e89b-12d3-a456-426614174000"
LINES = (1, 10, 50)
VARIANTS = 16

_SEED = 20_260_101
_GIVEN = ("Åsa", "Örjan", "Märta", "Björn", "Göran", "Ingegärd", "Håkan", "Linnéa", "Sören", "Elin", "Nils", "Åke")
_FAMILY = ("Öberg", "Åström", "Sjögren", "Lindström", "Bergström", "Hägglund", "Nyström", "Ek", "Björk", "Wåhlin")
_TOWNS = (("Malmö", "211 22"), ("Göteborg", "411 05"), ("Växjö", "352 30"), ("Umeå", "903 26"), ("Åre", "837 52"))
_STREETS = ("Storgatan", "Kungsgatan", "Sjövägen", "Ängsvägen", "Björkallén", "Östra Långgatan", "Åkerögatan")
_GOODS = (
    *("Kökssax rostfri 21 cm", "Örngott lin 50x60 blå", "Vinterjacka dam stl M", "Hörlurar trådlösa"),
    *("Kaffebryggare 1,25 l", "Mössa merinoull grön", "Gjutjärnspanna 28 cm", "Löparskor herr 43"),
    *("Skrivbordslampa mässing", "Återfuktande hudkräm 250 ml"),
)
_PLAIN = str.maketrans("åäöéÅÄÖ", "aaoeAAO")
_encoder = msgspec.json.Encoder(decimal_format="number")


def write_templates(folder: Path) -> None:
    """Write LINES-VARIANT.json for every size; the same seed writes the same bytes everywhere."""
    draw = random.Random(_SEED)
    folder.mkdir(parents=True, exist_ok=True)
    for lines in LINES:
        for variant in range(VARIANTS):
            (folder / f"{lines}-{variant}.json").write_bytes(_encoder.encode(_order(draw, lines)))


def read_templates(folder: Path, lines: int) -> Sequence[bytes]:
    """The bodies of one size, marks included."""
    return [(folder / f"{lines}-{variant}.json").read_bytes() for variant in range(VARIANTS)]


def _order(draw: random.Random, lines: int) -> dict[str, object]:
    rows = [_Row(draw) for _ in range(lines)]
    buyer = _person(draw)
    return {
        "SellTo": buyer,
        "BillTo": _person(draw) if draw.random() < 0.3 else buyer,
        "ShipTo": _person(draw),
        "SalesContactCode": None,
        "DoHold": False,
        "ClientOrderRef": MARK,
        "SubmitDate": "2026-11-20T08:15:30+01:00",
        "CustomerOrderRef": None,
        "CustomerOrderComment": "Ställ paketet på altanen, tack!" if draw.random() < 0.3 else None,
        "CurrencyCode": "SEK",
        "ErpOrderNo": None,
        "ReferId": None,
        "Payments": [_payment(sum((row.total for row in rows), Decimal(0)))],
        "Discounts": [],
        "Fees": [],
        "ShippingAdvice": _shipping(),
        "Items": [row.item(number) for number, row in enumerate(rows, start=1)],
        "AdditionalInfo": [{"Id": 7, "Code": "Kampanj", "Value": "Höst", "Code2": "campaign"}],
        "Header": {"ApplicationKey": APPLICATION_KEY},
        "OrderType": 1,
        "Source": "WEB",
        "DiscountCode": None,
    }


class _Row:
    """One row: a price a multiple of five öre, so that 25 % VAT divides exactly."""

    def __init__(self, draw: random.Random) -> None:
        gross = draw.randint(29, 1999) + draw.choice((Decimal("0.00"), Decimal("0.50"), Decimal("0.95")))
        self.price = (gross * Decimal("0.8")).quantize(Decimal("0.01"))
        self.vat = gross - self.price
        self.quantity = draw.randint(1, 4)
        self.part = f"SE-{draw.randint(10_000, 99_999)}"
        self.product = draw.randint(10_000, 99_999)
        self.name = draw.choice(_GOODS)

    @property
    def total(self) -> Decimal:
        return (self.price + self.vat) * self.quantity

    def item(self, number: int) -> dict[str, object]:
        lists = [{"PriceListName": "SEK standard", "IsStandardPriceList": True}] if number % 3 == 0 else []
        return {
            "LineNo": number,
            "ParentLineNo": None,
            "Type": "Standard",
            "TypeGroup": "Physical",
            "PartNo": self.part,
            "ErpPartNo": self.part,
            "InternalProductId": self.product,
            "Description": self.name,
            "Quantity": self.quantity,
            "UnitOfMeasure": "st",
            "UnitPrice": self.price,
            "UnitPriceOriginal": self.price,
            "Discount": Decimal("0.0"),
            "UnitVat": self.vat,
            "PriceListNo": None,
            "VatRate": Decimal("25.0"),
            "Comment": None,
            "AdditionalInfo": [],
            "PriceLists": lists,
            "Promotions": [],
            "ManufacturerCode": None,
            "Quantity2": Decimal(self.quantity).quantize(Decimal("0.1")),
        }


def _payment(amount: Decimal) -> dict[str, object]:
    return {
        "PaymentCode": 10_001,
        "PaymentMethodCode": "KlarnaCheckout",
        "PaymentRef": f"psp-{MARK}",
        "Amount": amount,
        "CurrencyCode": "SEK",
        "AdditionalInfo": [],
        "PaymentName": "Klarna",
    }


def _shipping() -> dict[str, object]:
    return {
        "DeliveryMethodCode": "PostNordVarubrev",
        "DoSMSNotify": True,
        "PickupStore": {"Code": "SE4321", "Name": "Ica Nära Björken", "IsDropPoint": True},
        "IsFeeChargedOnce": True,
        "IsComplete": False,
    }


def _person(draw: random.Random) -> dict[str, object]:
    given, family = draw.choice(_GIVEN), draw.choice(_FAMILY)
    person: dict[str, object] = {
        "CustomerCode": f"K{draw.randint(10_000, 99_999)}",
        "FirstName": given,
        "LastName": family,
        "CellPhone": f"+4670{draw.randint(1_000_000, 9_999_999)}",
        "Email": f"{given}.{family}@example.se".translate(_PLAIN).lower(),
        "SSN": None,
        "Address": _address(draw),
        "AdditionalInfo": [],
    }
    return {"Company": None, "Person": person}


def _address(draw: random.Random) -> dict[str, object]:
    town, zip_code = draw.choice(_TOWNS)
    return {
        "Type": None,
        "Line1": f"{draw.choice(_STREETS)} {draw.randint(1, 99)} {draw.choice('ABC')}",
        "Line2": None,
        "ZipCode": zip_code,
        "City": town,
        "Region": None,
        "Country": "SE",
        "CareOf": None,
        "Gln": None,
    }
