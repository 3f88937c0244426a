"""The house of pyproject's import contract holds for what an import linter cannot see: relations and migrations."""

import importlib
import tomllib
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

BASE_DIR = Path(__file__).resolve().parents[2]


def rooms() -> dict[str, int]:
    """App label to floor; 0 is the top. Read from the one place that says it."""
    config = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract for contract in config["contracts"] if contract["type"] == "layers")["layers"]
    return {name.strip(" ()"): floor for floor, layer in enumerate(layers) for name in layer.split("|")}


FLOORS = rooms()


def points_down(source: str, target: str) -> bool:
    """A room may use itself, a lower floor, and what is not ours at all."""
    return source == target or target not in FLOORS or FLOORS[target] > FLOORS[source]


def test_every_room_stands_on_a_floor() -> None:
    built = {path.parent.name for path in (BASE_DIR / "apps").glob("*/__init__.py")}
    assert built <= set(FLOORS)


def test_relations_point_down() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is not None
        if not points_down(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert wrong == []


def test_migrations_depend_on_lower_floors_only() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = [
        f"{label}.{name} -> {dependency}"
        for (label, name), migration in loader.disk_migrations.items()
        if label in FLOORS
        for dependency in [*migration.dependencies, *migration.run_before]
        if not points_down(label, dependency[0])
    ]
    assert wrong == []


def test_installed_apps_list_the_house_from_the_top_down() -> None:
    settings = importlib.import_module("portal.settings")
    floors = [FLOORS[name.removeprefix("apps.")] for name in settings.HOUSE]
    assert floors == sorted(floors)
