"""Make every request that the product makes to Meta, once, against a server of your choice.

    python -m tests.contracts.drive http://127.0.0.1:4010/v23.0 [--without biz_opaque_callback_data ...]

The server may be a mock made from Meta's published description, which says what it dislikes. Prints one line a call and
exits 1 when any answer says that the request itself is wrong (400, 404, 405, 415, 422); what the adapter makes of a
mock's made-up answers does not matter here. `--without` drops a field from every JSON body on its way, to see whether
anything else is wrong with a request besides a field that a description does not know.
"""

import argparse
import contextlib
import sys
from collections.abc import Collection, Sequence

from apps.core.errors import RecadoError
from tests.contracts.relay import relaying
from tests.contracts.shapes import Shape, adapter, shapes

WRONG = {400, 404, 405, 415, 422}


def drive(base_url: str, wanted: Sequence[Shape], without: Collection[str] = ()) -> tuple[int, list[str]]:
    """Run the calls; returns how many requests they made, and the complaints, one line each."""
    count, complaints = 0, []
    with relaying(base_url, without) as relay:
        provider = adapter(relay.url)
        for shape in wanted:
            relay.exchanges.clear()
            with contextlib.suppress(RecadoError):
                shape.call(provider)
            statuses = [one.status for one in relay.exchanges]
            count += len(statuses)
            is_wrong = not statuses or bool(WRONG & set(statuses))
            print(f"{'WRONG' if is_wrong else 'ok':<6}{statuses} {shape.name}")
            if is_wrong:
                said = [one.answer.decode(errors="replace") for one in relay.exchanges if one.status in WRONG]
                complaints.append(f"{shape.name}: {''.join(said)[:300] or 'made no request'}")
    return count, complaints


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.drive", description="Every request to Meta, once.")
    parser.add_argument("base_url", help="with the version, like http://127.0.0.1:4010/v23.0")
    parser.add_argument("--without", nargs="*", default=[], metavar="FIELD", help="drop this field from every body")
    given = parser.parse_args(arguments)
    count, complaints = drive(given.base_url, shapes(), given.without)
    print(f"{len(shapes())} calls, {count} requests, {len(complaints)} wrong")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
