"""`explain`, `map try`, `map compare` and `holds`: what rules, mappings and value tables make of orders, and made."""

import json
from pathlib import Path

import pytest
from tests.e2e.conftest import SHOP, Command, Installation, order_body
from tests.e2e.test_cli_orders import UNKNOWN_SHOP, at_work, change, states, unpaid
from typer.testing import CliRunner

from order_receiver.cli.main import application

ROW = {"Quantity": 1, "UnitPrice": 100, "UnitVat": 25, "VatRate": 25}

RULES = """
[targets.cards]
adapter = "folder"
outbox = "cards/outbox"
inbox = "cards/inbox"
[[routes]]
name = "gift cards"
lines = 'row.part_no.startswith("GC-")'
to = ["cards"]
[[routes]]
name = "Norwegian"
when = 'currency == "NOK"'
to = ["cards"]
[[routes]]
to = ["erp"]
"""
VALUES = """
[targets.erp.values]
"payments.method" = { table = "methods.csv" }
"""
NUMBER_FROM = """
[targets.cards]
adapter = "folder"
outbox = "cards/outbox"
inbox = "cards/inbox"
[[routes]]
to = ["erp", "cards"]
number_from = "erp"
"""


def order(reference: str, *parts: str, method: str = "card") -> bytes:
    """An order with a row of 125 for each part number."""
    return json.dumps(
        {
            "Header": {"ApplicationKey": SHOP},
            "ClientOrderRef": reference,
            "CurrencyCode": "SEK",
            "OrderType": 1,
            "Items": [{**ROW, "LineNo": number, "PartNo": part} for number, part in enumerate(parts, 1)],
            "Payments": [{"Amount": 125 * len(parts), "PaymentMethodCode": method}],
        }
    ).encode()


@pytest.fixture
def folder(installation: Installation) -> Installation:
    for name in ("outbox", "inbox"):
        (installation.base / "cards" / name).mkdir(parents=True)
    installation.configure(more=RULES)
    return installation


def test_explain_says_which_rule_takes_what(folder: Installation, command: Command) -> None:
    at_work(folder, order("100001", "ART-1", "GC-500"))
    said = command.configured("explain", "100001")
    assert said.code == 0
    assert "rule 1 (gift cards)" in said.out
    assert "GC-500" in said.out
    assert 'currency is "SEK"' in said.out or "SEK" in said.out
    assert "Goes to cards (1 of its rows)" in said.out
    assert "Goes to erp (1 of its rows, gives Norce its number)" in said.out
    told = json.loads(command.configured("explain", "100001", "--json").out)
    assert [rule["matched"] for rule in told[0]["rules"]] == [True, False, True]
    assert "no order" in command.configured("explain", "4711").err.lower()


def test_a_mapping_is_tried_on_a_stored_order_and_on_a_file(
    folder: Installation, command: Command, tmp_path: Path
) -> None:
    at_work(folder, order("100001", "ART-1", "GC-500"))
    said = command.configured("map", "try", "100001")
    assert said.code == 0
    assert "For erp (1 of its rows, gives Norce its number):" in said.out
    assert said.out.count('"reference":"100001"') == 2
    only = command.configured("map", "try", "100001", "--target", "cards")
    assert ("GC-500" in only.out, "ART-1" in only.out) == (True, False)
    assert "There is no target elsewhere" in command.configured("map", "try", "100001", "--target", "elsewhere").err
    file = tmp_path / "message.json"
    file.write_bytes(order("100009", "ART-9"))
    assert "ART-9" in command.configured("map", "try", str(file)).out
    assert "There is no file 4711 either" in command.configured("map", "try", "4711").err
    assert states(folder) == {"100001": "received"}


