"""A request's way, and a stage's. Moves of a request change its version: buttons of before no longer count."""

from apps.core.machine import Machine, Move

REQUEST = Machine(
    approve=Move.of({"open"}, "approved", "request.approved"),
    reject=Move.of({"open"}, "rejected", "request.rejected"),
    withdraw=Move.of({"open", "stuck"}, "withdrawn", "request.withdrawn"),
    expire=Move.of({"open", "stuck"}, "expired", "request.expired"),
    get_stuck=Move.of({"open"}, "stuck", "request.stuck"),
    try_again=Move.of({"stuck"}, "open", "request.resumed"),
)

STAGE = Machine(
    open=Move.of({"waiting"}, "open", "stage.opened"),
    approve=Move.of({"open"}, "approved", "stage.approved"),
    reject=Move.of({"open"}, "rejected", "stage.rejected"),
    skip=Move.of({"waiting", "open"}, "skipped", "stage.skipped"),
)
