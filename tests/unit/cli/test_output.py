"""What commands print is what the store says, whatever it looks like to a terminal library."""

from collections import Counter

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


@pytest.mark.parametrize("width", [80, 60])
def test_a_table_loses_nothing_where_it_is_too_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(output.console, "width", width)
    columns = ("ClientOrderRef", "Received", "State", "Held for", "ERP number", "Why")
    row = (
        *("value:payment-methods:klarna-pay-later-" + "x" * 60, "2026-11-22 06:50:12", "received", "totals-differ"),
        *("SO-2026-0001", "The payments and the rows differ: compare them, then release the order."),
    )
    output.print_table("Orders", columns, [row])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    seen, wanted = Counter("".join(lines)), Counter("".join(("Orders", *columns, *row)))
    assert {sign: seen[sign] for sign in wanted if sign != " "} == {
        sign: count for sign, count in wanted.items() if sign != " "
    }
