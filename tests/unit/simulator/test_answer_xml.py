"""Answers in XML as DataContractSerializer takes them, variant by variant."""

import codecs
import re

import msgspec
import pytest

from order_receiver.contract.form import Form
from order_receiver.contract.xml_form import names
from order_receiver.simulator.answer import Answer
from order_receiver.simulator.answer_xml import read_xml_answer
from order_receiver.simulator.verdict import Outcome, judge

XML = "application/xml; charset=utf-8"
START = f'<OrderResponse xmlns="{names.ORDER}" xmlns:i="{names.XSI}">'
END = "</OrderResponse>"
STATUS = "<StatusCode>OK</StatusCode>"
DESCRIPTION = "<Description>text</Description>"
HAS = "<HasErpOrderNo>true</HasErpOrderNo>"
NUMBER = "<ErpOrderNo>E1</ErpOrderNo>"
ALL = STATUS + DESCRIPTION + HAS + NUMBER
FULL = Answer(StatusCode="OK", Description="text", HasErpOrderNo=True, ErpOrderNo="E1")
HEAD = '<?xml version="1.0" encoding="utf-8"?>'
XSD = 'xmlns:x="http://www.w3.org/2001/XMLSchema"'


def response(members: str = ALL) -> str:
    return START + members + END


def read(answer: str | bytes) -> Answer:
    return read_xml_answer(answer if isinstance(answer, bytes) else answer.encode())


def other(**members: str | bool | None) -> Answer:
    """The full answer but for these members."""
    return msgspec.structs.replace(FULL, **members)


WHOLE = {
    "as it should be": response(),
    "declaration": HEAD + response(),
    "declaration in other quotes and case": "<?xml version='1.0' encoding='UTF-8'?>" + response(),
    "declaration without encoding": '<?xml version="1.0"?>' + response(),
    "declaration with standalone": '<?xml version="1.0" encoding="utf-8" standalone="yes"?>' + response(),
    "byte order mark": codecs.BOM_UTF8 + response().encode(),
    "byte order mark and declaration": codecs.BOM_UTF8 + (HEAD + response()).encode(),
    "UTF-16": (HEAD.replace("utf-8", "utf-16") + response()).encode("utf-16"),
    "line feed before the root": "\n" + response(),
    "line feed after the root": response() + "\n",
    "indented": response().replace("><", ">\n  <"),
    "indented with CRLF and tabs": response().replace("><", ">\r\n\t<"),
    "comments between": "<!-- a -->" + response(f"<!-- b -->{STATUS}<!-- c -->{DESCRIPTION}{HAS}{NUMBER}"),
    "comment inside StatusCode": response(ALL.replace("OK", "O<!-- -->K")),
    "StatusCode twice": response(STATUS + ALL),
    "ErpOrderNo twice": response(ALL + "<ErpOrderNo>E2</ErpOrderNo>"),
    "prefixes": re.sub(r"<(/?)(\w+)", r"<\1n:\2", response()).replace("xmlns=", "xmlns:n="),
    "prefix i not declared and not used": response().replace(f' xmlns:i="{names.XSI}"', ""),
    "nil is false": response(ALL.replace("<Description>", '<Description i:nil="false">')),
    "unknown member last": response(ALL + "<More>1</More>"),
    "unknown member first": response("<More>1</More>" + ALL),
    "unknown member between": response(ALL.replace(HAS, f"<More><Inner>1</Inner>x</More>{HAS}")),
    "ExtensionData first": response('<ExtensionData i:nil="true" />' + ALL),
    "type on the root": response().replace("<OrderResponse", '<OrderResponse i:type="OrderResponse"'),
    "type on a member": response(ALL.replace("<StatusCode", f'<StatusCode {XSD} i:type="x:string"')),
    "foreign attribute": response(ALL.replace("<StatusCode", '<StatusCode xmlns:y="y" y:z="1" lang="sv"')),
    "schema location": response().replace("<OrderResponse", '<OrderResponse i:schemaLocation="a b"'),
    "CDATA": response(ALL.replace("text", "<![CDATA[text]]>")),
}


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_what_is_read_whole(answer: str | bytes) -> None:
    assert read(answer) == FULL


