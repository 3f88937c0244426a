"""One condition over answers: {"field": key, "op": "gt", "value": 500}. Pure; approvals uses it for its stages too."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}
ORDERED = frozenset({"gt", "gte", "lt", "lte"})
YES = frozenset({"true", "yes", "1"})


def holds(condition: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether the condition is met. Empty: always. A field without an answer meets none, "is not" included: nobody is
    asked, and no stage is added, because of a question that was never put.

    >>> holds({"field": "amount", "op": "gt", "value": 500}, {"amount": "780.00"})
    True
    """
    if not condition:
        return True
    answer = answers.get(str(condition.get("field", "")))
    op = str(condition.get("op", ""))
    compare = OPS.get(op)
    if answer is None or compare is None:
        return False
    left, right = _comparable(answer, condition.get("value"))
    if op in ORDERED and type(left) is not type(right):
        return False
    try:
        return compare(left, right)
    except TypeError:
        return False


def _comparable(answer: Any, value: Any) -> tuple[Any, Any]:
    """Both sides as the same sort of thing: truth, number, else text (ISO dates compare rightly as text)."""
    if isinstance(answer, bool):
        return answer, value if isinstance(value, bool) else str(value).strip().casefold() in YES
    left, right = _number(answer), _number(value)
    if left is not None and right is not None:
        return left, right
    if left is not None or right is not None:
        return (str(answer) if left is None else left), (str(value) if right is None else right)
    if isinstance(answer, str | int | float | Decimal):
        return str(answer).casefold(), str(value).casefold()
    return answer, value


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
