"""Ten different orders become confirmed sales whose totals are the orders' to the öre."""

from decimal import ROUND_HALF_UP, Decimal

import msgspec
import pytest
from tests.erps.orders import COMPANY, GIFT, HOME, NORWEGIAN, ORDERS, SHIPPING, order, payment, row
from tests.tryton.conftest import OpenTarget, Target
from tests.tryton.server import Tryton

from order_receiver.orders.canonical import DiscountPart, OrderPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.adapter import CancelOutcome


def total_of(order: OrderPart) -> Decimal:
    return order.totals.incl_vat.quantize(Decimal("0.01"), ROUND_HALF_UP)


def sale_of(tryton: Tryton, reference: str, *fields: str) -> dict[str, object]:
    (sale,) = tryton.read("sale.sale", [["reference", "=", reference]], "number", "state", "total_amount", *fields)
    return sale


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
async def test_an_order_becomes_a_confirmed_sale(target: Target, tryton: Tryton, order: OrderPart) -> None:
    submitted = await target.submit(order)
    sale = sale_of(tryton, order.reference, "web_id")
    assert sale["state"] in ("confirmed", "processing")
    assert (submitted.erp_order_no, submitted.erp_id) == (sale["number"], str(sale["id"]))
    assert sale["total_amount"] == total_of(order)
    assert sale["web_id"] == order.key
    assert [each.erp_id for each in await target.adapter.find(order.key)] == [submitted.erp_id]
    assert await target.submit(order) == submitted, "a repeat changes nothing"


async def test_rows_keep_prices_taxes_discount_and_bundle(target: Target, tryton: Tryton) -> None:
    made = order(
        "D1",
        row(1, "ITEM001", "2", "240.5", original_unit_price_excl_vat=300, description="Skruv\nM5"),
        row(2, "FOOD", "1.0", "20", "12", parent_line=1, comment="Färsk"),
    )
    submitted = await target.submit(made)
    lines = tryton.read(
        "sale.line",
        [["sale", "=", int(submitted.erp_id or "")]],
        *("sequence", "quantity", "unit_price", "base_price", "description", "note"),
    )
    found = {
        line["sequence"]: (line["quantity"], line["unit_price"], line["base_price"], line["description"], line["note"])
        for line in lines
    }
    assert found == {
        1: (2.0, Decimal("240.5"), Decimal(300), "Skruv\nM5", None),
        2: (1.0, Decimal(20), None, "FOOD", "Part of the bundle in row 1\nFärsk"),
    }


async def test_rows_with_the_same_number_are_lines_each(target: Target, tryton: Tryton) -> None:
    submitted = await target.submit(order("D2", row(7, "ITEM001", "1", "100"), row(7, "ITEM002", "3", "0")))
    of_sale: list[object] = [["sale", "=", int(submitted.erp_id or "")]]
    lines = tryton.read("sale.line", of_sale, "sequence", "quantity", "unit_price")
    found = {line["sequence"]: (line["quantity"], line["unit_price"]) for line in lines}
    assert found == {1: (1.0, Decimal(100)), 2: (3.0, Decimal(0))}


async def test_parties_and_addresses_are_found_again_or_made(target: Target, tryton: Tryton) -> None:
    """A person, then a gift of theirs, then the same at another address: one party, one address each."""
    await target.submit(order("P1", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN))
    moved = msgspec.structs.replace(NORWEGIAN, address=HOME)
    await target.submit(order("P2", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN, recipient=GIFT))
    await target.submit(order("P3", row(1, "ITEM001", "1", "10"), buyer=moved, recipient=GIFT))
    (party,) = tryton.read("party.party", [["name", "=", NORWEGIAN.name]], "code", "addresses", "email")
    assert str(party["code"]).startswith("WEB-")
    assert party["email"] == "Bjorn@Example.com"
    addresses = tryton.read("party.address", [["party", "=", party["id"]]], "party_name", "street", "city")
    assert sorted((each["party_name"] or "", each["street"], each["city"]) for each in addresses) == [
        ("", "Storgatan 1", "Stockholm"),
        ("", "Østre gate 5 «B»", "Oslo"),
        ("Mormor Łucja 日本", "c/o Svensson\nLillgatan 3", "Visby"),
    ]
    sale = sale_of(tryton, "P2", "shipment_party", "shipment_address.party_name", "invoice_address.city")
    assert sale["shipment_party"] is None


async def test_a_company_has_its_vat_number_and_its_person(target: Target, tryton: Tryton) -> None:
    await target.submit(order("F1", row(1, "ITEM001", "1", "10"), buyer=COMPANY))
    (party,) = tryton.read("party.party", [["code", "=", "F1"]], "name")
    assert party["name"] == "Bolaget AB"
    of_party: list[object] = [["party", "=", party["id"]]]
    assert [each["code"] for each in tryton.read("party.identifier", of_party, "code")] == ["SE556036079301"]
    assert [each["attn"] for each in tryton.read("party.address", of_party, "attn")] == ["Bo Ek"]
    ways = tryton.read("party.contact_mechanism", of_party, "value", "name")
    assert {(each["value"], each["name"]) for each in ways} == {
        ("inkop@example.com", None),
        ("bo@example.com", "Bo Ek"),
    }


