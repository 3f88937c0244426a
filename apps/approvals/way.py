"""The way of a request as its pages show it, behind the desk and by link."""

from typing import Any

from apps.approvals import queries
from apps.approvals.models import Request
from apps.people import queries as people
from apps.people.models import Employee


def route(row: Request, reader: Employee | None, language: str) -> list[dict[str, Any]]:
    """The stages in order: `name`, `state`, `is_beside` (open together with the one above), and a line per seat (who, for
    whom, verdict, when, reason)."""
    runs = row.stage_runs.order_by("position").prefetch_related(
        "seats__employee", "seats__deputy_for", "seats__decision"
    )
    steps = [run.step for run in runs]
    return [
        {
            "is_beside": place > 0 and run.step == steps[place - 1],
            "name": queries.stage_name(run, language),
            "state": run.state,
            "shown_state": run.get_state_display(),
            "seats": [
                {
                    "name": seat.employee.name,
                    "deputy_for": seat.deputy_for.name if seat.deputy_for else "",
                    "decision": getattr(seat, "decision", None),
                    "at": people.clock_time(seat.decision.at, reader) if hasattr(seat, "decision") else "",
                    "is_open": seat.is_open,
                }
                for seat in run.seats.all()
            ],
        }
        for place, run in enumerate(runs)
    ]
