import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from pydifact.segmentcollection import Interchange
from pydifact.segments import Segment
from tests.unit.mapping.formats import CONTEXT, FORMATS, LATIN, summed_orders, values_of, written

from order_receiver.contract.request import Address, ClientCustomer, Company, Discount, Fee, OrderItem, OrderRequest
from order_receiver.mapping import MappingContext, MappingFailed, MappingUnusable, open_mapping
from order_receiver.orders.checks import order_total
from order_receiver.settings.formats import EdifactFormat, Formats

REFERENCE = Path(__file__).parents[3] / "docs/reference/edifact.md"

# The library knows no segments of D.96A, and says so for each.
pytestmark = pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")


def parsed(content: bytes) -> list[Segment]:
    """The segments of the one message. Raises what pydifact finds wrong."""
    text = content.decode("iso8859-1")
    interchange = Interchange.from_str(text)
    [message] = interchange.get_messages()
    assert (message.type, message.version) == ("ORDERS", "D.96A")
    assert str(interchange.characters.decimal_point) == "."
    return list(interchange.segments)


def elements(segments: list[Segment], tag: str) -> list[list[str | list[str]]]:
    return [segment.elements for segment in segments if segment.tag == tag]


def follows_the_message(tags: list[str]) -> bool:
    """Whether the segments come in the order that ORDERS D.96A has them in."""
    below = r"(?:CTA (?:COM )*)"
    nad = rf"NAD (?:RFF )*{below}*"
    line = "LIN (?:PIA )?(?:IMD )?QTY MOA (?:FTX )*PRI RFF TAX MOA "
    head = rf"UNH BGM DTM (?:FTX )*(?:RFF )*(?:{nad})*CUX (?:ALC MOA (?:TAX MOA )?)*"
    whole = rf"{head}(?:{line})+UNS MOA (?:MOA )?(?:MOA )?MOA MOA MOA CNT UNT "
    return re.fullmatch(whole, "".join(f"{tag} " for tag in tags)) is not None


def test_the_message(order: OrderRequest, context: MappingContext) -> None:
    document = written(order, "edifact", context=context)
    assert (document.media_type, document.extension) == ("application/EDIFACT; charset=iso-8859-1", "edi")
    assert document.content.startswith(
        b"UNA:+.? 'UNB+UNOC:3+7300000000001:14+7300000000002:14+261121:2330+E61C0A39B82DAE++ORDERS'"
        b"UNH+1+ORDERS:D:96A:UN'BGM+220+100001+9'DTM+137:20261122:102'"
    )
    segments = parsed(document.content)
    assert follows_the_message([segment.tag for segment in segments])
    assert elements(segments, "NAD")[0] == [
        "BY", ["C1", "", "91"], "", "Bolaget AB", "Storgatan 1", "Stockholm", "", "111 22", "SE",
    ]  # fmt: skip
    assert elements(segments, "COM") == [[["+46 70-123 45 67", "TE"]]]
    assert elements(segments, "QTY") == [[["21", "2.500", "m"]], [["21", "1"]]]
    assert elements(segments, "PRI")[0] == [["AAA", "79.9900", "", "", "1", "m"]]
    assert elements(segments, "MOA")[-4:] == [
        [["79", "239.175", "SEK"]], [["176", "49.99375", "SEK"]], [["128", "289.16875", "SEK"]],
        [["113", "289.17", "SEK"]],
    ]  # fmt: skip
    assert elements(segments, "CNT") == [[["2", "2"]]]
    assert elements(segments, "UNT") == [[str(document.content.count(b"'") - 1 - 1 - 1), "1"]]
    assert b"800101-1234" not in document.content


def test_the_same_order_gives_the_same_interchange_and_another_key_another(order: OrderRequest) -> None:
    first, again = (written(order, "edifact").content for _ in range(2))
    other = written(order, "edifact", context=replace(CONTEXT, key="other")).content
    references = [content.rpartition(b"UNZ+1+")[2] for content in (first, other)]
    assert first == again
    assert len(set(references)) == 2


