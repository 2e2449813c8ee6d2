"""The program of Cleo's tutorial "Video visualization", and what its steps take, as a line of JSON.

    cleo_tutorial.py OUT.mp4 [--ours] [--none | --no-video] [--neurons 500] [--ms 100]
                     [--publish ADDRESS] [--ffmpeg PROGRAM]

With `--ours` one line of it is another: the visualizer is `blendtorch.cleo`'s. With `--none` there
is no visualizer, and no video. Up to 1,000 neurons the network is the tutorial's; with more there
are no synapses, whose number grows with the square, and cells begin at voltages of their own, so
that as many spike. A frame is a millisecond. With `--publish` a viewer hears it meanwhile.

Processor seconds are of this process and of all it started and waited for: `simulate`, `generate`,
`save`; `calls` is what the visualizer's own steps take of `simulate`, and `threads` what threads
beside the main one do.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

import brian2.only as b2
import cleo
import matplotlib
import matplotlib.pyplot as plt
from brian2 import np
from cleo.coords import assign_coords_uniform_cylinder
from cleo.light import Light, fiber473nm
from cleo.opto import chr2_4s


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--none", action="store_true")
    parser.add_argument("--no-video", action="store_true")
    parser.add_argument("--neurons", type=int, default=500)
    parser.add_argument("--ms", type=float, default=100)
    parser.add_argument("--publish", help="where a viewer is, for ours")
    parser.add_argument("--ffmpeg", help="a program")
    return parser.parse_args()


def used():
    """Processor seconds until now."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


class Steps:
    """What each step took."""

    def __init__(self):
        self.took = {}

    def step(self, name, act):
        cpu, wall, main = used(), time.perf_counter(), time.thread_time()
        before = time.process_time()
        result = act()
        self.took[name] = used() - cpu
        self.took[name + "_wall"] = time.perf_counter() - wall
        # Of this process alone: what its other threads did meanwhile.
        self.took[name + "_threads"] = time.process_time() - before - (time.thread_time() - main)
        return result


def eif(n, name):
    ng = b2.NeuronGroup(
        n,
        """
        dv/dt = (-(v - E_L) + Delta_T*exp((v-theta)/Delta_T) + Rm*I) / tau_m : volt
        I : amp
        """,
        threshold="v>30*mV",
        reset="v=-55*mV",
        namespace={
            "tau_m": 20 * b2.ms,
            "Rm": 500 * b2.Mohm,
            "theta": -50 * b2.mV,
            "Delta_T": 2 * b2.mV,
            "E_L": -70 * b2.mV,
        },
        name=name,
    )
    ng.v = -70 * b2.mV
    return ng


def network(neurons):
    """Cells, synapses where they are few enough, and places."""
    n_e = neurons * 4 // 5
    n_i = neurons - n_e
    exc, inh = eif(n_e, "exc"), eif(n_i, "inh")
    objects = [exc, inh]
    if neurons <= 1_000:
        space = {"W": 250, "n_e": n_e, "n_i": n_i}
        s_ei = b2.Synapses(exc, inh, on_pre="v_post+=W*mV/n_e", namespace=space)
        s_ei.connect(p=0.3)
        s_ie = b2.Synapses(inh, exc, on_pre="v_post-=W*mV/n_i", namespace=space)
        s_ie.connect(p=0.3)
        s_ee = b2.Synapses(exc, exc, on_pre="v_post+=W*mV/n_e", namespace=space)
        s_ee.connect(condition="abs(i-j)<=20")
        objects += [s_ei, s_ie, s_ee]
    else:
        for group in (exc, inh):
            group.v = np.random.uniform(-70, -44, len(group)) * b2.mV
    objects += [b2.SpikeMonitor(exc), b2.SpikeMonitor(inh)]
    for group in (exc, inh):
        assign_coords_uniform_cylinder(group, xyz_start=(0, 0, 0.3), xyz_end=(0, 0, 0.4), radius=1)
    return exc, inh, b2.Network(*objects)


def timed(act, calls):
    """The same, with its processor time kept."""

    def run(*args):
        before = time.thread_time()
        result = act(*args)
        calls.append(time.thread_time() - before)
        return result

    return run


def measured(added, calls):
    """Has what the visualizer does counted: in the simulation's steps, before and after them."""
    for one in added:
        if isinstance(one, b2.NetworkOperation):
            for name in calls:
                setattr(one, name, timed(getattr(one, name), calls[name]))


def main():
    opts = options()
    if opts.ffmpeg:
        plt.rcParams["animation.ffmpeg_path"] = opts.ffmpeg
        os.environ["PATH"] = f"{Path(opts.ffmpeg).parent}{os.pathsep}{os.environ['PATH']}"
    b2.prefs.codegen.target = "numpy"
    np.random.seed(17230616)
    cleo.utilities.set_seed(17900717)
    b2.defaultclock.dt = 0.5 * b2.ms
    exc, inh, net = network(opts.neurons)
    fibers = Light(
        coords=[[0, 0, 0], [700, 0, 0]] * b2.um,
        light_model=fiber473nm(),
        max_value=30 * b2.mwatt / b2.mm2,
        save_history=True,
    )
    plotargs = {
        "colors": ["xkcd:tomato", "xkcd:cerulean blue"],
        "zlim": (0, 600),
        "scatterargs": {"s": 20},
        "axis_scale_unit": b2.um,
    }
    sim = cleo.CLSimulator(net)
    sim.inject(chr2_4s(), exc, Iopto_var_name="I")
    sim.inject(fibers, exc)
    fibers.update([5, 0] * b2.mwatt / b2.mm2)

    class OpenLoopOpto(cleo.ioproc.LatencyIOProcessor):
        def process(self, state_dict, t):
            fiber_intensities = fibers.irradiance[-1] + np.random.randn(2) * 0.5 * b2.mwatt / b2.mm2
            fiber_intensities[fiber_intensities < 0] = 0
            if t > 50 * b2.ms:
                fiber_intensities = [0, 5] * b2.mwatt / b2.mm2
            return ({"Light": fiber_intensities}, t)

    sim.set_io_processor(OpenLoopOpto(sample_period=1 * b2.ms))
    calls = {name: [] for name in ("before_run", "run", "after_run")}
    if opts.ours:
        import blendtorch.cleo

        also = {"publish": opts.publish} if opts.publish else {}
        vv = blendtorch.cleo.VideoVisualizer(dt=1 * b2.ms, devices="all", **also)
    elif not opts.none:
        vv = cleo.viz.VideoVisualizer(dt=1 * b2.ms, devices="all")
    if not opts.none:
        before = set(sim.network.objects)
        sim.inject(vv, exc, inh)
        measured(set(sim.network.objects) - before, calls)
    steps = Steps()
    steps.step("simulate", lambda: sim.run(opts.ms * b2.ms))
    steps.took |= {name: sum(took) for name, took in calls.items()}
    steps.took |= {"calls": sum(map(sum, calls.values())), "called": len(calls["run"])}
    if not opts.none and not opts.no_video:
        fibers.max_value_viz = np.max(fibers.irradiance)
        ani = steps.step("generate", lambda: vv.generate_Animation(plotargs, slowdown_factor=10))
        steps.step("save", lambda: ani.save(str(opts.out)))
        steps.took["bytes"] = opts.out.stat().st_size
    print("@@" + json.dumps(steps.took), flush=True)


if __name__ == "__main__":
    matplotlib.use("Agg")
    sys.exit(main())
