"""What commands print is what the store says, whatever it looks like to a terminal library."""

import pytest

from order_receiver.cli import output


def test_nothing_that_an_order_says_is_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    strange = "value:x:y [red]not red[/red] [/]"
    output.print_table("Orders [bold]", ("Reference", "Why"), [(strange, strange)])
    output.fail(strange)
    said = capsys.readouterr()
    assert said.out.count(strange) == 2
    assert "Orders [bold]" in said.out
    assert said.err == strange + "\n"
