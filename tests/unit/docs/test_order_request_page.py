"""The page of the OrderRequest has every member, each with a sentence of its own."""

import msgspec
import pytest
from tools.reference_pages import SENTENCES, fitting, names, order_request, reached

from order_receiver.contract.request import Message


def structs_below(kind: type[Message]) -> set[type[Message]]:
    """All message Structs that the contract's module defines, found another way than the page does."""
    own = {each for each in kind.__subclasses__() if each.__module__ == kind.__module__}
    return own.union(*(structs_below(each) for each in own))


def test_every_struct_is_reached() -> None:
    assert set(reached()) == structs_below(Message)


def test_every_member_has_a_row() -> None:
    page = order_request()
    for struct in reached():
        section = page.partition(f"## {struct.__name__}\n")[2].partition("\n## ")[0]
        rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert rows == names(struct)
        assert set(rows) >= set(struct.__struct_fields__)


def test_sentences_and_members_must_fit() -> None:
    known = {"Address": ["Line1", "City"]}
    assert fitting({"Address": {"Line1": "A.", "City": "B."}}, known)
    with pytest.raises(ValueError, match=r"Address\.City has no sentence; Address\.Town is no member"):
        fitting({"Address": {"Line1": "A.", "Town": "B."}}, known)
    with pytest.raises(ValueError, match=r"Adress\.Line1 is no member"):
        fitting({"Address": {"Line1": "A.", "City": "B."}, "Adress": {"Line1": "A."}}, known)


def test_each_sentence_is_one_cell_of_plain_text() -> None:
    said = msgspec.toml.decode(SENTENCES.read_bytes(), type=dict[str, dict[str, str]])
    sentences = [sentence for struct in said.values() for sentence in struct.values()]
    assert not [each for each in sentences if not each.endswith(".") or "\n" in each or "|" in each]
