"""Fills a fresh Odoo with taxes, articles, a shipping method, a pricelist and the user of the receiver."""

from tests.odoo.server import Odoo

PASSWORD = "odoo-secret"
PRICE_DIGITS = 4


def prepare(odoo: Odoo) -> None:
    (precision,) = odoo.read("decimal.precision", [["name", "=", "Product Price"]], "digits")
    odoo.call("decimal.precision", "write", [precision["id"]], {"digits": PRICE_DIGITS})
    (eur,) = odoo.read("res.currency", [["name", "=", "EUR"]], "id", active_test=False)
    odoo.call("res.currency", "write", [eur["id"]], {"active": True})
    odoo.call("product.pricelist", "create", {"name": "Web EUR", "currency_id": eur["id"]})
    taxes = {percent: _tax(odoo, percent) for percent in (25, 12, 6)}
    for number in range(1, 6):
        _product(odoo, f"ITEM{number:03}", f"Example {number}", taxes[25], type="consu")
    _product(odoo, "BOOK", "Bok", taxes[6], type="consu")
    _product(odoo, "FOOD", "Mat", taxes[12], type="consu")
    metre = _id(odoo, "uom.product_uom_meter")
    _product(odoo, "CLOTH", "Tyg", taxes[25], type="consu", uom_id=metre, uom_po_id=metre)
    for code, name in (("BUNDLE", "Paket"), ("FREIGHT", "Frakt"), ("FEE", "Avgift"), ("ROUNDING", "Öresavrundning")):
        _product(odoo, code, name, taxes[25])
    carried = _product(odoo, "POSTNORD", "PostNord", taxes[25])
    odoo.call("delivery.carrier", "create", {"name": "PostNord", "product_id": carried, "delivery_type": "fixed"})
    # What the user may do is what docs/how-to/connect-odoo.md asks for.
    groups = ["base.group_user", "base.group_partner_manager", "sales_team.group_sale_salesman_all_leads"]
    user = {"name": "Web orders", "login": "web", "password": PASSWORD}
    odoo.call("res.users", "create", {**user, "groups_id": [[6, 0, [_id(odoo, group) for group in groups]]]})


def _tax(odoo: Odoo, percent: int) -> object:
    return odoo.call("account.tax", "create", {"name": f"Moms {percent}", "amount": percent, "type_tax_use": "sale"})


def _product(odoo: Odoo, code: str, name: str, tax: object, **more: object) -> object:
    values = {"name": name, "default_code": code, "type": "service", "invoice_policy": "order", "list_price": 100}
    return odoo.call("product.product", "create", {**values, "taxes_id": [[6, 0, [tax]]], **more})


def _id(odoo: Odoo, external_id: str) -> object:
    module, name = external_id.split(".")
    (found,) = odoo.read("ir.model.data", [["module", "=", module], ["name", "=", name]], "res_id")
    return found["res_id"]
