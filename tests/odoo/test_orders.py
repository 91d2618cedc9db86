"""Ten different orders become confirmed sales in a real Odoo, with totals that are the orders' to the öre."""

from decimal import ROUND_HALF_UP, Decimal

import msgspec
import pytest
from tests.erps.orders import COMPANY, GIFT, HOME, NORWEGIAN, ORDERS, SHIPPING, order, payment, row
from tests.odoo.conftest import OpenTarget, Target
from tests.odoo.server import Odoo

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure
from order_receiver.targets.adapter import CancelOutcome


def total_of(order: OrderPart) -> Decimal:
    return order.totals.incl_vat.quantize(Decimal("0.01"), ROUND_HALF_UP)


def sale_of(odoo: Odoo, reference: str, *fields: str) -> dict[str, object]:
    (sale,) = odoo.read("sale.order", [["origin", "=", reference]], "name", "state", "amount_total", *fields)
    return sale


def linked(found: object) -> object:
    assert isinstance(found, list)
    return found[0]


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
async def test_an_order_becomes_a_confirmed_sale(target: Target, odoo: Odoo, order: OrderPart) -> None:
    submitted = await target.submit(order)
    sale = sale_of(odoo, order.reference)
    assert sale["state"] == "sale"
    assert (submitted.erp_order_no, submitted.erp_id) == (sale["name"], str(sale["id"]))
    assert Decimal(str(sale["amount_total"])) == total_of(order)
    assert [each.erp_id for each in await target.adapter.find(order.key)] == [submitted.erp_id]
    assert await target.submit(order) == submitted, "a repeat changes nothing"
    names = [["module", "=", "norce"], ["name", "=", f"order_{order.key}"]]
    assert [each["res_id"] for each in odoo.read("ir.model.data", list(names), "res_id")] == [sale["id"]]


async def test_rows_keep_prices_taxes_discount_and_bundle(target: Target, odoo: Odoo) -> None:
    made = order(
        "D1",
        row(1, "ITEM001", "2", "240", original_unit_price_excl_vat=300, description="Skruv\nM5"),
        row(2, "FOOD", "1.0", "20", "12", parent_line=1, comment="Färsk"),
        row(3, "ITEM002", "1", "10", "0"),
        row(4, "ITEM003", "3", "99.9999", original_unit_price_excl_vat="150"),
    )
    submitted = await target.submit(made)
    fields = ("sequence", "product_uom_qty", "price_unit", "discount", "name", "tax_id")
    lines = odoo.read("sale.order.line", [["order_id", "=", int(submitted.erp_id or "")]], *fields)
    found = {line["sequence"]: tuple(line[field] for field in fields[1:5]) for line in lines}
    assert found == {
        1: (2.0, 300.0, 20.0, "Skruv\nM5"),
        2: (1.0, 20.0, 0.0, "FOOD\nPart of the bundle in row 1\nFärsk"),
        3: (1.0, 10.0, 0.0, "ITEM002"),
        4: (3.0, 99.9999, 0.0, "ITEM003"),
    }
    untaxed = [line["sequence"] for line in lines if not line["tax_id"]]
    assert untaxed == [3]


async def test_rows_with_the_same_number_are_lines_each(target: Target, odoo: Odoo) -> None:
    submitted = await target.submit(order("D2", row(7, "ITEM001", "1", "100"), row(7, "ITEM002", "3", "0")))
    of_sale: list[object] = [["order_id", "=", int(submitted.erp_id or "")]]
    lines = odoo.read("sale.order.line", of_sale, "sequence", "product_uom_qty", "price_unit")
    found = sorted((line["sequence"], line["product_uom_qty"], line["price_unit"]) for line in lines)
    assert found == [(1, 1.0, 100.0), (2, 3.0, 0.0)]


