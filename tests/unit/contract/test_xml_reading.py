"""Every way of writing an order as XML that is still understood, one by one. (norce: tolerance table, samples)"""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.unit.contract.xml_messages import (
    only_finding,
    order_xml,
    read,
    read_carefully,
    read_clean,
    read_company,
    read_quickly,
    read_row,
)

from order_receiver.contract.findings import Severity
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.request import CodeValue, Company, OrderItem, OrderRequest, PriceListItem, Promotion
from order_receiver.contract.xml_form import parse, read_element
from order_receiver.contract.xml_form.names import ORDER, PROMOTION, XSI
from order_receiver.orders.fingerprint import fingerprint

MEMBERS = (
    "<SellTo><Person><FirstName>Åsa</FirstName></Person></SellTo><DoHold>true</DoHold>"
    "<ClientOrderRef>1</ClientOrderRef><Items><OrderItem><LineNo>1</LineNo><UnitPrice>10.50</UnitPrice>"
    "</OrderItem></Items><Header><ApplicationKey>k</ApplicationKey></Header>"
)
PREFIXED = re.sub("<(/?)", r"<\1q:", MEMBERS)


@pytest.mark.parametrize(
    "message",
    [
        f"<OrderRequest>{MEMBERS}</OrderRequest>",
        f'<OrderRequest xmlns="{ORDER}">{MEMBERS}</OrderRequest>',
        f"<OrderRequest xmlns='{ORDER}'>{MEMBERS}</OrderRequest>",
        f'<OrderRequest xmlns:i="{XSI}" xmlns="{ORDER}" >{MEMBERS}</OrderRequest>',
        f'<OrderRequest xmlns="urn:other">{MEMBERS}</OrderRequest>',
        f'<OrderRequest xmlns="{ORDER}">{MEMBERS}</OrderRequest>'.replace("<Items>", '<Items xmlns="">'),
        f'<q:OrderRequest xmlns:q="{ORDER}">{MEMBERS}</q:OrderRequest>',
        f'<q:OrderRequest xmlns:q="{ORDER}">{PREFIXED}</q:OrderRequest>',
        f'<CreateOrder xmlns="{ORDER}"><request>{MEMBERS}</request></CreateOrder>',
        f"<CreateOrder><OrderRequest>{MEMBERS}</OrderRequest></CreateOrder>",
        f"<request>{MEMBERS}</request>",
    ],
)
def test_namespaces_and_prefixes_do_not_matter(message: str) -> None:
    reading = read(message)
    assert (reading.order, reading.findings) == (read_clean(MEMBERS), ())
    assert reading.order.DoHold
    assert [item.UnitPrice for item in reading.order.Items or ()] == [Decimal("10.50")]


@pytest.mark.parametrize(
    "message",
    [
        order_xml(MEMBERS).replace("><", "><!-- x > y --><"),
        order_xml(MEMBERS).replace("><", "><?x y?><"),
        order_xml(MEMBERS).replace("><", ">\r\n\t <"),
        order_xml(MEMBERS).replace(">1<", "><!-- a -->1<?b c?><"),
        order_xml(MEMBERS).replace(">1<", "><![CDATA[1]]><"),
        order_xml(MEMBERS).replace(">10.50<", "><![CDATA[10]]><!---->.5<![CDATA[0]]><"),
        order_xml(MEMBERS).replace(">Åsa<", ">&#xC5;s&#97;<"),
        "<!-- <OrderRequest xmlns='x'> --><?x <a>?>" + order_xml(MEMBERS) + "<!-- end --><?x?>",
    ],
)
def test_comments_instructions_and_sections_do_not_matter(message: str) -> None:
    reading = read(message)
    assert (reading.order, reading.findings) == (read_clean(MEMBERS), ())


def test_members_may_come_in_any_order() -> None:
    order = read_clean(
        "<Header><ApplicationKey>k</ApplicationKey></Header><Items><OrderItem><UnitPrice>10.50</UnitPrice>"
        "<LineNo>1</LineNo></OrderItem></Items><ClientOrderRef>1</ClientOrderRef><DoHold>true</DoHold>"
        "<SellTo><Person><FirstName>Åsa</FirstName></Person></SellTo>"
    )
    assert order == read_clean(MEMBERS)


