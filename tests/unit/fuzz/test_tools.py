"""What the fuzzer works with: changes, words, cutting down."""

import json
import re
from functools import partial

import pytest
from lxml import etree

from fuzz.examination import require_told
from fuzz.mutation import mutate
from fuzz.shrinking import fault_of, shrink
from fuzz.words import dictionary, words

XML = b"<a><b>1</b><c><d/></c></a>"
JSON = b'{"a":[1,{"b":"x"}],"c":null}'
WORDS = (b"1", b"x")


def test_the_same_seed_makes_the_same_change() -> None:
    assert [mutate(XML, seed, WORDS) for seed in range(50)] == [mutate(XML, seed, WORDS) for seed in range(50)]
    assert len({mutate(XML, seed, WORDS) for seed in range(50)}) > 30


def test_elements_are_renamed_at_both_ends() -> None:
    assert b"<a><x>1</x><c><d/></c></a>" in {mutate(XML, seed, WORDS) for seed in range(2_000)}


@pytest.mark.parametrize("body", [b"", b"<", b"\xff\x00", b'"'])
def test_anything_can_be_changed(body: bytes) -> None:
    for seed in range(200):
        mutate(body, seed, WORDS)


def test_many_changes_leave_a_message_well_formed() -> None:
    def is_xml(body: bytes) -> bool:
        try:
            etree.fromstring(body)
        except etree.XMLSyntaxError:
            return False
        return True

    def is_json(body: bytes) -> bool:
        try:
            json.loads(body)
        except ValueError:
            return False
        return True

    assert sum(is_xml(mutate(XML, seed, WORDS)) for seed in range(400)) > 60
    assert sum(is_json(mutate(JSON, seed, WORDS)) for seed in range(400)) > 60


@pytest.mark.parametrize("target", ["json", "xml"])
def test_the_dictionary_is_as_the_fuzzer_reads_it(target: str) -> None:
    lines = dictionary(target).splitlines()
    assert len(lines) == len(words(target)) > 100
    assert all(re.fullmatch(r'"(?:[ !#-\[\]-~]|\\x[0-9A-F]{2})+"', line) for line in lines)


def test_words_are_those_of_the_contract() -> None:
    assert {'"ClientOrderRef"', '"SSN"', "null"} <= set(words("json"))
    assert {"<OrderItem>", "</Pricelist>", "<PricelistCode>", "<![CDATA["} <= set(words("xml"))


def test_a_sound_message_is_not_cut_down() -> None:
    assert shrink(JSON, partial(fault_of, "json")) is None


def test_a_message_is_cut_down_to_its_fault() -> None:
    smaller = shrink(XML, lambda body: "both" if b"<d/>" in body and b"1" in body else None)
    assert smaller == b"1<d/>"


@pytest.mark.parametrize(
    ("said", "rule"), [("x" * 2_000, "2000 characters"), ("two\nlines", "control"), ("\x85", "control")]
)
def test_what_floods_a_page_or_forges_a_line_breaks_a_rule(said: str, rule: str) -> None:
    with pytest.raises(AssertionError, match=rule):
        require_told(said)
