"""The messages that fuzzing starts from, and changes to them, keep to its rules."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.examination import CORPUS, MEDIA_TYPES, corpus, examine
from fuzz.mutation import mutate
from fuzz.words import words

FILES = [file for target in MEDIA_TYPES for file in corpus(target)]
WORDS = {target: [word.encode() for word in words(target)] for target in MEDIA_TYPES}
BODIES = st.sampled_from([file.read_bytes() for file in FILES])


@pytest.mark.parametrize("target", MEDIA_TYPES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_message_of_the_corpus_keeps_to_the_rules(file: Path, target: str) -> None:
    examine(target, file.read_bytes())


@pytest.mark.parametrize("target", MEDIA_TYPES)
@settings(max_examples=150)
@given(first=BODIES, second=BODIES, cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=st.integers(0, 2**32))
def test_a_changed_message_keeps_to_the_rules(
    target: str, first: bytes, second: bytes, cuts: tuple[float, float], seed: int
) -> None:
    """The start of one message and the end of another, then changed; mostly the one message is whole."""
    start, end = (round(len(body) * cut) for body, cut in zip((first, second), cuts, strict=True))
    body = first if seed % 4 else first[:start] + second[end:]
    examine(target, mutate(body, seed, WORDS[target]))


def test_the_corpus_is_small() -> None:
    assert len(FILES) <= 60
    assert sum(file.stat().st_size for file in FILES) <= 100_000
    assert {file.parent for file in FILES} == {CORPUS / target for target in MEDIA_TYPES}
