"""Personal identity numbers in a whole message, whatever its form and encoding."""

import pytest

from order_receiver.contract.personal import masked_message

NUMBER = "19121212-1212"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"SSN":"@"}', '{"SSN":"***"}'),
        ('{"ssn" : "@", "x": 1}', '{"ssn" : "***", "x": 1}'),
        ('{"SSN":null}', '{"SSN":null}'),
        ("<SSN>@</SSN>", "<SSN>***</SSN>"),
        ('<a:ssn i:x="1">@</a:ssn>', '<a:ssn i:x="1">***</a:ssn>'),
        ("<SSN><![CDATA[@]]></SSN>", "<SSN>***</SSN>"),
        ("<SSN>19<!-- x -->@</SSN>", "<SSN>***</SSN>"),
        ('<SSN i:nil="true"/><Line1>1</Line1>', '<SSN i:nil="true"/><Line1>1</Line1>'),
        ("<SSN></SSN><Line1>1</Line1>", "<SSN></SSN><Line1>1</Line1>"),
        ("<SSNs>1</SSNs>", "<SSNs>1</SSNs>"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_personal_number_is_masked(body: str, shown: str, encoding: str) -> None:
    assert masked_message(body.replace("@", NUMBER).encode(encoding)).removeprefix("\ufeff") == shown


def test_what_is_no_text_is_replaced() -> None:
    assert masked_message(b"\xc3(") == "\ufffd("