def test_the_mapping_of_the_page_replaces_characters(order: OrderRequest, tmp_path: Path) -> None:
    page = REFERENCE.read_text("utf-8")
    (tmp_path / "our_edi.py").write_text(page.partition("```python\n")[2].partition("```")[0], "utf-8")
    row = OrderItem(LineNo=1, PartNo="A-1", Description="“Blå” \u2013 5 €", Comment="it\u2019s")
    content = open_mapping("our_edi:to_edi", tmp_path).map(replace(order, Items=[row]), CONTEXT).content
    assert b'IMD+F++:::"Bl\xe5" - 5 EUR\'' in content
    assert b"FTX+LIN+++it?'s'" in content
    with pytest.raises(MappingFailed) as failed:
        written(replace(order, CustomerOrderComment="for 5 € each"), "edifact")
    assert str(failed.value) in page


def test_settings_of_the_interchange(order: OrderRequest) -> None:
    formats = Formats(edifact=EdifactFormat(sender="S?", recipient="R", association="EAN008", test=True))
    content = written(order, "edifact", formats).content
    assert b"UNB+UNOC:3+S??+R+261121:2330+E61C0A39B82DAE++ORDERS++++1'" in content
    assert b"UNH+1+ORDERS:D:96A:UN:EAN008'" in content


def test_sender_and_recipient_are_needed(order: OrderRequest) -> None:
    with pytest.raises(MappingUnusable, match=r"needs `formats\.edifact` with `sender` and `recipient`"):
        written(order, "edifact", Formats())


def test_without_the_extra_the_mapping_says_what_to_install(
    order: OrderRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "order_receiver.mapping.edifact.mapping", None)
    with pytest.raises(MappingUnusable, match=r"install norce-order-receiver\[edifact\]"):
        written(order, "edifact")


def test_syntax_signs_in_texts_are_released(order: OrderRequest) -> None:
    content = written(replace(order, CustomerOrderComment="a'b+c:d?e"), "edifact").content
    assert b"FTX+AAI+++a?'b?+c?:d??e'" in content
    assert elements(parsed(content), "FTX")[0] == ["AAI", "", "", "a'b+c:d?e"]


def test_lines_of_a_comment_are_segments_of_their_own(order: OrderRequest) -> None:
    comment = f"one\r\n\n{'x' * 360}\nlast"
    segments = parsed(written(replace(order, CustomerOrderComment=comment), "edifact").content)
    found = [each[3] for each in elements(segments, "FTX") if each[0] == "AAI"]
    assert found == ["one", ["x" * 70] * 5, "x" * 10, "last"]


def test_the_gln_goes_before_the_customer_number(order: OrderRequest) -> None:
    company = Company(Code="C1", Addresses=[Address(Gln="7300000000003")])
    segments = parsed(written(replace(order, SellTo=ClientCustomer(Company=company)), "edifact").content)
    assert elements(segments, "NAD")[0] == ["BY", ["7300000000003", "", "9"]]
    assert [["IT", "C1"]] in elements(segments, "RFF")


LONG = "x" * 36


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("CurrencyCode", None, "at currency: EDIFACT needs a currency of three letters"),
        ("Items", [], "at rows: ORDERS needs at least one row"),
        ("ClientOrderRef", LONG, "at reference: the text has 36 characters, and EDIFACT takes 35"),
        ("CustomerOrderRef", LONG, "at customer_reference: the text has 36 characters"),
        ("CustomerOrderComment", "a\tb", r"at comment: the text has the control character '\\t'"),
        ("CustomerOrderComment", "\ud800", r"at comment: the character \\ud800 \(U\+D800\) in '\\ud800' is"),
        (
            "CustomerOrderComment",
            "x\n5 €",
            r"at comment: the character € \(U\+20AC\) in '5 €' is not in ISO 8859-1",
        ),
        (
            "Items",
            [OrderItem(Description=f"{'x' * 30}Sänkt \u2013 20 %")],
            r"at rows\[0\]\.description: the character . \(U\+2013\) in 'x{14}Sänkt . 20 %' is not",
        ),
        ("CustomerOrderComment", "x\n" * 101, "at comment: its texts need .* FTX segments, and ORDERS takes 99"),
        ("Items", [OrderItem(PartNo=LONG)], r"at rows\[0\]\.part_no: the text has 36 characters"),
        (
            "Items",
            [OrderItem(UnitPrice=Decimal("1.234567890123456"))],
            r"at rows\[0\]\.unit_price_excl_vat: .* 15 digits",
        ),
        ("Items", [OrderItem(Comment="x\n" * 101)], r"at rows\[0\]: its texts need .* FTX"),
        ("Discounts", [Discount()] * 16, "at fees: ORDERS takes 15 fees and discounts"),
        (
            "SellTo",
            ClientCustomer(Company=Company(Addresses=[Address(Line1=LONG, Line2=LONG)])),
            r"at buyer\.address: care_of, line1, line2 and box need 4 lines of 35 characters, and EDIFACT has 3",
        ),
        ("SellTo", ClientCustomer(Company=Company(Code=LONG)), r"at buyer\.code: the text has 36 characters"),
    ],
)
def test_what_edifact_cannot_hold(order: OrderRequest, member: str, value: object, message: str) -> None:
    with pytest.raises(MappingFailed, match=message):
        written(replace(order, **{member: value}), "edifact")


