"""`answers`: the answer policy, as it is."""

from order_receiver.cli.common import AsJson
from order_receiver.cli.output import print_json, print_table
from order_receiver.door.answers import POLICY


def answers(as_json: AsJson = False) -> None:
    """Print what the door answers in each situation, and what Norce does then."""
    rows = [
        {
            "situation": answer.situation.value,
            "http": answer.http,
            "status_code": answer.code.value if answer.code else None,
            "description": answer.description,
            "retry_after": answer.retry_after,
            "norce": answer.at_norce.value,
        }
        for answer in POLICY.values()
    ]
    if as_json:
        print_json(rows)
        return
    columns = ("Situation", "HTTP", "StatusCode", "Norce", "Description")
    print_table(
        "What the door answers",
        columns,
        [
            [
                str(row["situation"]),
                str(row["http"]),
                str(row["status_code"] or "-"),
                str(row["norce"]),
                str(row["description"]),
            ]
            for row in rows
        ],
    )