async def test_a_payer_with_a_code_of_its_own_is_invoiced(target: Target, tryton: Tryton) -> None:
    await target.submit(order("I1", row(1, "ITEM001", "1", "10"), payer=COMPANY, payments=[payment(7, "12.50")]))
    (company,) = tryton.read("party.party", [["code", "=", "F1"]], "id")
    sale = sale_of(tryton, "I1", "party", "invoice_party", "description", "comment")
    assert sale["invoice_party"] == company["id"]
    assert sale["party"] != company["id"]
    (paid,) = tryton.read(
        "account.payment", [["origin", "=", f"sale.sale,{sale['id']}"]], "amount", "party", "reference"
    )
    assert (paid["amount"], paid["party"], paid["reference"]) == (Decimal("12.50"), company["id"], "PSP-1")


async def test_payments_comment_carrier_and_pick_up(target: Target, tryton: Tryton) -> None:
    made = order(
        "C1",
        row(1, "ITEM001", "2", "300"),
        customer_reference="PO 7",
        invoice_reference="KST 9",
        comment="Ring",
        shipping=SHIPPING,
        payments=[payment(7, "500"), payment(9, "250", "GC"), payment(7, "0")],
    )
    await target.submit(made)
    sale = sale_of(tryton, "C1", "description", "comment", "carrier")
    assert sale["description"] == "PO 7"
    assert sale["comment"] == "Ring\nInvoice reference: KST 9\nPick-up: S1 Butiken"
    assert sale["carrier"] is not None
    payments = tryton.read(
        "account.payment", [["origin", "=", f"sale.sale,{sale['id']}"]], "amount", "reference", "kind"
    )
    assert sorted((each["amount"], each["reference"], each["kind"]) for each in payments) == [
        (Decimal(250), "GC", "receivable"),
        (Decimal(500), "PSP-1", "receivable"),
    ]


async def test_a_payment_term_goes_by_the_payment_code(open_target: OpenTarget, tryton: Tryton) -> None:
    (term,) = tryton.read("account.invoice.payment_term", [["name", "=", "30 days"]], "id")
    target = open_target(payments={})
    await target.submit(order("N1", row(1, "ITEM001", "1", "10"), payments=[payment(3, "12.50", "")]))
    assert sale_of(tryton, "N1", "payment_term")["payment_term"] == term["id"]


async def test_rounding_row_by_row_gets_a_line_of_its_own(open_target: OpenTarget, tryton: Tryton) -> None:
    """Three articles at 99.99 are 299.97; Tryton rounds each row without VAT and comes to 299.96."""
    rows = [row(number, f"ITEM00{number}", "1", "79.992") for number in (1, 2, 3)]
    target = open_target()
    await target.submit(order("R1", *rows))
    assert sale_of(tryton, "R1")["total_amount"] == Decimal("299.97")
    strict = open_target(rounding_product=None)
    with pytest.raises(PermanentFailure, match=r"comes to 299\.97, .* come to 299\.96 .*erp\.rounding_product"):
        await strict.submit(order("R2", *rows))
    assert tryton.read("sale.sale", [["reference", "=", "R2"]], "id") == [], "nothing was made"


async def test_a_total_that_the_rows_do_not_make_is_refused_before_a_sale_is_made(
    target: Target, tryton: Tryton
) -> None:
    made = order("X1", row(1, "ITEM001", "1", "100"))
    wrong = msgspec.structs.replace(made, totals=msgspec.structs.replace(made.totals, incl_vat=Decimal(126)))
    with pytest.raises(PermanentFailure, match=r"comes to 126\.00, .* come to 125\.00 in Tryton"):
        await target.submit(wrong)
    assert tryton.read("sale.sale", [["reference", "=", "X1"]], "id") == []


async def test_a_sale_with_other_totals_is_never_confirmed(open_target: OpenTarget, tryton: Tryton) -> None:
    """A tax with another rate than the order's."""
    with pytest.raises(PermanentFailure, match=r"comes to 112\.00 with 12\.00 of VAT, the order to 125\.00 with 25"):
        await open_target(taxes={"25": "Moms 12"}).submit(order("X3", row(1, "ITEM001", "1", "100")))
    assert sale_of(tryton, "X3")["state"] == "draft"


async def test_a_discount_without_row_is_refused(target: Target) -> None:
    made = order("X2", row(1, "ITEM001", "1", "100"), discounts=[DiscountPart(amount=Decimal(5))])
    with pytest.raises(PermanentFailure, match="fee or discount that no row represents"):
        await target.submit(made)


async def test_cancelling_reads_back(open_target: OpenTarget, tryton: Tryton) -> None:
    target, wrong = open_target(), open_target(taxes={"25": "Moms 12"})
    confirmed, draft = order("K1", row(1, "ITEM001", "1", "100")), order("K2", row(1, "ITEM001", "3", "80"))
    await target.submit(confirmed)
    assert await target.adapter.cancel(confirmed.key) is CancelOutcome.MANUAL
    with pytest.raises(PermanentFailure):
        await wrong.submit(draft)
    assert await target.adapter.cancel(draft.key) is CancelOutcome.DONE
    assert sale_of(tryton, "K2")["state"] == "cancelled"
    assert await target.adapter.cancel(draft.key) is CancelOutcome.DONE
    with pytest.raises(PermanentFailure, match="is cancelled in Tryton"):
        await target.submit(draft)
    assert await target.adapter.cancel("never-sent") is CancelOutcome.MANUAL, "a call may be on its way"