@pytest.mark.parametrize("names", [str.lower, str.upper, str.swapcase])
def test_names_may_come_in_other_case(names: Callable[[str], str]) -> None:
    entry = names("Header"), names("ApplicationKey"), names("DoHold")
    order = read_clean("<{0}><{1}>k</{1}></{0}><{2}>1</{2}>".format(*entry))
    assert order.Header is not None
    assert (order.Header.ApplicationKey, order.DoHold) == ("k", True)


@pytest.mark.parametrize("name", ["PricelistCodes", "PriceListCodes", "priceListCodes"])
def test_price_list_names_of_companies(name: str) -> None:
    limit = name.replace("Codes", "Limit")
    found = read_company(f"<{name}><PricelistCode>A</PricelistCode></{name}><{limit}>true</{limit}>")
    assert (found.PricelistCodes, found.PricelistLimit) == (["A"], True)


@pytest.mark.parametrize(
    ("members", "kept"),
    [
        ("<clientOrderRef>2</clientOrderRef><ClientOrderRef>1</ClientOrderRef><CLIENTORDERREF>3</CLIENTORDERREF>", "1"),
        ("<ClientOrderRef>1</ClientOrderRef><clientOrderRef>2</clientOrderRef>", "1"),
        ("<clientOrderRef>2</clientOrderRef><clientorderref>1</clientorderref>", "1"),
        ("<clientOrderRef>1</clientOrderRef><clientorderref i:nil='true'/>", "1"),
        ("<ClientOrderRef i:nil='true'/><clientorderref>1</clientorderref>", None),
    ],
)
def test_exact_spelling_wins_else_the_last(members: str, kept: str | None) -> None:
    assert read_clean(members).ClientOrderRef == kept


@pytest.mark.parametrize("nil", ["true", "1", " true ", "\n1"])
def test_nil_is_null_for_every_kind(nil: str) -> None:
    def null(*names: str) -> str:
        return "".join(f'<{name} i:nil="{nil}"/>' for name in names)

    order = null(
        "SellTo", "ClientOrderRef", "SubmitDate", "ReferId", "Payments", "Items", "Header", "DoHold", "OrderType"
    )
    assert read_clean(order) == OrderRequest()
    assert read_row(null("LineNo", "UnitPrice", "PartNo", "Quantity2", "PriceListNo", "Promotions")) == OrderItem()
    assert read_company(null("PricelistCodes", "IsActive", "Addresses")) == Company()


@pytest.mark.parametrize("nil", ["false", "0", "", "TRUE", "yes"])
def test_nil_that_is_not_said_is_content(nil: str) -> None:
    order = read_clean(f'<Source i:nil="{nil}">x</Source><ClientOrderRef i:nil="{nil}"/><SellTo i:nil="{nil}"/>')
    assert (order.Source, order.ClientOrderRef) == ("x", "")
    assert order.SellTo is not None


@pytest.mark.parametrize("attribute", ['nil="true"', 'xmlns:n="urn:n" n:nil="true"'])
def test_nil_of_another_namespace_is_an_unknown_attribute(attribute: str) -> None:
    reading = read(order_xml(f"<ClientOrderRef {attribute}>1</ClientOrderRef>"))
    (finding,) = reading.findings
    assert reading.order.ClientOrderRef == "1"
    assert (finding.where, finding.rule, finding.seen) == ("/ClientOrderRef", "unknown-attribute", "nil")


@pytest.mark.parametrize("member", ["Source", "SellTo", "Items", "DoHold"])
def test_content_of_what_says_nil_is_not_used_but_noted(member: str) -> None:
    reading = read(order_xml(f'<{member} i:nil="true">1</{member}>'))
    (finding,) = reading.findings
    assert reading.order == OrderRequest()
    assert (finding.where, finding.rule, finding.severity) == (f"/{member}", "not-empty", Severity.NOTE)


def test_an_entry_that_says_nil_is_an_empty_one_and_noted() -> None:
    reading = read(order_xml('<Items><OrderItem i:nil="true"/><OrderItem><LineNo>2</LineNo></OrderItem></Items>'))
    (finding,) = reading.findings
    assert reading.order.Items == [OrderItem(), OrderItem(LineNo=2)]
    assert (finding.where, finding.rule, finding.seen) == ("/Items/0", "not-an-object", "null")


