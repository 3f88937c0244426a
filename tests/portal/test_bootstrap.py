"""What `up` prepares before Django's settings can load."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal import bootstrap, places


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PORT", "SANDBOX_PORT", "BASE_URL", "SANDBOX_URL", "DATABASE_URL",
                 "REDIS_URL", "RESET", "BIND", "SANDBOX", "COMPANY_NAME"):  # fmt: skip
        # Set first, so that what `prepare` puts there is taken away again.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def test_the_first_run_writes_secrets_for_its_owner_alone(fresh: Path) -> None:
    bootstrap.prepare(is_demo=False)
    assert stat.S_IMODE((fresh / ".env").stat().st_mode) == 0o600
    assert len(os.environ["SECRET_KEY"]) >= 64
    assert os.environ["ENCRYPTION_KEYS"]


def test_the_second_run_keeps_the_secrets_of_the_first(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.prepare(is_demo=False)
    first = (fresh / ".env").read_text()
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PORT", "SANDBOX_PORT"):
        monkeypatch.delenv(name)
    bootstrap.prepare(is_demo=False)
    assert (fresh / ".env").read_text() == first


def test_a_secret_of_the_real_environment_is_not_written_down(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "from the vault")
    bootstrap.prepare(is_demo=False)
    assert "SECRET_KEY" not in (fresh / ".env").read_text()
    assert os.environ["SECRET_KEY"] == "from the vault"


def test_what_an_operator_wrote_into_the_file_stays(fresh: Path) -> None:
    fresh.mkdir()
    (fresh / ".env").write_text("COMPANY_NAME=Aurora\nSECRET_KEY=mine\n")
    bootstrap.prepare(is_demo=False)
    text = (fresh / ".env").read_text()
    assert text.startswith("COMPANY_NAME=Aurora\nSECRET_KEY=mine\n")
    assert "ENCRYPTION_KEYS=" in text


def test_a_demo_speaks_as_the_bakery_unless_it_is_told_another_name(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.prepare(is_demo=False)
    assert "COMPANY_NAME" not in os.environ
    bootstrap.prepare(is_demo=True)
    assert os.environ["COMPANY_NAME"] == "Padaria Aurora"
    monkeypatch.setenv("COMPANY_NAME", "Mine")
    bootstrap.prepare(is_demo=True)
    assert os.environ["COMPANY_NAME"] == "Mine"


def test_taken_ports_are_stepped_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert not bootstrap.is_free(taken)
        assert bootstrap.free_port(taken, set()) != taken


def test_two_that_start_together_do_not_choose_one_port(fresh: Path) -> None:
    """Both look before either listens."""
    first = bootstrap.free_port(20_000, set())
    look = f"from portal import bootstrap; print(bootstrap.free_port({first}, set()))"
    assert int(subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout) > first
    assert bootstrap.free_port(first, set()) == first


def test_a_chosen_port_that_is_taken_is_refused_with_another_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("PORT", str(server.getsockname()[1]))
        with pytest.raises(SystemExit, match=r"is taken. Choose another: PORT=\d+"):
            bootstrap.choose_ports()


def test_a_chosen_port_that_another_is_about_to_take_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the port, and does not listen yet: Granian would share it with ours."""
    hold = "import sys; from portal import bootstrap; print(bootstrap.free_port(21_000, set()), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        held = other.stdout.readline().strip()
        monkeypatch.setenv("PORT", held)
        with pytest.raises(SystemExit, match=rf"{held} .* Choose another: PORT=(?!{held})\d+"):
            bootstrap.choose_ports()


def test_one_port_cannot_be_chosen_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(bootstrap.free_port(22_000, set()))
    monkeypatch.setenv("PORT", port)
    monkeypatch.setenv("SANDBOX_PORT", port)
    with pytest.raises(SystemExit, match=rf"Choose another: SANDBOX_PORT=(?!{port})\d+"):
        bootstrap.choose_ports()


def test_reset_forgets_what_recado_left_and_nothing_else(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.mkdir()
    for name in ("recado.sqlite3", "clock", "somebody's notes.txt"):
        (fresh / name).write_text("")
    monkeypatch.setenv("RESET", "1")
    bootstrap.prepare(is_demo=False)
    assert not (fresh / "recado.sqlite3").exists()
    assert not (fresh / "clock").exists()
    assert (fresh / "somebody's notes.txt").exists()


def test_reset_refuses_to_touch_somebody_elses_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESET", "1")
    monkeypatch.setenv("DATABASE_URL", "postgres://example/recado")
    with pytest.raises(SystemExit, match="empty that database yourself"):
        bootstrap.prepare(is_demo=False)


def test_a_long_folder_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 90)
    path = places.valkey_socket(deep)
    assert len(os.fsencode(path)) <= places.LONGEST_SOCKET_PATH
    assert path == places.valkey_socket(deep)
    assert path != places.valkey_socket(tmp_path / ("b" * 90))