PARTS = {
    "nulls": (
        response(f'{STATUS}<Description i:nil="true" /><HasErpOrderNo>false</HasErpOrderNo><ErpOrderNo i:nil="true"/>'),
        other(Description=None, HasErpOrderNo=False, ErpOrderNo=None),
    ),
    "null as 1": (response(ALL.replace("<Description>text", '<Description i:nil="1">')), other(Description=None)),
    "null with an end tag": (
        response(ALL.replace(DESCRIPTION, '<Description i:nil="true"></Description>')),
        other(Description=None),
    ),
    "null with text": (response(ALL.replace("<ErpOrderNo>", '<ErpOrderNo i:nil="true">')), other(ErpOrderNo=None)),
    "null under another prefix": (
        response(ALL.replace(DESCRIPTION, f'<Description xmlns:xsi="{names.XSI}" xsi:nil="true"/>')),
        other(Description=None),
    ),
    "nil without prefix": (response(ALL.replace(DESCRIPTION, '<Description nil="true"/>')), other(Description="")),
    "empty elements": (
        response(f"{STATUS}<Description/>{HAS}<ErpOrderNo></ErpOrderNo>"),
        other(Description="", ErpOrderNo=""),
    ),
    "Description after HasErpOrderNo": (response(STATUS + HAS + DESCRIPTION + NUMBER), other(Description=None)),
    "Description left out": (response(STATUS + HAS + NUMBER), other(Description=None)),
    "ErpOrderNo before HasErpOrderNo": (response(STATUS + DESCRIPTION + NUMBER + HAS), other(HasErpOrderNo=False)),
    "ErpOrderNo left out": (response(STATUS + DESCRIPTION + HAS), other(ErpOrderNo=None)),
    "HasErpOrderNo left out": (response(STATUS + DESCRIPTION + NUMBER), other(HasErpOrderNo=False)),
    "StatusCode alone": (response(STATUS), other(Description=None, HasErpOrderNo=False, ErpOrderNo=None)),
    "other words": (response(ALL.replace("OK", " Ok\n")), other(StatusCode=" Ok\n")),
    "number with blanks": (response(ALL.replace("E1", " 007 ")), other(ErpOrderNo=" 007 ")),
    "characters": (response(ALL.replace("text", "&amp;&lt;&#229;😀")), other(Description="&<å😀")),
    "CR LF": (response(ALL.replace("text", "a\r\nb")), other(Description="a\nb")),
}


@pytest.mark.parametrize(("answer", "meant"), PARTS.values(), ids=PARTS)
def test_what_is_read_otherwise(answer: str, meant: Answer) -> None:
    assert read(answer) == meant


@pytest.mark.parametrize("text", ["true", "1", " true ", "\n true\n", "false", "0"])
def test_booleans_are_those_of_xml_schema(text: str) -> None:
    assert read(response(ALL.replace("true", text))).HasErpOrderNo is (text.strip() in {"true", "1"})


LOST = {
    "HasErpOrderNo first": HAS + STATUS + DESCRIPTION + NUMBER,
    "StatusCode last": DESCRIPTION + HAS + NUMBER + STATUS,
    "Description first": DESCRIPTION + STATUS + HAS + NUMBER,
    "alphabetical": DESCRIPTION + NUMBER + HAS + STATUS,
    "StatusCode left out": DESCRIPTION + HAS + NUMBER,
    "no members": "",
    "members in no namespace": re.sub(r"<(\w+)", r'<\1 xmlns=""', ALL),
    "StatusCode in another namespace": ALL.replace("<StatusCode", '<StatusCode xmlns="other"'),
    "StatusCode nil": ALL.replace("<StatusCode", '<StatusCode i:nil="true"'),
    "camelCase": ALL.replace("StatusCode", "statusCode"),
}


@pytest.mark.parametrize("members", LOST.values(), ids=LOST)
def test_what_loses_the_status_code(members: str) -> None:
    with pytest.raises(ValueError, match="StatusCode is lost"):
        read(response(members))