@pytest.mark.parametrize("form", ["<{0}/>", "<{0} />", "<{0}></{0}>", "<{0}><!-- --></{0}>", "<{0}><![CDATA[]]></{0}>"])
def test_empty_elements_by_their_kind(form: str) -> None:
    order = read_clean("".join(form.format(name) for name in ("Source", "Payments", "SellTo", "ReferId", "SubmitDate")))
    assert (order.Source, order.Payments, order.ReferId, order.SubmitDate) == ("", [], None, None)
    assert order.SellTo is not None
    assert read_company(form.format("PricelistCodes") + form.format("Addresses")) == Company(
        PricelistCodes=[], Addresses=[]
    )
    assert read_row(form.format("Promotions")).Promotions == []


@pytest.mark.parametrize(
    ("member", "rule"), [("DoHold", "not-a-boolean"), ("OrderType", "unknown-code"), ("Items", None), ("Source", None)]
)
def test_an_empty_element_where_a_value_must_be(member: str, rule: str | None) -> None:
    reading = read(order_xml(f"<{member}/>"))
    assert [(one.where, one.rule) for one in reading.findings] == ([(f"/{member}", rule)] if rule else [])


def test_an_empty_amount_is_none() -> None:
    finding = only_finding("<Items><OrderItem><UnitPrice></UnitPrice><Quantity2/></OrderItem></Items>")
    assert (finding.where, finding.rule) == ("/Items/0/UnitPrice", "not-an-amount")


def test_an_entry_called_value_is_told_from_its_text() -> None:
    entries = read_clean(
        "<AdditionalInfo><Value><Value>v</Value></Value><Value><Code>c</Code><Value>w</Value></Value><Value/>"
        "</AdditionalInfo>"
    ).AdditionalInfo
    assert entries == [CodeValue(Value="v"), CodeValue(Code="c", Value="w"), CodeValue()]


def test_entries_of_price_lists() -> None:
    assert read_row(
        "<PriceLists><Pricelist><UnitPrice>1.0</UnitPrice></Pricelist><Pricelist/></PriceLists>"
    ).PriceLists == [
        PriceListItem(UnitPrice=Decimal("1.0")),
        PriceListItem(),
    ]


def promotions(around: str, within: str, prefix: str) -> str:
    """One promotion, with declarations of its namespace on the list and on the entry."""
    members = f"<{prefix}Id>5</{prefix}Id><{prefix}Name>n</{prefix}Name>"
    start = f"<Promotions {around}><Promotion {within}>".format(PROMOTION, PROMOTION)
    return f"{start}{members}</Promotion></Promotions>"


@pytest.mark.parametrize(
    "written",
    [
        promotions('xmlns:a="{}"', "", "a:"),
        promotions("", 'xmlns:d4p1="{}"', "d4p1:"),
        promotions('xmlns:a="{}"', 'xmlns="{}"', ""),
        promotions('xmlns="{}"', "", ""),
        promotions("", "", ""),
    ],
)
def test_promotions_under_any_prefix_or_none(written: str) -> None:
    assert read_row(written).Promotions == [Promotion(Id="5", Name="n")]


@pytest.mark.parametrize(
    "data", ["<ExtensionData/>", '<ExtensionData i:nil="true"/>', "<extensionData><a>1</a></extensionData>"]
)
def test_what_serializers_add_is_ignored(data: str) -> None:
    order = read_clean(f"<Header><ApplicationKey>k</ApplicationKey>{data}</Header>{data}")
    assert order == read_clean("<Header><ApplicationKey>k</ApplicationKey></Header>")


@pytest.mark.parametrize(
    "attribute",
    [
        'i:type="OrderRequest"',
        'i:schemaLocation="a b"',
        'xmlns:z="http://schemas.microsoft.com/2003/10/Serialization/" z:Id="i1"',
        'xml:space="preserve"',
        'xml:lang="sv"',
    ],
)
def test_attributes_about_the_writing_are_ignored(attribute: str) -> None:
    assert read_clean(f"<Header {attribute}/><Source {attribute}>1</Source>").Source == "1"


