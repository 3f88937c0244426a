from typing import Any

from django.db import migrations, models

CHUNK = 500


def keep_as_said(apps: Any, schema_editor: Any) -> None:
    """A reason written as a sentence stays that sentence, for every reader: which code it was, nobody can tell any more."""
    _rewrite(apps, lambda problem: [problem[0], "said", {"text": problem[1]}] if len(problem) == 2 else problem)


def say_in_words(apps: Any, schema_editor: Any) -> None:
    """Back to pairs; what was kept by code is named by it."""
    _rewrite(apps, lambda problem: [problem[0], problem[2].get("text", problem[1])] if len(problem) == 3 else problem)


def _rewrite(apps: Any, change: Any) -> None:
    rows = apps.get_model("people", "ImportRow").objects
    last = 0
    while True:
        found = list(rows.filter(pk__gt=last).exclude(problems=[]).order_by("pk").only("problems")[:CHUNK])
        if not found:
            return
        for row in found:
            row.problems = [change(problem) for problem in row.problems]
        rows.bulk_update(found, ["problems"])
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("people", "0006_planned_departures")]

    operations = [
        migrations.AlterField(
            model_name="importrow",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "not checked"), ("new", "new"), ("changed", "changed"), ("back", "back again"),
                    ("unchanged", "unchanged"), ("leaves", "leaves at once"), ("leaver", "not in the file"),
                    ("bad", "with an error"),
                ],
                default="", max_length=12, verbose_name="what it is",
            ),
        ),
        migrations.AlterField(
            model_name="importrow",
            name="problems",
            field=models.JSONField(default=list, help_text="Field, code of the reason and its values, each."),
        ),
        migrations.RunPython(keep_as_said, say_in_words),
    ]  # fmt: skip