def test_compare_shows_what_a_change_would_do_and_sends_nothing(folder: Installation, command: Command) -> None:
    def handed_over() -> bool:
        return len(list((folder.base / "erp" / "outbox").glob("*.json"))) == 2

    at_work(
        folder, order("100001", "ART-1"), order("100002", "ART-2", method="swish"), work=True, until_true=handed_over
    )
    said = command.configured("map", "compare")
    assert (said.code, said.out.splitlines()[-1]) == (0, "2 orders compared, 0 would differ.")
    (folder.base / "methods.csv").write_text("norce;erp\ncard;C\n")
    folder.configure(more=RULES + VALUES)
    said = command.configured("map", "compare", "--last", "5")
    assert said.code == 1
    assert "2 orders compared, 2 would differ." in said.out
    assert '-   "method": "card"' in said.out
    assert '+   "method": "C"' in said.out
    assert "! erp: The order cannot be mapped" in said.out
    folder.configure(more=RULES.replace('to = ["erp"]', 'to = ["erp", "cards"]'))
    assert "+ cards would get it too" in command.configured("map", "compare").out
    assert len(list((folder.base / "cards" / "outbox").glob("*.json"))) == 0


def test_holds_are_listed_by_cause_and_released_together(folder: Installation, command: Command) -> None:
    (folder.base / "methods.csv").write_text("norce;erp\ncard;C\n")
    folder.configure(more=RULES + VALUES)
    bodies = [
        order("100001", "A", method="klarna"),
        order("100002", "A", method="klarna"),
        order("100003", "A", method="swish"),
    ]
    at_work(folder, *bodies, work=True, until_true=lambda: set(states(folder).values()) == {"missing-value"})
    said = command.configured("holds")
    lines = [line.split()[:2] for line in said.out.splitlines() if "value:" in line]
    assert lines == [["value:methods:klarna", "2"], ["value:methods:swish", "1"]]
    assert [line["orders"] for line in json.loads(command.configured("holds", "--json").out)] == [2, 1]
    said = command.configured("holds", "release", "value:methods:klarna", "--why", "the table has it")
    assert said.out == "2 orders held by value:methods:klarna: will be tried again.\n"
    assert states(folder) == {"100001": "received", "100002": "received", "100003": "missing-value"}
    assert "No order is held by value:x:y" in command.configured("holds", "release", "value:x:y").err


def handed_over(folder: Installation, count: int) -> bool:
    return folder.rows("SELECT count(*) FROM submissions WHERE submitted_at IS NOT NULL") == [(count,)]


def held(folder: Installation, *reasons: str) -> bool:
    return list(states(folder).values()) == list(reasons)


def test_what_cannot_be_tried_at_all_is_explained_too(folder: Installation, command: Command) -> None:
    strange = order("100001", "A").replace(SHOP.encode(), UNKNOWN_SHOP.encode())
    at_work(folder, strange, order("100002", "A"))
    change(folder, "UPDATE messages SET body = CAST('no order at all' AS BLOB) WHERE order_id = 2")
    at_work(folder, work=True, until_true=lambda: held(folder, "unknown-application", "unreadable"))
    said = command.configured("explain", "100001")
    assert (said.code, said.err) == (0, "")
    assert "Held: unknown-application. No application with key" in said.out
    assert f"It goes nowhere: No application with key {UNKNOWN_SHOP} is configured." in said.out
    said = command.configured("explain", "100002")
    assert said.code == 0
    assert "Held: unreadable. " in said.out
    assert "It goes nowhere: " in said.out
    assert command.configured("explain", "100002", "--json").data()[0]["targets"] == []
    for reference in ("100001", "100002"):
        said = command.configured("map", "try", reference)
        assert said.code == 1
        assert "The order goes nowhere: " in said.err


