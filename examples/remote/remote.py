"""A consumer on another machine than the renderers: shows what comes from each, says who is silent,
and goes on when they come back.

renderer$ blendtorch-launch examples/remote/launch.json
trainer$  python examples/remote/remote.py tcp://192.168.1.7:11400 tcp://192.168.1.7:11401
"""

import argparse
import time
from collections import Counter

from blendtorch import btt


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes a stream from another machine")
    parser.add_argument("addresses", nargs="*", help="by default those in the launch info")
    parser.add_argument("--launch-info", default="launch_info.json", metavar="FILE")
    parser.add_argument("--items", type=int, default=100000, help="end after so many")
    parser.add_argument("--timeout", type=float, default=5, help="seconds until silence is told")
    parser.add_argument("--give-up", type=float, default=300, help="seconds until it is an error")
    args = parser.parse_args()

    print("taking from", ", ".join(args.addresses) or args.launch_info, flush=True)
    dataset = btt.RemoteIterableDataset(
        # A launch info need not be there yet: instances come, go, and come back elsewhere.
        args.addresses or btt.Following(args.launch_info),
        max_items=args.items,
        timeoutms=round(args.timeout * 1000),
    )
    items, counts = iter(dataset), Counter[int]()
    last = shown = time.monotonic()
    while True:
        try:
            item = next(items)
        except StopIteration:
            break
        except TimeoutError as error:
            # Who is away may come back: the sockets connect again by themselves.
            print(error, flush=True)
            if time.monotonic() - last >= args.give_up:
                raise SystemExit(f"nothing has come for {args.give_up:g} s") from None
            continue
        last = time.monotonic()
        counts[item["btid"]] += 1
        # A training step would be here.
        if last - shown >= 1:
            print(each(counts), flush=True)
            shown = last
    # No other epoch follows: what is on its way is counted.
    dataset.close()
    stats = dataset.stats()
    print(each(counts))
    print(
        f"the stream has ended: {counts.total()} items, {stats['missing']} missing, "
        f"{stats['duplicated']} duplicated, {stats['discarded']} not taken any more"
    )


def each(counts: Counter[int]) -> str:
    return ", ".join(f"instance {i}: {n} items" for i, n in sorted(counts.items()))


if __name__ == "__main__":
    main()
