"""Our VideoVisualizer in simulations with the real Cleo and Brian2."""

import json

import numpy as np
import pytest
from blendtorch.btb.network.live import LiveView, Shown
from support import cleo_programs

SIMULATION = """
exc, inh = cells(), cells(5, "inh")
mon = b2.SpikeMonitor(exc)
net = b2.Network(exc, inh, mon)
light = fibers()
sim = cleo.CLSimulator(net)
sim.inject(chr2_4s(), exc, Iopto_var_name="I")
sim.inject(light, exc)
sim.set_io_processor(Ramp(sample_period=1 * b2.ms))
exc.v = np.linspace(-70, -45, 20) * b2.mV
inh.v = np.linspace(-70, -45, 5) * b2.mV
vv = blendtorch.cleo.VideoVisualizer(dt=1 * b2.ms, devices="all", **more)
sim.inject(vv, exc, inh)
"""

INTERVALS = """
recording = vv.recording
intervals = [[recording.spikes(k, g).tolist() for g in (0, 1)] for k in range(len(recording))]
spikes = [[] for _ in intervals]
for cell, t in zip(mon.i, mon.t / b2.ms):
    spikes[int(t + 1e-6)].append(int(cell))
"""


def test_each_spike_and_each_value_is_in_its_interval() -> None:
    told = cleo_programs.run(
        "more = {}" + SIMULATION + "sim.run(40.5 * b2.ms)" + INTERVALS + "\n"
        "light = recording.series('fibers')\n"
        "report(ours=[one[0] for one in intervals], brians=spikes, light=light)"
    )
    assert len(told["ours"]) == 41, "the last one, which has half a millisecond, too"
    assert sum(map(len, told["ours"])) > 10 and told["ours"][40] == told["brians"][40]
    assert [sorted(one) for one in told["ours"]] == [sorted(one) for one in told["brians"]]
    # The processor sets at t what holds from t on, and a light's limit is 30.
    np.testing.assert_allclose(
        np.asarray(told["light"])[:, 0], np.minimum(np.arange(41), 30), atol=1e-5
    )


def test_pieces_a_restore_and_a_reset_are_one_recording_each() -> None:
    told = cleo_programs.run(
        "more = {}" + SIMULATION + "sim.network.store('before')\n"
        "sim.run(10 * b2.ms); sim.run(10.5 * b2.ms); sim.run(9.5 * b2.ms)" + INTERVALS + "\n"
        "pieces, whole = [one[0] for one in intervals], spikes\n"
        "sim.network.restore('before'); sim.run(12 * b2.ms)" + INTERVALS + "\n"
        "again = [one[0] for one in intervals]\n"
        "sim.reset(); empty = len(vv.recording); sim.run(5 * b2.ms)\n"
        "report(pieces=pieces, brians=whole, again=again, empty=empty, reset=len(vv.recording))"
    )
    assert [sorted(one) for one in told["pieces"]] == [sorted(one) for one in told["brians"]]
    assert len(told["pieces"]) == 30 and told["again"] == told["pieces"][:12]
    assert (told["empty"], told["reset"]) == (0, 5)


def test_the_video_is_described_with_what_the_tutorial_says(tmp_path: object) -> None:
    told = cleo_programs.run(
        "more = {}"
        + SIMULATION
        + """
sim.run(20 * b2.ms)
light.max_value_viz = np.max(light.irradiance)
ani = vv.generate_Animation({
    "colors": ["xkcd:tomato", "xkcd:cerulean blue"], "zlim": (0, 600),
    "scatterargs": {"s": 20}, "axis_scale_unit": b2.um,
}, slowdown_factor=10)
folder = sys.argv[1]
scene = json.loads(ani.describe(folder).read_text())
report(scene=scene, frames=ani.frames, fps=ani.fps, most=float(light.max_value_viz) / 1e3)
""",
        str(tmp_path),
    )
    scene = told["scene"]
    assert (told["frames"], told["fps"]) == (20, 100.0)
    # Cleo's golden colours, and the fibre of its own fiber473nm.
    tomato = [0.9372549019607843, 0.25098039215686274, 0.14901960784313725, 1.0]
    assert scene["populations"]["exc"]["color"] == tomato
    (light,) = scene["devices"]
    assert light["model"] == pytest.approx(
        {"model": "fiber", "r0": 100.0, "na": 0.37, "k": 0.125, "s": 7.37, "ntis": 1.36}
    )
    assert light["max_value"] == pytest.approx(told["most"])
    np.testing.assert_allclose(light["coords"], [[0, 0, 0], [700, 0, 0]], atol=1e-9)
    assert scene["camera"] == {"elevation": 30.0, "azimuth": 60.0, "up": "-z"}


