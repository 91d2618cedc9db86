"""What the adapter makes of orders in Odoo, of the versions 14 to 18 as far as they differ for it."""

from decimal import Decimal

import msgspec
import pytest
from tests.erps.orders import ASA, COMPANY, GIFT, HOME, NORWEGIAN, SHIPPING, order, payment, row
from tests.integration.targets.odoo.conftest import OpenTarget, Target
from tests.integration.targets.odoo.server import SmallOdoo

from order_receiver.orders.canonical import CompanyPart, DiscountPart, OrderPart, PersonPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.adapter import CancelOutcome

ORDER = order("1", row(1, "ITEM001", "2", "300"), row(2, "DHL", "1", "49", type="Freight"))


async def test_an_order_becomes_a_confirmed_sale(target: Target, odoo: SmallOdoo) -> None:
    submitted = await target.submit(ORDER)
    (sale,) = odoo.all("sale.order")
    assert (submitted.erp_order_no, submitted.erp_id) == ("S00001", str(sale["id"]))
    assert sale["state"] == "sale"
    assert set(odoo.external_ids) > {f"norce.{what}_{ORDER.key}" for what in ("order", "line_1", "line_2")}
    assert [step["state"] for step in target.steps] == ["partner made", "draft", "sale"]
    before = len(odoo.calls)
    assert await target.submit(ORDER) == submitted
    assert {call.method for call in odoo.calls[before:]} == {"search_read"}


