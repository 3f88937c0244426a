"""The way of a request as its pages show it, behind the desk and by link."""

from typing import Any

from apps.approvals import queries
from apps.approvals.models import Request
from apps.people import queries as people
from apps.people.models import Employee


def route(row: Request, reader: Employee | None, language: str) -> list[dict[str, Any]]:
    """The stages in order: `name`, `state`, `beside` (the name of the one before that it is decided together
    with), and a line per seat (who, for whom, verdict, when, reason)."""
    found = row.stage_runs.order_by("position")
    runs = list(found.prefetch_related("seats__employee", "seats__deputy_for", "seats__decision"))
    return [
        {
            "beside": queries.stage_name(runs[place - 1], language)
            if place and run.step == runs[place - 1].step
            else "",
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
