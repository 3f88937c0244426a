#!/usr/bin/env python
"""Django's command line for Recado."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["up"] and not {"--help", "-h"} & set(sys.argv):
        # A fresh machine has no secrets and no addresses yet, and settings cannot load without.
        from portal import bootstrap

        bootstrap.prepare(is_demo="--demo" in sys.argv)
    else:
        from portal.demo import notes

        notes.join()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