def test_recorders_do_not_stop_a_video() -> None:
    """In Cleo `devices="all"` with any recorder fails at the first frame."""
    told = cleo_programs.run("""
from cleo.ephys import Probe, MultiUnitActivity, linear_shank_coords
exc = cells()
sim = cleo.CLSimulator(b2.Network(exc))
probe = Probe(linear_shank_coords(300 * b2.um, 8), signals=[MultiUnitActivity()])
sim.inject(probe, exc)
light = fibers()
sim.inject(light, exc)
vv = blendtorch.cleo.VideoVisualizer(devices="all")
sim.inject(vv, exc)
sim.run(3 * b2.ms)
ani = vv.generate_Animation({})
report(devices={name: one["kind"] for name, one in vv.recording.devices.items()},
       contacts=len(vv.recording.devices["Probe"]["coords"]), frames=ani.frames,
       most=vv.recording.devices["fibers"]["max_value"])
""")
    assert told["devices"] == {"Probe": "probe", "fibers": "light"}
    assert (told["contacts"], told["frames"], told["most"]) == (8, 3, pytest.approx(30.0))


def test_what_cannot_be_shown_is_said_when_it_is_injected() -> None:
    told = cleo_programs.run("""
def said(act):
    try: act()
    except Exception as error: return f"{type(error).__name__}: {error}"
exc, bare = cells(), eif(3, "bare")
sim = cleo.CLSimulator(b2.Network(exc, bare))
V = blendtorch.cleo.VideoVisualizer
first = V(name="first")
report(
    bare=said(lambda: sim.inject(first, bare)),
    all=said(lambda: sim.inject(V(devices="al", name="second"), exc)),
    device=said(lambda: sim.inject(V(devices=[exc], name="third"), exc)),
    early=said(lambda: (sim.inject(vv := V(name="fourth"), exc), vv.generate_Animation({}))),
)
""")
    assert "bare has no x: assign coordinates" in told["bare"]
    assert told["all"].startswith("ValueError: devices is 'al'; give \"all\"")
    assert told["device"].startswith("TypeError: a device, or a pair")
    assert told["early"].startswith("ValueError: nothing was simulated")


def test_where_nobody_waits_each_interval_is_sent_too_also_by_one_that_fails() -> None:
    """Intervals are handed over together: what was simulated last goes with the end."""
    intervals, spikes = 0, 0
    with LiveView("tcp://127.0.0.1:0", canvas=lambda shown: None) as view:
        program = cleo_programs.start(
            "more = dict(publish=sys.argv[1], await_viewers=60)"
            + SIMULATION
            + "def fail():\n    raise ArithmeticError('no more')\n"
            "sim.run(20 * b2.ms); report(spikes=len(vv.recording.trains(0)[0]))\n"
            "net.add(b2.NetworkOperation(fail, clock=b2.Clock(35 * b2.ms), when='end'))\n"
            "sim.run(50 * b2.ms)",
            view.address,
        )
        for shown in view.session(120_000):
            intervals += shown.intervals
            spikes += shown.spikes.get("exc", 0)
            last = shown.stop_ms
        out, err = program.communicate(timeout=120)
    assert view.ended is not None and "no more" in str(view.ended.reason), (view.ended, err)
    assert (intervals, last) == (35, 35.0)
    assert spikes >= json.loads(out.splitlines()[-1].removeprefix(cleo_programs.MARK))["spikes"] > 0


@pytest.mark.parametrize("fails", [False, True])
def test_it_is_seen_while_it_runs(fails: bool) -> None:
    shown: list[tuple[int, dict[str, int], list[float]]] = []

    def canvas(one: Shown) -> None:
        shown.append((one.step, dict(one.spikes), one.devices["fibers"].tolist()))

    with LiveView("tcp://127.0.0.1:0", canvas=canvas) as view:
        end = (
            "def fail():\n    raise ArithmeticError('no more')\n"
            "net.add(b2.NetworkOperation(fail, dt=1 * b2.ms, when='end'))\n"
            "sim.run(5 * b2.ms)"
            if fails
            else "vv.close(); report(counts=counts, spikes=np.bincount((mon.t / b2.ms + 1e-6)"
            ".astype(int), minlength=20))"
        )
        program = cleo_programs.start(
            "more = dict(publish=sys.argv[1], policy='slow', plotargs={'zlim': (0, 600)})"
            + SIMULATION
            + "sim.run(20 * b2.ms); counts = vv.counts\n"
            + end,
            view.address,
        )
        for _ in view.session(120_000):
            pass
        out, err = program.communicate(timeout=120)
    assert view.ended is not None
    assert [step for step, *_ in shown] == list(range(20)), err
    assert [light[0] for *_, light in shown] == list(range(20))
    if fails:
        assert view.ended.how == "failed" and "no more" in str(view.ended.reason), view.ended
    else:
        assert view.ended.how == "finished" and program.returncode == 0, err
        told = json.loads(out.splitlines()[-1].removeprefix(cleo_programs.MARK))
        assert [one.get("exc", 0) for _, one, _ in shown] == told["spikes"]
        assert told["counts"][0]["state"] == "live" and told["counts"][0]["sent"] > 0
