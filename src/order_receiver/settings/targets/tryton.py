"""Settings of the adapter `tryton`."""

from collections.abc import Hashable, Mapping
from typing import Annotated

from msgspec import Meta, field

from order_receiver.settings.section import Secret
from order_receiver.settings.targets.base import Target


class TrytonTarget(Target, tag="tryton", frozen=True, kw_only=True):
    """Tryton 8.0: a web shop of its module `web_shop` takes the orders as sales."""

    url: Annotated[str, Meta(description="where Tryton answers, without the database: https://erp.example.com")]
    database: Annotated[str, Meta(min_length=1, description="name of Tryton's database")]
    user: Annotated[str, Meta(min_length=1, description="Tryton's user that the sales are made by")]
    password: Annotated[Secret, Meta(description="the password of that user")]
    shop: Annotated[str, Meta(min_length=1, description="name of the web shop in Tryton that the sales belong to")]
    taxes: Annotated[
        dict[str, str],
        Meta(
            description='Tryton\'s tax (its name) for each VAT rate in percent: `"25" = "Moms 25"`; 0 may be left out'
        ),
    ] = field(default_factory=dict)
    row_products: Annotated[
        dict[str, str],
        Meta(description='product code for rows of a type, whatever their part number: `Freight = "FREIGHT"`'),
    ] = field(default_factory=dict)
    default_product: Annotated[
        str | None, Meta(description="code of the product for rows without part number; none: such an order is refused")
    ] = None
    rounding_product: Annotated[
        str | None,
        Meta(description="code of the product that takes up what Tryton rounds differently; none: it is refused"),
    ] = None
    units: Annotated[
        dict[str, str],
        Meta(description="symbol of Tryton's unit for a unit of the order: `st = \"u\"`; else the product's sale unit"),
    ] = field(default_factory=dict)
    payments: Annotated[
        dict[str, str],
        Meta(
            description='payment journal (its name) for each payment code: `"7" = "Card"`; empty: no payments are made'
        ),
    ] = field(default_factory=dict)
    payment_terms: Annotated[
        dict[str, str],
        Meta(description='payment term (its name) for a payment code: `"3" = "30 days"`; else Tryton\'s default'),
    ] = field(default_factory=dict)
    carriers: Annotated[
        dict[str, str],
        Meta(description="carrier (its party's name) for each delivery method; empty: sales get no carrier"),
    ] = field(default_factory=dict)
    create_parties: Annotated[
        bool, Meta(description="make customers that Tryton does not know; otherwise their orders wait for a person")
    ] = True
    match_email: Annotated[bool, Meta(description="look for customers without code by their e-mail address")] = True
    vat_identifier: Annotated[
        str, Meta(description="type of the identifier that holds a VAT number; empty: VAT numbers are left out")
    ] = "eu_vat"
    timeout: Annotated[float, Meta(gt=0, description="seconds for one call; a confirmation may take some")] = 60.0

    def places(self) -> Mapping[str, Hashable]:
        """Its web shop, in which the submission key is unique."""
        return {"shop": ("tryton", self.url.rstrip("/").lower(), self.database, self.shop)}