async def test_partners_and_addresses_are_found_again_or_made(target: Target, odoo: Odoo) -> None:
    """A person, then a gift of theirs, then the same at another address: one customer, one contact an address."""
    await target.submit(order("P1", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN))
    moved = msgspec.structs.replace(NORWEGIAN, address=HOME)
    await target.submit(order("P2", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN, recipient=GIFT))
    await target.submit(order("P3", row(1, "ITEM001", "1", "10"), buyer=moved, recipient=GIFT))
    named: list[object] = [["name", "=", NORWEGIAN.name], ["parent_id", "=", False]]
    (partner,) = odoo.read("res.partner", named, "email", "street", "city", "child_ids")
    assert (partner["email"], partner["street"], partner["city"]) == ("Bjorn@Example.com", "Østre gate 5 «B»", "Oslo")
    contacts = odoo.read(
        "res.partner", [["parent_id", "=", partner["id"]]], "name", "street", "street2", "city", "type"
    )
    assert sorted((str(each["name"]), each["street"], each["street2"], each["city"]) for each in contacts) == [
        (NORWEGIAN.name, "Storgatan 1", False, "Stockholm"),
        ("Mormor Łucja 日本", "Lillgatan 3", "c/o Svensson", "Visby"),
    ]
    assert {each["type"] for each in contacts} == {"other"}
    sale = sale_of(odoo, "P2", "partner_id", "partner_shipping_id", "partner_invoice_id")
    assert linked(sale["partner_id"]) == linked(sale["partner_invoice_id"]) == partner["id"]
    assert linked(sale["partner_shipping_id"]) in [each["id"] for each in contacts]


async def test_a_company_has_its_vat_number_and_its_person(target: Target, odoo: Odoo) -> None:
    await target.submit(order("F1", row(1, "ITEM001", "1", "10"), buyer=COMPANY))
    (partner,) = odoo.read("res.partner", [["ref", "=", "F1"]], "name", "vat", "is_company", "email")
    assert (partner["name"], partner["vat"], partner["is_company"]) == ("Bolaget AB", "SE556036079301", True)
    (contact,) = odoo.read("res.partner", [["parent_id", "=", partner["id"]]], "name", "email", "city")
    assert (contact["name"], contact["email"], contact["city"]) == ("Bo Ek", "bo@example.com", "Lund")


async def test_a_payer_with_a_code_of_its_own_is_invoiced(target: Target, odoo: Odoo) -> None:
    await target.submit(order("I1", row(1, "ITEM001", "1", "10"), payer=COMPANY))
    sale = sale_of(odoo, "I1", "partner_id", "partner_invoice_id")
    (payer,) = odoo.read("res.partner", [["id", "=", linked(sale["partner_invoice_id"])]], "commercial_partner_id")
    (company,) = odoo.read("res.partner", [["ref", "=", "F1"]], "id")
    assert linked(payer["commercial_partner_id"]) == company["id"] != linked(sale["partner_id"])


async def test_payments_comment_carrier_and_pick_up(target: Target, odoo: Odoo) -> None:
    made = order(
        "C1",
        row(1, "ITEM001", "2", "300"),
        customer_reference="PO 7",
        invoice_reference="KST 9",
        comment="Ring <nu>",
        shipping=SHIPPING,
        payments=[payment(7, "500"), payment(9, "250", "GC"), payment(3, "0")],
    )
    await target.submit(made)
    sale = sale_of(odoo, "C1", "client_order_ref", "note", "carrier_id", "reference", "payment_term_id")
    assert (sale["client_order_ref"], sale["reference"]) == ("PO 7", "PSP-1, GC")
    assert sale["note"] == (
        "Ring <nu>\nInvoice reference: KST 9\nPick-up: S1 Butiken\n"
        "Payment: card 500 SEK, reference PSP-1\nPayment: card 250 SEK, reference GC"
    )
    assert sale["carrier_id"]
    assert sale["payment_term_id"]


async def test_another_currency_needs_its_pricelist(open_target: OpenTarget, odoo: Odoo) -> None:
    await open_target().submit(order("EUR1", row(1, "ITEM001", "2", "30"), currency="EUR"))
    sale = sale_of(odoo, "EUR1", "currency_id")
    assert isinstance(sale["currency_id"], list)
    assert (sale["currency_id"][1], sale["amount_total"]) == ("EUR", 75.0)
    with pytest.raises(PermanentFailure, match=r"The order is in EUR, the company in SEK.*erp\.pricelists"):
        await open_target(pricelists={}).submit(order("EUR2", row(1, "ITEM001", "2", "30"), currency="EUR"))


