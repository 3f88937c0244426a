"""`python -m apps.sandbox --port N`: make the tables, then serve the pretend phones until SIGTERM."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m apps.sandbox", description="A pretend WhatsApp for demos and tests."
    )
    parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "8001")))
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on; the toy has no login, so loopback")
    return parser.parse_args()


def _serve(bind: str, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            settings: dict[str, Any] = {
                "bind": f"{bind}:{port}",
                "workers": 1,
                "worker_class": "gthread",
                # Every open page and every long poll holds one thread.
                "threads": 40,
                "keepalive": 30,
                "graceful_timeout": 1,
                "control_socket_disable": True,
                "post_worker_init": _after_start,
                "loglevel": "warning",
            }
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from apps.sandbox.wsgi import application

            return application

    Server().run()


def _after_start(worker: Any) -> None:
    from apps.sandbox import delivery, events

    # Streams look at this twice a second, so SIGTERM ends them instead of waiting for the browser.
    events.bus.set_stopping(lambda: not worker.alive)
    delivery.start()


def main() -> int:
    arguments = _arguments()
    if os.environ.get("SANDBOX", "") != "1":
        print("The sandbox stays off: set SANDBOX=1 to have pretend phones.")
        return 0
    os.environ["DJANGO_SETTINGS_MODULE"] = "apps.sandbox.settings"
    Path(os.environ.get("VAR_DIR", "var")).mkdir(parents=True, exist_ok=True)
    if arguments.bind not in {"127.0.0.1", "localhost", "::1"}:
        os.environ.setdefault("SANDBOX_HOSTS", "*")
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
    print(f"Pretend phones: http://{arguments.bind}:{arguments.port}/", flush=True)
    _serve(arguments.bind, arguments.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
