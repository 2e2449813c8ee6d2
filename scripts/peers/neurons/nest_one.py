"""Asks NEST what single neurons do, and writes it for the tests of simulate/src/engine.

    nest_one.py simulate/src/engine/from_nest.json

Made with nest-simulator 3.10.0.
"""

import json
import sys
from pathlib import Path
from typing import Any

import nest

DT = 0.1
STEPS = 1500
EVERY = 37
# In ms: twice in a step, on the grid, one ulp beside it, between two steps.
TRAIN = [
    *(1.0, 3.05, 3.05, 10.0, 20.000000000000004, 33.33),
    *(50.0, 50.1, 50.2, 80.0, 81.0, 82.5, 120.0),
]
# (weight, delay in ms, receptor); scaled by the model.
EDGES = [(1.0, 0.1, 1), (-0.4, 0.5, 2), (0.7, 1.25, 1), (0.0, 0.3, 1)]
PULSES = [(15.0, 60.0, 1.0), (70.0, 90.0, -0.3), (90.0, 140.0, 1.4)]
GLIF = {"V_m": -75.0, "E_L": -75.0, "V_th": -48.0, "g": 9.0, "C_m": 65.0, "t_ref": 3.05,
        "V_reset": -75.0, "tau_syn": [5.5, 2.8], "asc_init": [3.0, 4.0], "asc_decay": [0.003, 0.1],
        "asc_amps": [-9.0, -50.0], "asc_r": [1.0, 0.5], "th_spike_add": 0.5, "th_spike_decay": 0.01,
        "voltage_reset_fraction": 0.2, "voltage_reset_add": 18.0, "th_voltage_index": 0.005,
        "th_voltage_decay": 0.09}  # fmt: skip
R, ASC, A = "spike_dependent_threshold", "after_spike_currents", "adapting_threshold"
# (name, model, parameters, weight in pA or mV, injected pA)
Case = tuple[str, str, dict[str, Any], float, float]
SINGULAR = {"tau_syn_ex": 10.0, "tau_syn_in": 10.0000001, "t_ref": 2.05, "V_m": -50.0, "I_e": 100.0}
PUBLISHED = {"consistent_integration": False, "a": 0.1, "d": 2.0, "V_min": -80.0, "I_e": 1.0}
ASKED: list[Case] = [
    ("exp, all by default", "iaf_psc_exp", {}, 900.0, 500.0),
    ("exp, E_L alone", "iaf_psc_exp", {"E_L": -65.3, "tau_syn_in": 10.0}, 900.0, 400.0),
    ("exp, equal time constants", "iaf_psc_exp", SINGULAR, 300.0, 400.0),
    ("alpha", "iaf_psc_alpha", {"tau_syn_ex": 1.5, "V_min": -71.0, "I_e": 100.0}, 500.0, 400.0),
    ("alpha, equal", "iaf_psc_alpha", {"tau_syn_ex": 10.0, "t_ref": 0.0}, 90.0, 500.0),
    ("delta", "iaf_psc_delta", {"V_min": -70.5, "E_L": -69.7}, 6.0, 450.0),
    ("delta, gathers", "iaf_psc_delta", {"refractory_input": True, "t_ref": 5.0}, 16.0, 450.0),
    ("izhikevich", "izhikevich", {"V_m": -60.0}, 12.0, 10.0),
    ("izhikevich, published", "izhikevich", PUBLISHED, 120.0, 10.0),
    ("glif LIF, all by default", "glif_psc", {"tau_syn": [2.0, 2.0]}, 300.0, 300.0),
]
GLIF_CASES: list[tuple[str, dict[str, Any]]] = [
    ("glif LIF-R", {R: True, "threshold_spike": 1.5}),
    ("glif LIF-ASC", {ASC: True}),
    ("glif LIF-R-ASC", {R: True, ASC: True, "ASCurrents": [5.0, -7.0]}),
    ("glif LIF-R-ASC-A", {R: True, ASC: True, A: True, "threshold_voltage": 0.25}),
]
CASES = ASKED + [(name, "glif_psc", GLIF | own, 300.0, 300.0) for name, own in GLIF_CASES]


def ask(
    name: str, model: str, parameters: dict[str, Any], weight: float, current: float
) -> dict[str, Any]:
    nest.ResetKernel()
    nest.resolution = DT
    cell = nest.Create(model, params=parameters)
    source = nest.Create("spike_generator", params={"spike_times": TRAIN, "precise_times": True})
    edges = []
    for share, delay, receptor in EDGES:
        receptor = receptor if model == "glif_psc" else 0
        edges.append([share * weight, delay, receptor])
        synapse = {"weight": share * weight, "delay": delay, "receptor_type": receptor}
        nest.Connect(source, cell, syn_spec=synapse)
    pulses = [[on, off, share * current] for on, off, share in PULSES]
    times, values = [], []
    for at, (on, off, amplitude) in enumerate(pulses):
        times.append(on)
        values.append(amplitude)
        if at + 1 == len(pulses) or off < pulses[at + 1][0]:
            times.append(off)
            values.append(0.0)
    clamp = nest.Create(
        "step_current_generator", params={"amplitude_times": times, "amplitude_values": values}
    )
    nest.Connect(clamp, cell, syn_spec={"delay": DT})
    variables = list(cell.get("recordables"))
    meter = nest.Create("multimeter", params={"interval": DT, "record_from": variables})
    nest.Connect(meter, cell)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cell, recorder)
    nest.Simulate(STEPS * DT + 2.0)
    events = meter.get("events")
    steps = [round(time / DT) for time in events["times"]]
    spikes = [round(time / DT) for time in recorder.get("events")["times"]]
    return {
        "name": name, "model": model, "parameters": parameters, "train": TRAIN, "edges": edges,
        "pulses": pulses, "steps": STEPS, "every": EVERY,
        "spikes": [step for step in spikes if step <= STEPS],
        "rows": {
            variable: [
                float(value)
                for step, value in zip(steps, events[variable], strict=True)
                if step <= STEPS and step % EVERY == 0
            ]
            for variable in variables
        },
    }  # fmt: skip


def main() -> None:
    out = ",\n".join(json.dumps(ask(*case)) for case in CASES)
    Path(sys.argv[1]).write_text(f"[\n{out}\n]\n")


if __name__ == "__main__":
    nest.set_verbosity("M_ERROR")
    main()
