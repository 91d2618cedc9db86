import pytest

from order_receiver.targets.adapter import UpdateKind
from order_receiver.targets.files.answers import Answer, Unreadable, read_answer

GUID = "123E4567-E89B-12D3-A456-426614174000"


def test_a_key_and_a_number() -> None:
    update = read_answer(Answer(key="k-1", erp_order_no=" 4711 "), "a.json")
    assert (update.submission_key, update.kind, update.erp_order_no) == ("k-1", UpdateKind.CONFIRMED, "4711")
    assert (update.source, update.reason, update.client_order_ref) == ("a.json", None, None)


def test_a_number_without_quotes() -> None:
    assert read_answer(Answer(key="k-1", erp_order_no=4711), "a.json").erp_order_no == "4711"


def test_a_refusal() -> None:
    update = read_answer(Answer(key="k-1", refused="Unknown customer"), "a.json")
    assert (update.kind, update.reason, update.erp_order_no) == (UpdateKind.REFUSED, "Unknown customer", None)


def test_the_key_is_made_from_application_key_and_reference() -> None:
    update = read_answer(Answer(client_order_ref=100001, application_key=GUID, erp_order_no="1"), "a.json")
    assert update.submission_key == f"{GUID.lower()}-100001"
    assert update.client_order_ref == "100001"


@pytest.mark.parametrize("written", [f" {{{GUID}}} ", GUID.replace("-", "")])
def test_an_application_key_is_known_in_every_form_of_a_guid(written: str) -> None:
    update = read_answer(Answer(client_order_ref="100001", application_key=written, erp_order_no="1"), "a.json")
    assert update.submission_key == f"{GUID.lower()}-100001"


def test_a_blank_application_key_is_none() -> None:
    update = read_answer(Answer(client_order_ref="100001", application_key=" ", erp_order_no="1"), "a.json")
    assert (update.submission_key, update.client_order_ref) == (None, "100001")


def test_a_reference_alone_is_handed_on() -> None:
    update = read_answer(Answer(client_order_ref="100001", erp_order_no="1"), "a.json")
    assert (update.submission_key, update.client_order_ref) == (None, "100001")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(erp_order_no="1"), 'name the order: "key"'),
        (Answer(client_order_ref=" ", erp_order_no="1"), 'name the order: "key"'),
        (Answer(key="k-1"), "must have one of"),
        (Answer(key="k-1", erp_order_no="  "), "must have one of"),
        (Answer(key="k-1", erp_order_no="1", refused="no"), "and not both"),
        (Answer(key="k-1", erp_order_no="1" * 51), "has 51 characters; Norce takes 50"),
        (Answer(key="k-1", erp_order_no="1\n2"), "cannot be printed"),
    ],
)
def test_what_an_answer_must_say(answer: Answer, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_answer(answer, "a.json")
