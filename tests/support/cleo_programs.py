"""Where Cleo is, and a simulation with it: run in a Python of its own, as it brings its own numpy.

`make checked` makes that Python; without it, and where `BLENDTORCH_CLEO_PYTHON` names none, tests
are skipped, and the end says so; where runtimes are required it is an error.
"""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from support.runtimes import cache_folder
from support.untested import untested

MARK = "@@"

PRELUDE = """
import json, sys
import brian2.only as b2
from brian2 import np
import cleo
from cleo.coords import assign_coords_uniform_cylinder
from cleo.light import Light, fiber473nm
from cleo.opto import chr2_4s
import blendtorch.cleo

b2.prefs.codegen.target = "numpy"
np.random.seed(17230616)
cleo.utilities.set_seed(17900717)
b2.defaultclock.dt = 0.5 * b2.ms

def report(**values):
    print("@@" + json.dumps(values, default=lambda v: np.asarray(v).tolist()), flush=True)

# Cells that spike when a table says so: (cell, ms).
def told(table, n=5, name="exc"):
    cells, times = zip(*table)
    ng = b2.SpikeGeneratorGroup(n, cells, times * b2.ms, name=name)
    return ng

def eif(n, name):
    ng = b2.NeuronGroup(
        n,
        "dv/dt = (-(v + 70*mV) + 2*mV*exp((v+50*mV)/(2*mV)) + 500*Mohm*I) / (20*ms) : volt\\n"
        "I : amp",
        threshold="v>30*mV", reset="v=-55*mV", name=name, method="euler",
    )
    ng.v = -70 * b2.mV
    return ng

def cells(n=20, name="exc"):
    ng = eif(n, name)
    assign_coords_uniform_cylinder(ng, xyz_start=(0, 0, 0.3), xyz_end=(0, 0, 0.4), radius=1)
    return ng

def fibers():
    return Light(coords=[[0, 0, 0], [700, 0, 0]] * b2.um, light_model=fiber473nm(),
                 max_value=30 * b2.mwatt / b2.mm2, name="fibers")

class Ramp(cleo.ioproc.LatencyIOProcessor):
    def process(self, state_dict, t):
        return {"fibers": [t / b2.ms, 1] * b2.mwatt / b2.mm2}, t
"""


def cleo_python() -> str:
    """The Python that has Cleo; without one the test is skipped."""
    given = os.environ.get("BLENDTORCH_CLEO_PYTHON")
    python = Path(given) if given else cache_folder() / "peers/cleo/bin/python"
    if not python.exists():
        if given:
            raise FileNotFoundError(f"BLENDTORCH_CLEO_PYTHON is {given}, which is not there")
        untested("Cleo's visualizer: there is no Python with Cleo, `make checked` sets one up")
    return str(python)


def environment() -> dict[str, str]:
    """Where that Python finds the package that is tested, and nothing else of this one's: where it
    is installed among others, that is the copy for Blenders."""
    import blendtorch

    package = Path(next(iter(blendtorch.__path__))).parent
    installed = package == Path(sysconfig.get_path("purelib"))
    folder = cache_folder() / "blender-packages" if installed else package
    return {**os.environ, "PYTHONPATH": str(folder), "MPLBACKEND": "Agg"}


def run(code: str, *args: str) -> dict[str, Any]:
    """What a program reports; fails with its output where it does not end well."""
    done = start(code, *args)
    out, err = done.communicate(timeout=300)
    lines = [line for line in out.splitlines() if line.startswith(MARK)]
    assert done.returncode == 0 and lines, f"exit {done.returncode}\n{out}\n{err}"
    values: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
    return values


def start(code: str, *args: str) -> subprocess.Popen[str]:
    """Such a program, running."""
    return subprocess.Popen(
        [cleo_python(), "-c", PRELUDE + code, *args],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
