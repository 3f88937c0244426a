"""An import's way: from the file to the people in it."""

from apps.core.machine import Machine, Move

IMPORT = Machine(
    name_columns=Move.of({"uploaded", "mapped", "previewed"}, "mapped", "import.mapped"),
    show=Move.of({"mapped"}, "previewed", "import.previewed"),
    apply=Move.of({"previewed"}, "applying", "import.started"),
    finish=Move.of({"applying"}, "done", "import.done"),
    cancel=Move.of({"uploaded", "mapped", "previewed", "applying"}, "cancelled", "import.cancelled"),
    fail=Move.of({"mapped", "applying"}, "failed", "import.failed"),
)