REFUSED = {
    "declaration of UTF-16 over UTF-8": HEAD.replace("utf-8", "utf-16") + response(),
    "declaration of ISO-8859-1": HEAD.replace("utf-8", "iso-8859-1") + response(),
    "declaration of US-ASCII": HEAD.replace("utf-8", "us-ascii") + response(),
    "line feed before the declaration": "\n" + HEAD + response(),
    "processing instruction between": response(STATUS + "<?a b?>" + HAS),
    "processing instruction before": '<?xml-stylesheet href="a"?>' + response(),
    "processing instruction after": response() + "<?a b?>",
    "text between": response(STATUS + "x" + HAS),
    "text before": response("x" + ALL),
    "DOCTYPE": "<!DOCTYPE OrderResponse>" + response(),
    "DOCTYPE with entities": f'<!DOCTYPE a [<!ENTITY b "OK">]>{response(ALL.replace("OK", "&b;"))}',
    "empty": "",
    "JSON": '{"StatusCode":"OK"}',
    "cut off": response()[:-5],
    "two roots": response() * 2,
    "no namespace": response().replace(f' xmlns="{names.ORDER}"', ""),
    "namespace of promotions": response().replace(names.ORDER, names.PROMOTION),
    "namespace in lower case": response().replace(names.ORDER, names.ORDER.lower()),
    "namespace with a slash": response().replace(names.ORDER, names.ORDER + "/"),
    "another root": response().replace("OrderResponse", "Response"),
    "root in camelCase": response().replace("OrderResponse", "orderResponse"),
    "wrapped": f'<CreateOrderResponse xmlns="{names.ORDER}">{response()}</CreateOrderResponse>',
    "root nil": response("").replace("<OrderResponse", '<OrderResponse i:nil="true"'),
    "prefix i not declared": response(f'{STATUS}<Description i:nil="true"/>').replace(f' xmlns:i="{names.XSI}"', ""),
    "nil in another case": response(ALL.replace("<Description", '<Description i:nil="True"')),
    "HasErpOrderNo nil": response(ALL.replace("<HasErpOrderNo", '<HasErpOrderNo i:nil="true"')),
    "HasErpOrderNo True": response(ALL.replace("true", "True")),
    "HasErpOrderNo FALSE": response(ALL.replace("true", "FALSE")),
    "HasErpOrderNo empty": response(ALL.replace("true", "")),
    "HasErpOrderNo yes": response(ALL.replace("true", "yes")),
    "control character": response(ALL.replace("text", "a\x01b")),
    "control character as a reference": response(ALL.replace("text", "a&#x1;b")),
    "element in a text": response(ALL.replace("text", "a<b/>")),
    "10 000 characters": response(ALL.replace("text", "x" * 10_000)),
    "10 000 characters somewhere": response(f"{ALL}<More>{'x' * 10_000}</More>"),
    "Description over 255 characters": response(ALL.replace("text", "x" * 256)),
    "ErpOrderNo over 50 characters": response(ALL.replace("E1", "1" * 51)),
    "invalid UTF-8": response(ALL.replace("text", "å")).encode("iso-8859-1"),
    "another type on the root": response().replace("<OrderResponse", '<OrderResponse i:type="Other"'),
    "another type on a member": response(ALL.replace("<StatusCode", f'<StatusCode {XSD} i:type="x:int"')),
    "deep": "<a>" * 100_000,
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(answer: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^(?!StatusCode is lost)"):
        read(answer)


@pytest.mark.parametrize("content_type", [XML, "application/xml", 'APPLICATION/XML;charset="UTF-8"'])
def test_the_answer_takes_the_order_over(content_type: str) -> None:
    verdict = judge(Form.XML, 200, content_type, response().encode())
    assert (verdict.outcome, verdict.erp_order_no, verdict.description) == (Outcome.TAKEN_OVER, "E1", "text")


@pytest.mark.parametrize(
    "content_type",
    [None, "text/xml", "text/plain", "application/json", "application/octet-stream", "application/soap+xml"],
)
def test_the_answer_must_be_called_xml(content_type: str | None) -> None:
    verdict = judge(Form.XML, 200, content_type, response().encode())
    assert (verdict.outcome, "not application/xml" in verdict.sentence) == (Outcome.RETRY, True)


def test_the_charset_must_be_the_right_one() -> None:
    verdict = judge(Form.XML, 200, "application/xml; charset=iso-8859-1", response().encode())
    assert "it is called iso-8859-1, and is utf-8" in verdict.sentence


def test_failed_is_final() -> None:
    answer = f"<StatusCode>Failed</StatusCode>{DESCRIPTION}<HasErpOrderNo>false</HasErpOrderNo>"
    verdict = judge(Form.XML, 200, XML, response(answer).encode())
    assert (verdict.outcome, verdict.description) == (Outcome.REFUSED, "text")


@pytest.mark.parametrize("status", [201, 202, 204, 401, 500, 503])
def test_every_other_status_is_tried_again(status: int) -> None:
    verdict = judge(Form.XML, status, XML, response().encode())
    assert (verdict.outcome, verdict.http_status) == (Outcome.RETRY, status)


@pytest.mark.parametrize("members", [ALL.replace("OK", " OK "), STATUS + NUMBER, STATUS + HAS, LOST["StatusCode last"]])
def test_what_norce_cannot_make_sense_of_is_tried_again(members: str) -> None:
    assert judge(Form.XML, 200, XML, response(members).encode()).outcome is Outcome.RETRY