async def test_rounding_gets_a_line_of_its_own(open_target: OpenTarget, odoo: Odoo) -> None:
    """A quotation that is 0.03 short of the order, which three rows of 19 units may be."""
    rows = [row(1, "ITEM001", "7", "15.1233"), row(2, "ITEM002", "3", "79.9927"), row(3, "FOOD", "9", "1.3399", "12")]
    made = order("R1", *rows)
    exact = msgspec.structs.replace(
        made, totals=msgspec.structs.replace(made.totals, incl_vat=total_of(made) + Decimal("0.03"))
    )
    strict = open_target(rounding_product=None)
    with pytest.raises(PermanentFailure, match=r"the sale was not confirmed.*erp\.rounding_product"):
        await strict.submit(exact)
    assert sale_of(odoo, "R1")["state"] == "draft"
    target = open_target()
    await target.submit(exact)
    sale = sale_of(odoo, "R1", "order_line")
    assert (sale["state"], Decimal(str(sale["amount_total"]))) == ("sale", total_of(exact))
    assert isinstance(sale["order_line"], list)
    assert len(sale["order_line"]) == 4
    assert target.steps[0]["state"] == "rounded"


async def test_a_sale_with_other_totals_is_never_confirmed(open_target: OpenTarget, odoo: Odoo) -> None:
    """A tax with another rate than the order's."""
    with pytest.raises(PermanentFailure, match=r"comes to 112\.00 with 12\.0 of VAT, the order to 125\.00 with 25"):
        await open_target(taxes={"25": "Moms 12"}).submit(order("X3", row(1, "ITEM001", "1", "100")))
    assert sale_of(odoo, "X3")["state"] == "draft"


async def test_cancelling_reads_back(open_target: OpenTarget, odoo: Odoo) -> None:
    target = open_target()
    made, delivered = order("K1", row(1, "ITEM001", "1", "100")), order("K2", row(1, "ITEM001", "3", "80"))
    for each in (made, delivered):
        await target.submit(each)
    assert await target.adapter.cancel(made.key) is CancelOutcome.DONE
    assert sale_of(odoo, "K1")["state"] == "cancel"
    assert await target.adapter.cancel(made.key) is CancelOutcome.DONE
    with pytest.raises(PermanentFailure, match=r"in the state 'cancel' in Odoo"):
        await target.submit(made)
    sale = sale_of(odoo, "K2", "picking_ids")
    moves = odoo.read("stock.move", [["picking_id", "in", sale["picking_ids"]]], "product_uom_qty")
    odoo.call("stock.move", "write", [moves[0]["id"]], {"quantity_done": 3})
    odoo.call("res.company", "write", [1], {"stock_move_sms_validation": False})
    assert odoo.call("stock.picking", "button_validate", sale["picking_ids"]) is True
    assert await target.adapter.cancel(delivered.key) is CancelOutcome.MANUAL
    assert sale_of(odoo, "K2")["state"] == "sale"
    assert await target.adapter.cancel("never-sent") is CancelOutcome.MANUAL, "a call may be on its way"


async def test_the_check_passes_and_names_what_odoo_does_not_have(open_target: OpenTarget) -> None:
    await open_target(default_product="FEE").adapter.check()
    with pytest.raises(PermanentFailure, match=r"no sales tax with the name 'Momms'.*`targets\.erp\.taxes`"):
        await open_target(taxes={"25": "Momms"}).adapter.check()
    with pytest.raises(TransientFailure, match=r"takes no login of the user 'web'"):
        await open_target(password="wrong").adapter.check()
    with pytest.raises(TransientFailure, match="check `database` if this stays"):
        await open_target(database="nope").adapter.check()


async def test_odoos_own_words_are_told(target: Target) -> None:
    """Whoever stores or logs them takes out what the order says about people."""
    buyer = msgspec.convert(
        {**msgspec.to_builtins(COMPANY), "code": "C99", "company": {"name": "Hemliga AB", "vat_no": "SE556036079401"}},
        type(COMPANY),
    )
    with pytest.raises(PermanentFailure, match=r"Odoo refused making a res\.partner") as told:
        await target.submit(order("E9", row(1, "ITEM001", "1", "100"), buyer=buyer))
    assert "SE556036079401" in str(told.value)
