"""Few errors, each meaning one reaction. Plain Python: adapters raise them too.

Every error has a stable `code` for machines and a sentence for people that says what happened, what was kept, what to do.
"""


class RecadoError(Exception):
    """What we expected could happen. `str(error)` is a sentence that may be shown to the person who asked."""

    code = "error"

    def __init__(self, sentence: str = "", *, code: str | None = None, detail: str = "") -> None:
        super().__init__(sentence or self.__class__.__name__)
        self.code = code or self.code
        self.detail = detail
        """The other side's own code and words, for the log; never shown to an employee."""


class TryLater(RecadoError):  # noqa: N818 - one of the three reactions, named for what to do
    """Nothing is wrong with the request; ask again after `after` seconds (None: the caller's own backoff)."""

    code = "try_later"

    def __init__(
        self, sentence: str = "", *, after: float | None = None, code: str | None = None, detail: str = ""
    ) -> None:
        super().__init__(sentence, code=code, detail=detail)
        self.after = after


class Refused(RecadoError):  # noqa: N818
    """This very request will never be taken; show it to a person."""

    code = "refused"


class Misconfigured(RecadoError):  # noqa: N818
    """Nothing will go through until an operator mends the settings: pause the account and say so."""

    code = "misconfigured"


class LostAnswerError(RecadoError):
    """The request left us and no answer came: it may have happened. Never repeat it blindly."""

    code = "lost_answer"


class MoveNotAllowedError(RecadoError):
    """A state machine has no such move from the present state."""

    code = "move_not_allowed"


class NotPermittedError(RecadoError):
    """The person may not do this."""

    code = "not_permitted"


class StaleVersionError(RecadoError):
    """The thing changed after the person saw it."""

    code = "stale_version"


class InvalidInputError(RecadoError):
    """What came in cannot be used; `fields` names the wrong ones."""

    code = "invalid_input"

    def __init__(self, sentence: str = "", *, fields: dict[str, str] | None = None, code: str | None = None) -> None:
        super().__init__(sentence, code=code)
        self.fields = fields or {}