def test_zeros_at_the_end_give_way_before_a_number_is_too_long(order: OrderRequest) -> None:
    row = OrderItem(UnitPrice=Decimal("12.340000000000000"))
    assert elements(parsed(written(replace(order, Items=[row]), "edifact").content), "PRI") == [
        [["AAA", "12.34", "", "", "1"]]
    ]


@settings(max_examples=60)
@given(order=summed_orders(LATIN, digits=12))
def test_every_value_is_found_again(order: OrderRequest) -> None:
    content = written(order, "edifact", FORMATS).content
    segments = parsed(content)
    assert follows_the_message([segment.tag for segment in segments])
    found = [
        "".join(element) if isinstance(element, list) else element for each in segments for element in each.elements
    ]
    pieces = [piece for each in segments for element in each.elements if isinstance(element, list) for piece in element]
    named = {each[3][0]: each[3][1] for each in elements(segments, "FTX") if each[0] == "ZZZ"}
    everything = "\n".join(found) + "\n" + "\n".join(pieces)
    numbers = {
        Decimal(text) for text in (*found, *pieces, *named.values()) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text)
    }
    numbers |= {
        Decimal(each[1].replace("-", "")) for each in elements(segments, "LIN") if isinstance(each[1], str) and each[1]
    }
    for path, value in values_of(order).items():
        if path in ("format", "order_date", "totals.vat", "totals.incl_vat") or path.endswith("personal_number"):
            continue
        if isinstance(value, Decimal):
            assert value in numbers, path
        elif path == "comment":
            assert "".join("".join(each[3]) for each in elements(segments, "FTX") if each[0] == "AAI") == value
        else:
            assert (str(value).lower() if isinstance(value, bool) else str(value)) in everything, path


def amounts(segments: list[Segment], qualifier: str) -> Decimal:
    """The sum of all MOA with a qualifier; 0 where there is none."""
    found = (Decimal(each[0][1]) for each in elements(segments, "MOA") if each[0][0] == qualifier)
    return sum(found, Decimal(0))


@settings(max_examples=60)
@given(order=summed_orders(LATIN, digits=10))
def test_the_sums_agree_with_each_other_and_with_the_order(order: OrderRequest) -> None:
    segments = parsed(written(order, "edifact").content)
    lines, charges, allowances, vat, total = (amounts(segments, each) for each in ("79", "259", "260", "176", "128"))
    assert lines == amounts(segments, "203")
    assert charges + allowances == amounts(segments, "8")
    assert vat == amounts(segments, "124")
    assert total == lines + charges - allowances + vat == order_total(order)


def test_a_fee_is_counted_with_its_vat(order: OrderRequest) -> None:
    row = OrderItem(PartNo="A-1", Quantity=1, UnitPrice=Decimal(240), UnitVat=Decimal(60), VatRate=Decimal(25))
    fees = [Fee(Type="Invoice", Amount=Decimal(29), VatRate=Decimal(25))]
    content = written(replace(order, Items=[row], Fees=fees, Payments=None), "edifact").content
    assert b"ALC+C+Invoice'MOA+8:29:SEK'TAX+7+VAT+++:::25'MOA+124:7.25:SEK'" in content
    assert b"UNS+S'MOA+79:240.00:SEK'MOA+259:29.00:SEK'MOA+176:67.25:SEK'MOA+128:336.25:SEK'" in content
