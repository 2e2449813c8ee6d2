"""Runs a configuration by BMTK's PointNet, as its guide says.

bmtk_run.py CONFIG
"""

import sys

from bmtk.simulator import pointnet


def run(config_path: str) -> None:
    """Loads, builds, runs."""
    config = pointnet.Config.from_json(config_path)
    config.build_env()
    network = pointnet.PointNetwork.from_config(config)
    sim = pointnet.PointSimulator.from_config(config, network)
    sim.run()


if __name__ == "__main__":
    run(sys.argv[-1])
