"""A worker's life: it serves its head until it is asked to stop.

from blendtorch.btb.worker.main import main; main()
"""

from .. import asked
from ..service import services
from .verbs import Worker


def main() -> None:
    """Registers the service `render`, and serves."""
    worker = Worker()
    services.register("render", **worker.verbs())
    try:
        asked.serve()
    finally:
        worker.leave()
