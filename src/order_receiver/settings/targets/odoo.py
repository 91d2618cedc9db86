"""Settings of the adapter `odoo`."""

from collections.abc import Hashable, Mapping
from typing import Annotated

from msgspec import Meta, field

from order_receiver.settings.section import Secret
from order_receiver.settings.targets.base import Target


class OdooTarget(Target, tag="odoo", frozen=True, kw_only=True):
    """Odoo 14 to 18: orders become sales orders through its JSON-RPC."""

    url: Annotated[str, Meta(description="where Odoo answers, without a path: https://erp.example.com")]
    database: Annotated[str, Meta(min_length=1, description="name of Odoo's database")]
    user: Annotated[str, Meta(min_length=1, description="login of Odoo's user that the sales are made by")]
    password: Annotated[Secret, Meta(description="an API key of that user, or its password")]
    company: Annotated[str | None, Meta(description="name of the company in Odoo that sells; none: the user's own")] = (
        None
    )
    namespace: Annotated[
        str,
        Meta(
            pattern="^[a-z][a-z0-9_]*$",
            max_length=60,
            description="first part of the external ids that make orders unique; never change it. Several targets "
            "into one database need one each",
        ),
    ] = "norce"
    team: Annotated[
        str | None, Meta(description="name of the sales team that the sales belong to; none: Odoo's default")
    ] = None
    warehouse: Annotated[str | None, Meta(description="name of the warehouse that delivers; none: Odoo's default")] = (
        None
    )
    taxes: Annotated[
        dict[str, str],
        Meta(description='Odoo\'s sales tax (its name) for each VAT rate in percent: `"25" = "Moms 25%"`'),
    ] = field(default_factory=dict)
    row_products: Annotated[
        dict[str, str],
        Meta(description='internal reference of the product for rows of a type: `Freight = "FREIGHT"`'),
    ] = field(default_factory=dict)
    default_product: Annotated[
        str | None,
        Meta(description="internal reference of the product for rows without part number; none: they are refused"),
    ] = None
    rounding_product: Annotated[
        str | None,
        Meta(description="internal reference of the product that takes up what Odoo rounds differently; none: refused"),
    ] = None
    units: Annotated[
        dict[str, str],
        Meta(description="Odoo's unit (its name) for a unit of the order: `st = \"Units\"`; else the product's own"),
    ] = field(default_factory=dict)
    payment_terms: Annotated[
        dict[str, str],
        Meta(description='payment term (its name) for a payment code: `"3" = "30 Days"`; else Odoo\'s default'),
    ] = field(default_factory=dict)
    carriers: Annotated[
        dict[str, str],
        Meta(description="shipping method (its name) for each delivery method; empty: sales get none"),
    ] = field(default_factory=dict)
    pricelists: Annotated[
        dict[str, str],
        Meta(description='pricelist (its name) for a currency, which gives the sale that currency: `EUR = "Web EUR"`'),
    ] = field(default_factory=dict)
    create_partners: Annotated[
        bool, Meta(description="make customers that Odoo does not know; otherwise their orders wait for a person")
    ] = True
    match_email: Annotated[bool, Meta(description="look for customers without code by their e-mail address")] = True
    vat_numbers: Annotated[bool, Meta(description="give VAT numbers to new companies; Odoo refuses wrong ones")] = True
    timeout: Annotated[float, Meta(gt=0, description="seconds for one call; a confirmation may take some")] = 60.0

    def places(self) -> Mapping[str, Hashable]:
        """The namespace of its external ids."""
        return {"namespace": ("odoo", self.url.rstrip("/").lower(), self.database, self.namespace)}