def test_a_file_that_is_no_order_is_told(folder: Installation, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "message"
    for text in ("no order", '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>'):
        file.write_text(text)
        said = command.configured("map", "try", str(file))
        assert (said.code, said.err.startswith(str(file))) == (1, True)


def test_what_holds_an_order_is_said_and_what_would(folder: Installation, command: Command) -> None:
    empty = json.loads(order("100002", "A"))
    doubtful = {**json.loads(order("100001", "A")), "DoHold": True}
    bodies = [json.dumps(doubtful).encode(), json.dumps({**empty, "Items": []}).encode(), unpaid("100003")]
    at_work(folder, *bodies)
    file = folder.base / "doubtful.json"
    file.write_bytes(bodies[0])
    said = command.configured("map", "try", str(file))
    assert "Would be held: do-hold. The web shop asks for a person to look at this order" in said.out
    said = command.configured("explain", "100003")
    assert "Order 100003, received\n" in said.out
    assert "Would be held: totals-differ. /Payments: totals-differ (" in said.out
    said = command.configured("map", "try", "100002")
    assert "Would be held: findings. Something in the message is wrong or missing." in said.out
    assert "Order 100002, received\n" in said.out
    at_work(folder, work=True, until_true=lambda: held(folder, "do-hold", "findings", "totals-differ"))
    said = command.configured("explain", "100001")
    assert "Held: do-hold. The web solution asks for a manual check" in said.out
    assert said.out.count("do-hold") == 1
    assert "Once nothing holds it, goes to erp" in said.out
    [told] = command.configured("explain", "100003", "--json").data()
    assert (told["state"], told["trouble"]) == ("received", None)
    assert json.loads(json.dumps(told["holds"]))[0]["reason"] == "totals-differ"
    assert json.loads(json.dumps(told["would_hold"]))[0]["reason"] == "totals-differ"
    assert command.configured("orders", "release", "100001").code == 0
    said = command.configured("explain", "100001")
    assert ("do-hold" in said.out, "\nGoes to erp" in said.out) == (False, True)


def test_what_would_hold_an_order_no_more_is_said(folder: Installation, command: Command) -> None:
    folder.configure(more=RULES.replace('[[routes]]\nto = ["erp"]\n', ""))
    at_work(folder, order("100001", "A"), work=True, until_true=lambda: held(folder, "no-route"))
    said = command.configured("explain", "100001")
    assert "It goes nowhere: " in said.out
    assert "Would be held" not in said.out
    folder.configure(more=RULES)
    said = command.configured("explain", "100001")
    assert "Would not be held for no-route any more: `order-receiver orders retry 100001` tries it again." in said.out
    assert "Goes to erp (all rows" in said.out


def test_one_target_s_document_goes_out_alone_and_whole(folder: Installation, command: Command) -> None:
    folder.configure(more=RULES + '[targets.erp.formats.edifact]\nsender = "1"\nrecipient = "2"\n')
    folder.configure_mapping("edifact")
    at_work(folder, order("100001", "SKRUV PÅ", method="swish"))
    assert "SKRUV PÅ" in command.configured("map", "try", "100001").out
    arguments = ["map", "try", "100001", "--target", "erp", "--config", str(folder.configuration)]
    said = CliRunner().invoke(application, arguments)
    assert said.exit_code == 0
    assert said.stdout_bytes.startswith(b"UNA:+.? 'UNB+UNOC:3")
    assert said.stdout_bytes.endswith(b"'")
    assert "SKRUV PÅ".encode("latin-1") in said.stdout_bytes
    assert "For erp (all rows, gives Norce its number):" in said.stderr
    assert "Order 100001, received" in said.stderr


def test_compare_is_read_line_by_line(folder: Installation, command: Command) -> None:
    folder.configure(more=RULES + '[targets.erp.formats.edifact]\nsender = "1"\nrecipient = "2"\n')
    folder.configure_mapping("edifact")
    at_work(folder, order("100001", "PÅ-1"), work=True, until_true=lambda: handed_over(folder, 1))
    folder.configuration.write_text(folder.configuration.read_text().replace('sender = "1"', 'sender = "99"'))
    said = command.configured("map", "compare")
    changed = [line.strip() for line in said.out.splitlines() if line.startswith(("  - ", "  + ", "  -U", "  +U"))]
    assert [line[:14] for line in changed] == ["-UNB+UNOC:3+1+", "+UNB+UNOC:3+99"]


def test_compare_has_the_orders_that_were_held_before_they_were_mapped(folder: Installation, command: Command) -> None:
    folder.configure(more=RULES.replace('[[routes]]\nto = ["erp"]\n', ""))
    bodies = [order("100001", "A"), order_body("100002", do_hold=True)]
    at_work(folder, *bodies, work=True, until_true=lambda: held(folder, "no-route", "do-hold"))
    said = command.configured("map", "compare")
    assert (said.code, said.out.splitlines()) == (0, ["2 orders compared, 0 would differ."])
    (folder.base / "methods.csv").write_text("norce;erp\nswish;S\n")
    folder.configure(more=RULES)
    said = command.configured("map", "compare")
    assert said.code == 1
    assert said.out.splitlines() == [
        "Order 100001",
        "  + It was held: no-route; it would go to erp",
        "2 orders compared, 1 would differ.",
    ]
    folder.configure(more=RULES + VALUES)
    said = command.configured("map", "compare")
    assert "! It was held: no-route; it would be held: missing-value: " in said.out


def test_compare_says_whose_number_norce_would_get(folder: Installation, command: Command) -> None:
    folder.configure(more=NUMBER_FROM)
    at_work(folder, order("100001", "A"), work=True, until_true=lambda: handed_over(folder, 2))
    assert command.configured("map", "compare").code == 0
    folder.configure(more=NUMBER_FROM.replace('number_from = "erp"', 'number_from = "cards"'))
    assert command.configured("map", "compare").out.splitlines() == [
        "Order 100001",
        "  - Norce gets the number of erp",
        "  + Norce would get the number of cards",
        "1 orders compared, 1 would differ.",
    ]


def test_a_cause_that_is_not_there_is_told_with_the_nearest(folder: Installation, command: Command) -> None:
    (folder.base / "methods.csv").write_text("norce;erp\ncard;C\n")
    folder.configure(more=RULES + VALUES)
    empty = json.dumps({**json.loads(order("100002", "A")), "Items": []}).encode()
    sent = [order("100001", "A", method="swish"), empty]
    at_work(folder, *sent, work=True, until_true=lambda: held(folder, "missing-value", "findings"))
    for wrong, right in (("value:methods:Swish", "value:methods:swish"), ("findingz", "findings")):
        said = command.configured("holds", "release", wrong)
        assert said.code == 1
        assert said.err.startswith(f"No order is held by {wrong}. Did you mean `{right}`? `order-receiver holds` lists")


def test_an_order_of_two_targets_shows_both(folder: Installation, command: Command) -> None:
    folder.configure(more=NUMBER_FROM)
    at_work(folder, order("100001", "A"), work=True, until_true=lambda: handed_over(folder, 2))
    answer = {"client_order_ref": "100001", "refused": "No such card"}
    (folder.base / "cards" / "inbox" / "1.json").write_text(json.dumps(answer))
    answer = {"client_order_ref": "100001", "erp_order_no": "SO-1"}
    (folder.base / "erp" / "inbox" / "1.json").write_text(json.dumps(answer))
    done = "SELECT count(*) FROM history WHERE event IN ('placed', 'held')"
    at_work(folder, work=True, until_true=lambda: folder.rows(done) == [(2,)])
    said = command.configured("orders", "show", "100001").out
    lines = {
        line.split()[0]: line.split()[1:] for line in said.splitlines() if line.split()[:1] in (["cards"], ["erp"])
    }
    assert lines == {"cards": ["refused", "no"], "erp": ["numbered", "SO-1", "yes"]}
    assert "Held by cards: erp-refused. " in said
    assert "Held by cards: erp-refused. " in command.configured("explain", "100001").out
    answer = {"client_order_ref": "100001", "erp_order_no": "GC-1"}
    (folder.base / "cards" / "inbox" / "2.json").write_text(json.dumps(answer))
    at_work(folder, work=True, until_true=lambda: states(folder) == {"100001": "placed"})
    said = command.configured("orders", "show", "100001").out
    assert ["cards", "numbered", "GC-1", "no"] in [line.split() for line in said.splitlines()]