@pytest.mark.parametrize(
    ("members", "where", "rule", "seen"),
    [
        ("<Source>1</Source><Source>2</Source>", "/Source", "repeated-member", "Source"),
        ("<Header/>stray<Source/>", "", "stray-text", "s***"),
        ("<Header>stray<ApplicationKey/></Header>", "/Header", "stray-text", "s***"),
        ("<Items>stray<OrderItem/></Items>", "/Items", "stray-text", "s***"),
        ("<Items><OrderItem/>stray</Items>", "/Items", "stray-text", "s***"),
        (
            "<SellTo><Company><PaymentCodes>stray<PaymentCode/></PaymentCodes></Company></SellTo>",
            "/SellTo/Company/PaymentCodes",
            "stray-text",
            "s***",
        ),
        ("<New>1</New>", "/New", "unknown-member", "New"),
        ("<Header><New><a/></New></Header>", "/Header/New", "unknown-member", "New"),
        ('<Source new="1"/>', "/Source", "unknown-attribute", "new"),
        ('<Items><OrderItem><PartNo q="1"/></OrderItem></Items>', "/Items/0/PartNo", "unknown-attribute", "q"),
        ("<Items><Row/><Row/></Items>", "/Items/0", "unexpected-entry", "Row"),
        ("<Items><OrderItem/><orderItem/></Items>", "/Items/1", "unexpected-entry", "orderItem"),
    ],
)
def test_what_is_odd_is_noted(members: str, where: str, rule: str, seen: str) -> None:
    finding = only_finding(members)
    assert (finding.where, finding.rule, finding.seen, finding.severity) == (where, rule, seen, Severity.NOTE)
    assert finding.advice.endswith(".")


def test_of_a_member_that_is_repeated_the_first_counts() -> None:
    order = read(
        order_xml("<Source>1</Source><Source>2</Source><Header/><Header><ApplicationKey>k</ApplicationKey></Header>")
    )
    assert order.order.Source == "1"
    assert order.order.Header is not None
    assert order.order.Header.ApplicationKey is None


def test_entries_count_whatever_they_are_called() -> None:
    reading = read(order_xml("<Items><Row><LineNo>1</LineNo></Row><OrderItem><LineNo>2</LineNo></OrderItem></Items>"))
    assert reading.order.Items == [OrderItem(LineNo=1), OrderItem(LineNo=2)]


def test_codes_count_whatever_they_are_called() -> None:
    reading = read(order_xml("<SellTo><Company><PaymentCodes><string>A</string></PaymentCodes></Company></SellTo>"))
    (finding,) = reading.findings
    assert reading.order.SellTo is not None
    assert reading.order.SellTo.Company == Company(PaymentCodes=["A"])
    assert (finding.where, finding.rule) == ("/SellTo/Company/PaymentCodes/0", "unexpected-entry")


@pytest.mark.parametrize(
    "entries", ["<PricelistCode/>", '<PricelistCode i:nil="true"/>', "<PricelistCode i:nil='1'>x</PricelistCode>"]
)
def test_an_empty_code_is_an_empty_text(entries: str) -> None:
    assert read_company(f"<PricelistCodes>{entries}</PricelistCodes>").PricelistCodes == [""]


@pytest.mark.parametrize(
    ("members", "where", "rule", "seen"),
    [
        ("<Source>a<b/>c</Source>", "/Source", "not-a-text", "an object with 1 members"),
        ("<Source><b>1</b></Source>", "/Source", "not-a-text", "an object with 1 members"),
        ("<DoHold><true/></DoHold>", "/DoHold", "not-a-boolean", "an object with 1 members"),
        ("<SubmitDate><Date/></SubmitDate>", "/SubmitDate", "not-a-date", "an object with 1 members"),
        ("<Items>none</Items>", "/Items", "not-a-list", "none"),
        ("<Header>none</Header>", "/Header", "not-an-object", "none"),
        ("<Items><OrderItem>none</OrderItem></Items>", "/Items/0", "not-an-object", "none"),
        ("<Items><OrderItem><Promotions>1</Promotions></OrderItem></Items>", "/Items/0/Promotions", "not-a-list", "1"),
        (
            "<SellTo><Company><PaymentCodes>A</PaymentCodes></Company></SellTo>",
            "/SellTo/Company/PaymentCodes",
            "not-a-list",
            "A",
        ),
        (
            "<SellTo><Company><PaymentCodes><PaymentCode><a/></PaymentCode></PaymentCodes></Company></SellTo>",
            "/SellTo/Company/PaymentCodes/0",
            "not-a-text",
            "an object with 1 members",
        ),
        (
            "<items><OrderItem><unitprice>x y</unitprice></OrderItem></items>",
            "/items/0/unitprice",
            "not-an-amount",
            "x y",
        ),
    ],
)
def test_what_does_not_fit_costs_only_its_member(members: str, where: str, rule: str, seen: str) -> None:
    reading = read(order_xml(f"<ClientOrderRef>1</ClientOrderRef>{members}<DiscountCode>2</DiscountCode>"))
    (finding,) = reading.findings
    assert (finding.where, finding.rule, finding.seen) == (where, rule, seen)
    assert finding.severity is Severity.PROBLEM
    assert (reading.order.ClientOrderRef, reading.order.DiscountCode) == ("1", "2")


