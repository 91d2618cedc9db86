"""Feeds the parsers with anything at all: `python -m fuzz`, or `make fuzz`.

Whatever comes in, a message is read, or refused in a plain sentence; `fuzz.examination` has the rules. libFuzzer,
through Atheris, makes up the messages, starting from those in corpus/ and led by which places of our code they reach.
The tests run the same rules over the corpus and over changes to it, without either.

A message that breaks a rule is kept in build/fuzz/. Cut it down (`python -m fuzz --only xml --shrink FILE`), put it
into corpus/ under a name that says what it is, mend the fault, and write the test that would have found it.
"""