async def test_what_odoo_is_given(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    target = open_target(
        payment_terms={"3": "30 Days"},
        carriers={"POSTNORD": "PostNord"},
        team="Web",
        warehouse="Lager",
        company="Butik AB",
    )
    made = order(
        "2",
        row(1, "ITEM001", "2.5", "240", original_unit_price_excl_vat=300, description="Skruv\nM5", comment="Röd"),
        row(2, "FOOD", "1", "10", "0", parent_line=1),
        customer_reference="PO 7",
        invoice_reference="KST 9",
        comment="Ring",
        shipping=SHIPPING,
        payments=[payment(7, "500"), payment(3, "110.00", "INV"), payment(8, "0")],
    )
    await target.submit(made)
    (sale,) = odoo.all("sale.order")
    found = {name: sale[name] for name in ("client_order_ref", "origin", "note", "reference", "team_id", "carrier_id")}
    assert found == {
        "client_order_ref": "PO 7",
        "origin": "2",
        "note": "Ring\nInvoice reference: KST 9\nPick-up: S1 Butiken\n"
        "Payment: card 500 SEK, reference PSP-1\nPayment: card 110.00 SEK, reference INV",
        "reference": "PSP-1, INV",
        "team_id": 1,
        "carrier_id": 1,
    }
    assert (sale["payment_term_id"], sale["warehouse_id"], sale["company_id"]) == (1, 1, odoo.company)
    lines = [
        tuple(line[name] for name in ("name", "product_uom_qty", "price_unit", "discount", "tax_id"))
        for line in odoo.all("sale.order.line")
    ]
    assert lines == [
        ("Skruv\nM5\nRöd", "2.5", "300", "20.00", 1),
        ("FOOD\nPart of the bundle in row 1", "1", "10.00", "0", False),
    ]


async def test_rows_with_the_same_number_are_lines_each(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(order("21", row(7, "ITEM001", "1", "100"), row(7, "ITEM002", "3", "0")))
    lines = odoo.all("sale.order.line")
    found = [(line["sequence"], line["product_uom_qty"], line["price_unit"]) for line in lines]
    assert found == [("1", "1", "100.00"), ("2", "3", "0.00")]


@pytest.mark.parametrize("version", ["15.0", "16.0", "17.0", "18.0", "saas~17.4"])
async def test_newer_versions_differ_in_fields(open_target: OpenTarget, odoo: SmallOdoo, version: str) -> None:
    odoo.version = version
    odoo.missing = {"mobile", "carrier_id", "warehouse_id", "reference"}
    target = open_target()
    await target.adapter.check()
    await target.submit(order("3", row(1, "ITEM001", "1", "10"), comment="1 < 2\n& 3"))
    (sale,) = odoo.all("sale.order")
    assert sale["note"] == "1 &lt; 2<br>&amp; 3"
    assert "reference" not in sale
    (partner,) = odoo.all("res.partner")
    assert "mobile" not in partner
    assert partner["phone"] == "+46701234567"
    with pytest.raises(PermanentFailure, match="module `delivery` is not installed"):
        await open_target(carriers={"X": "PostNord"}).adapter.check()


async def test_an_odoo_that_is_too_old(target: Target, odoo: SmallOdoo) -> None:
    odoo.version = "13.0"
    with pytest.raises(PermanentFailure, match=r"This is Odoo 13\.0; the adapter needs 14 or newer"):
        await target.adapter.check()


async def test_customers_are_found_by_code_by_mail_or_made(target: Target, odoo: SmallOdoo) -> None:
    known = odoo.add(
        "res.partner",
        name="Åsa Öberg",
        ref="C1",
        active=True,
        parent_id=False,
        company_id=False,
        street="Storgatan 1",
        street2=False,
        zip="111 22",
        city="STOCKHOLM",
        country_id=1,
    )
    await target.submit(order("4", row(1, "ITEM001", "1", "10")))
    await target.submit(order("5", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN, recipient=GIFT))
    await target.submit(
        order("6", row(1, "ITEM001", "1", "10"), buyer=msgspec.structs.replace(NORWEGIAN, address=HOME))
    )
    first, second, third = odoo.all("sale.order")
    assert first["partner_id"] == first["partner_shipping_id"] == known
    assert second["partner_id"] == second["partner_invoice_id"] == third["partner_id"] != known
    norwegian, gift, home = odoo.all("res.partner")[1:]
    assert (norwegian["email"], norwegian["ref"], norwegian["is_company"]) == ("Bjorn@Example.com", False, "0")
    assert (gift["name"], gift["street"], gift["street2"]) == ("Mormor Łucja 日本", "Lillgatan 3", "c/o Svensson")
    assert {each["type"] for each in (gift, home)} == {"other"}
    assert {each["parent_id"] for each in (gift, home)} == {norwegian["id"]}
    assert (second["partner_shipping_id"], third["partner_shipping_id"]) == (gift["id"], home["id"])


async def test_a_company_has_its_vat_number_and_its_person(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(order("7", row(1, "ITEM001", "1", "10"), payer=COMPANY))
    private, company, person = odoo.all("res.partner")
    (sale,) = odoo.all("sale.order")
    assert (sale["partner_id"], sale["partner_invoice_id"]) == (private["id"], person["id"])
    assert (company["vat"], company["email"], company["ref"]) == ("SE556036079301", "inkop@example.com", "F1")
    assert (person["name"], person["email"], person["parent_id"]) == ("Bo Ek", "bo@example.com", company["id"])


async def test_what_a_person_has_to_decide_about_customers(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    usual = {"parent_id": False, "company_id": False}
    odoo.add("res.partner", name="A", ref="C1", active=False, **usual)
    for name in ("B", "C"):
        odoo.add("res.partner", name=name, email_normalized="bjorn@example.com", active=True, **usual)
    with pytest.raises(PermanentFailure, match="is the contact with the id 1, which is archived in Odoo"):
        await open_target().submit(ORDER)
    with pytest.raises(PermanentFailure, match=r"several contacts .* the ids 2 and 3"):
        await open_target().submit(order("8", row(1, "ITEM001", "1", "10"), buyer=NORWEGIAN))
    unknown = order("9", row(1, "ITEM001", "1", "10"), buyer=msgspec.structs.replace(ASA, code="C0"))
    with pytest.raises(PermanentFailure, match="no contact for the customer, who has the code 'C0'"):
        await open_target(create_partners=False).submit(unknown)
    assert odoo.all("sale.order") == []


async def test_customers_without_code_and_mail_are_of_one_order(target: Target, odoo: SmallOdoo) -> None:
    buyer = msgspec.structs.replace(ASA, code=None, person=PersonPart(first_name="Åsa", last_name="Öberg"))
    for reference in ("10", "11"):
        await target.submit(order(reference, row(1, "ITEM001", "1", "10"), buyer=buyer))
    assert len(odoo.all("res.partner")) == 2


async def test_another_currency_needs_its_pricelist(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    made = order("12", row(1, "ITEM001", "1", "10"), currency="EUR")
    with pytest.raises(PermanentFailure, match=r"The order is in EUR, the company in SEK.*`targets\.erp\.pricelists`"):
        await open_target().submit(made)
    assert odoo.all("sale.order") == []
    await open_target(pricelists={"EUR": "Web EUR"}).submit(made)
    assert odoo.all("sale.order")[0]["currency_id"] == 2


async def test_a_customer_with_a_pricelist_of_another_currency(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(order("13", row(1, "ITEM001", "1", "10")))
    (sale,) = odoo.all("sale.order")
    sale.update(state="draft", currency_id=2)
    with pytest.raises(PermanentFailure, match="S00001 is in EUR, the order in SEK; the sale was not confirmed"):
        await target.submit(order("13", row(1, "ITEM001", "1", "10")))


async def test_what_odoo_rounds_differently_becomes_a_line(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    odoo.rounds_off = Decimal("-0.01")
    with pytest.raises(PermanentFailure, match=r"comes to 124\.99 .* 125\.00 .*`targets\.erp\.rounding_product`"):
        await open_target().submit(order("14", row(1, "ITEM001", "1", "100")))
    assert odoo.all("sale.order")[0]["state"] == "draft"
    target = open_target(rounding_product="ROUNDING")
    await target.submit(order("14", row(1, "ITEM001", "1", "100")))
    line = odoo.all("sale.order.line")[-1]
    assert (line["price_unit"], line["tax_id"], line["sequence"]) == ("0.01", False, "2")
    assert [step["state"] for step in target.steps] == ["rounded", "sale"]


async def test_a_larger_difference_is_no_rounding(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    odoo.rounds_off = Decimal(1)
    with pytest.raises(PermanentFailure, match=r"comes to 126\.00 .* the order to 125\.00"):
        await open_target(rounding_product="ROUNDING").submit(order("15", row(1, "ITEM001", "1", "100")))
    assert len(odoo.all("sale.order.line")) == 1
    made = order("16", row(1, "ITEM001", "1", "100"))
    wrong = msgspec.structs.replace(made, totals=msgspec.structs.replace(made.totals, incl_vat=Decimal(126)))
    with pytest.raises(PermanentFailure, match=r"comes to 126\.00, and its rows come to 125\.00\..*Nothing was made"):
        await open_target().submit(wrong)
    assert len(odoo.all("sale.order")) == 1


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (order("E1", row(1, "NOPE {0}", "1", "1")), r"no product to be sold with .* 'NOPE \{0\}'.*erp\.row_products"),
        (order("E2", row(1, None, "1", "1", type="Odd")), r"Row 1 of the type 'Odd' has no part number\."),
        (order("E3", row(1, "ITEM001", "1", "100", "8")), r'No tax is set for the VAT rate 8 %.*`"8" = .*taxes`'),
        (order("E4", row(1, "ITEM001", "1", "1"), currency="XTS"), "no active currency 'XTS'"),
        (order("E5", row(1, "ITEM001", "1", "1"), buyer=None), "names no buyer"),
        (order("E6"), "has no rows"),
        (
            order("E7", row(1, "ITEM001", "1", "1"), discounts=[DiscountPart(amount=Decimal(5))]),
            "that no row represents",
        ),
        (order("E8", row(1, "ITEM001", "1", "1"), buyer=msgspec.structs.replace(ASA, address=None)), "without address"),
        (order("E9", row(1, "ITEM001", "1", "1"), currency=None), "no active currency ''|names no currency"),
    ],
    ids=lambda value: value.reference if hasattr(value, "reference") else None,
)
async def test_what_cannot_be_entered_is_refused_with_the_value(
    target: Target, odoo: SmallOdoo, made: object, words: str
) -> None:
    with pytest.raises(PermanentFailure, match=words):
        await target.submit(made)  # type: ignore[arg-type]
    assert odoo.all("sale.order") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"company": "Nope"}, r"no company with the name 'Nope'.*`targets\.erp\.company`"),
        ({"taxes": {"25": "Momms"}}, r"no sales tax with the name 'Momms'.*`targets\.erp\.taxes`"),
        ({"payment_terms": {"7": "Never"}}, r"no payment term with the name 'Never'"),
        ({"carriers": {"X": "Pigeon"}}, r"no shipping method with the name 'Pigeon'"),
        ({"units": {"st": "??"}}, r"no unit with the name '\?\?'"),
        ({"rounding_product": "NONE"}, r"no product to be sold with the internal reference 'NONE'"),
        ({"pricelists": {"SEK": "Web EUR"}}, r"no pricelist in SEK with the name 'Web EUR'"),
        ({"team": "A"}, r"no sales team with the name 'A'"),
        ({"warehouse": "A"}, r"no warehouse with the name 'A'"),
    ],
)
async def test_the_check_names_what_odoo_does_not_have(
    open_target: OpenTarget, changes: dict[str, object], words: str
) -> None:
    await open_target(default_product="FEE").adapter.check()
    with pytest.raises(PermanentFailure, match=words):
        await open_target(**changes).adapter.check()


async def test_cancelling_reads_back(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(ORDER)
    (sale,) = odoo.all("sale.order")
    odoo.asks = True
    assert await target.adapter.cancel(ORDER.key) is CancelOutcome.MANUAL, "a question is no success"
    odoo.asks = False
    odoo.all("sale.order.line")[0]["qty_delivered"] = 1.0
    assert await target.adapter.cancel(ORDER.key) is CancelOutcome.MANUAL
    assert "action_cancel" not in odoo.methods("sale.order")[-2:]
    odoo.all("sale.order.line")[0]["qty_delivered"] = 0.0
    assert await target.adapter.cancel(ORDER.key) is CancelOutcome.DONE
    assert sale["state"] == "cancel"
    assert await target.adapter.cancel(ORDER.key) is CancelOutcome.DONE
    assert await target.adapter.cancel("never-sent") is CancelOutcome.MANUAL, "a call may be on its way"
    with pytest.raises(PermanentFailure, match=r"S00001 is in the state 'cancel' in Odoo"):
        await target.submit(ORDER)


async def test_a_number_too_long_for_norce_is_not_cut(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(ORDER)
    odoo.all("sale.order")[0]["name"] = "S" * 51
    with pytest.raises(PermanentFailure, match="has 51 characters and Norce takes 50; none is cut"):
        await target.submit(ORDER)


async def test_namespaces_keep_targets_apart(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    for namespace in ("north", "south"):
        await open_target(namespace=namespace).submit(ORDER)
    assert len(odoo.all("sale.order")) == 2


@pytest.mark.parametrize(
    ("changes", "made", "missing", "words"),
    [
        (
            {},
            order("M1", row(1, "A", "1", "100"), row(2, "ITEM001", "1", "100"), row(3, "B", "1", "100")),
            ("product:A", "product:B"),
            r"with the internal reference 'A'\..* So it is with 1 more\.$",
        ),
        ({"taxes": {}}, order("M2", row(1, "ITEM001", "1", "100")), ("vat-rate:25",), "for the VAT rate 25 % of row 1"),
        (
            {"carriers": {"X": "PostNord"}},
            order("M4", row(1, "ITEM001", "1", "100"), shipping=SHIPPING),
            ("delivery-method:POSTNORD",),
            r'No shipping method is set for .*\'POSTNORD\'.*"POSTNORD" = ',
        ),
        ({}, order("M5", row(1, "ITEM001", "1", "1", vat_code="Nope")), ("sales-tax:Nope",), "the name 'Nope'"),
        ({}, order("M6", row(1, "ITEM001", "1", "1"), currency="EUR"), ("currency:EUR",), "The order is in EUR"),
        ({}, order("M7", row(1, None, "1", "1", type="Odd")), ("row-type:Odd",), "has no part number"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_what_odoo_lacks_is_named_for_all_orders_that_wait_for_it(
    open_target: OpenTarget,
    odoo: SmallOdoo,
    changes: dict[str, object],
    made: OrderPart,
    missing: tuple[str, ...],
    words: str,
) -> None:
    with pytest.raises(PermanentFailure, match=words) as told:
        await open_target(**changes).submit(made)
    assert told.value.missing == missing
    assert odoo.all("sale.order") == []


async def test_a_recipient_without_address_is_the_buyer(target: Target, odoo: SmallOdoo) -> None:
    buyer = msgspec.structs.replace(ASA, code="C7")
    named = msgspec.structs.replace(ASA, code="C7", address=None)
    await target.submit(order("19", row(1, "ITEM001", "1", "10"), buyer=buyer, recipient=named))
    await target.submit(order("20", row(1, "ITEM001", "1", "10"), buyer=named))
    assert len(odoo.all("res.partner")) == 1


async def test_vat_numbers_can_be_left_out(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    buyer = msgspec.structs.replace(COMPANY, company=CompanyPart(code="F1", name="Bolaget AB", vat_no="made up"))
    await open_target(vat_numbers=False).submit(order("17", row(1, "ITEM001", "1", "10"), buyer=buyer))
    assert odoo.all("res.partner")[0]["vat"] is False