def test_what_every_row_has_is_noted_once() -> None:
    """Else a hundred such notes would leave no room for what is wrong, and hold the order by themselves."""
    odd = '<OrderItem a="1">stray<New/><PartNo b="2"/><PartNo/><Comment i:nil="1">x</Comment></OrderItem>'
    reading = read(order_xml(f"<Items>{odd * 300}<OrderItem><UnitPrice>x</UnitPrice></OrderItem></Items>"))
    assert [(one.where, one.rule) for one in reading.findings] == [
        ("/Items/0", "unknown-attribute"),
        ("/Items/0", "stray-text"),
        ("/Items/0/PartNo", "unknown-attribute"),
        ("/Items/0/PartNo", "repeated-member"),
        ("/Items/0/Comment", "not-empty"),
        ("/Items/0/New", "unknown-member"),
        ("/Items/300/UnitPrice", "not-an-amount"),
    ]


def test_names_do_not_flood_or_forge() -> None:
    name = "x" * 1000
    reading = read(order_xml(f"<{name}/><{name}/><a\u200db/><a\u200db/>"))
    assert {finding.where for finding in reading.findings} == {""}
    assert {finding.seen for finding in reading.findings} == {"x" * 59 + "…", "a\\u200db"}


@pytest.mark.parametrize("members", ["<a{0}/>", "<a{0}/><a{0}/>", '<Source a{0}=""/>'])
def test_notes_are_bounded(members: str) -> None:
    findings = read(order_xml("".join(members.format(number) for number in range(500)))).findings
    for rule in {finding.rule for finding in findings}:
        assert len([finding for finding in findings if finding.rule == rule]) <= 20


def test_an_indented_order_is_the_same() -> None:
    indented = order_xml(MEMBERS).replace("><", ">\n    <").replace("/Person>", "/Person>\n\n")
    assert read(indented).findings == ()
    assert fingerprint(read(indented).order) == fingerprint(read_clean(MEMBERS))


def test_depth_is_counted_to_the_limit() -> None:
    order = parse(order_xml("<Header><ApplicationKey>k</ApplicationKey></Header><New/>").encode())
    assert read_element(order, limits=Limits(depth=3)).order.Header is not None
    with pytest.raises(Unreadable, match="deeper than 2 levels"):
        read_element(order, limits=Limits(depth=2))


@pytest.mark.parametrize("more", ["", "<New/>"])
def test_too_many_rows_cannot_be_read(more: str) -> None:
    def rows(count: int) -> OrderRequest:
        order = parse(order_xml(f"<Items>{'<OrderItem/>' * count}</Items>{more}").encode())
        return read_element(order, limits=Limits(items=2)).order

    assert len(rows(2).Items or ()) == 2
    with pytest.raises(Unreadable, match="3 rows") as caught:
        rows(3)
    assert caught.value.finding.rule == "too-many-rows"


@pytest.mark.parametrize(
    "members",
    [
        '<Source a="1">x</Source>',
        '<Source i:nil="true">x</Source>',
        '<Source i:nil="false"/>',
        "<Source>x<b/></Source>",
        "<Source>x</Source><Source>y</Source>",
        "<Header/>stray",
        "<Header><New/></Header>",
        '<Items><OrderItem i:nil="true"/></Items>',
        "<Items><Row/></Items>",
        "<Items>stray</Items>",
        '<SellTo i:nil="true"><Person/></SellTo>',
        "<SellTo><Company><PaymentCodes><PaymentCode>a<b/></PaymentCode></PaymentCodes></Company></SellTo>",
        "<OrderType>1<a/></OrderType>",
        "<SubmitDate>1734519600</SubmitDate>",
        "<Items><OrderItem><UnitPrice>NaN</UnitPrice></OrderItem></Items>",
    ],
)
def test_the_quick_way_gives_up_on_what_is_odd(members: str) -> None:
    assert read_quickly(order_xml(members).encode()) is None


@pytest.mark.parametrize(
    "members", [MEMBERS, "", "<SellTo/>", '<SellTo i:nil="1"/>', "<Items/>", "<ReferId>1</ReferId>"]
)
def test_the_quick_way_takes_what_is_usual(members: str) -> None:
    body = order_xml(members).encode()
    quick = read_quickly(body)
    assert quick is not None
    assert quick.order == read_carefully(body).order
