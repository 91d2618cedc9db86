"""Simulated Norce for people and programs to look at: one HTML page and its JSON."""

from dataclasses import asdict

import jinja2

from order_receiver.simulator.report import build_report, counts
from order_receiver.simulator.state import NorceOrder, NorceState

NEWEST = 200

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("order_receiver.simulator"), autoescape=True, undefined=jinja2.StrictUndefined
)


def render_page(state: NorceState) -> str:
    """The page at `/`: counts, the newest orders with their stories, calls about no known order."""
    return _TEMPLATES.get_template("norce.html.j2").render(
        counts=counts(build_report(state)),
        orders=state.newest(NEWEST),
        total=len(state),
        unattributed=list(state.unattributed)[-NEWEST:],
    )


def order_json(order: NorceOrder) -> dict[str, object]:
    """One order with its story; the status by name, the total as text with its digits."""
    story = [{"at": moment.at.isoformat(), "what": moment.what} for moment in order.story]
    return asdict(order) | {"status": order.status.name, "total": str(order.total), "story": story}
