"""The original's way of streaming: pyzmq, pickle, torch's default_collate, num_workers=0.

    baseline.py producer --address A --items N
    baseline.py consumer --items N --addresses A...

Written anew from what the original does (PUSH binds, PULL connects, one pickle a message); it
prints a line of JSON as the bench's own roles do.
"""

import argparse
import json
import time


def produce(address: str, items: int) -> None:
    import numpy as np
    import zmq

    socket = zmq.Context().socket(zmq.PUSH)
    socket.setsockopt(zmq.SNDHWM, 10)
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.bind(address)
    image = np.full((480, 640, 4), 127, dtype=np.uint8)
    imported = time.process_time()  # what imports take is not for the images
    for frame in range(items):
        socket.send_pyobj({"btid": 0, "image": image, "frameid": frame})
    socket.close(linger=60_000)
    print(json.dumps({"cpu": time.process_time() - imported}))


def consume(addresses: list[str], items: int) -> None:
    import zmq
    from torch.utils.data import DataLoader, IterableDataset

    class Stream(IterableDataset):
        def __iter__(self):
            socket = zmq.Context.instance().socket(zmq.PULL)
            socket.setsockopt(zmq.RCVHWM, 10)
            for address in addresses:
                socket.connect(address)
            for _ in range(items):
                yield socket.recv_pyobj()

    batches = iter(DataLoader(Stream(), batch_size=8, num_workers=0))
    next(batches)
    start, imported = time.perf_counter(), time.process_time()
    images = sum(len(batch["image"]) for batch in batches)
    rate = images / (time.perf_counter() - start)
    print(json.dumps({"cpu": time.process_time() - imported, "images_per_second": rate}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["producer", "consumer"])
    parser.add_argument("--address")
    parser.add_argument("--addresses", nargs="+")
    parser.add_argument("--items", type=int, required=True)
    args = parser.parse_args()
    if args.role == "producer":
        produce(args.address, args.items)
    else:
        consume(args.addresses, args.items)


if __name__ == "__main__":
    main()
