#!/bin/sh
# NEST's cells start where their model's defaults do: E_L, b and asc_init do not move the start.
#
# Seen with nest-simulator 3.10.0 and numpy 2.4.6 on Python 3.11, Linux.
#
# A good guess: a cell starts at rest: V_m at the E_L that was given, izhikevich with U_m = b * V_m,
# as Izhikevich's programs do; and asc_init are a glif_psc's after-spike currents at its start.
# What happens: V_m starts at a fixed voltage of each model, so a cell with another E_L begins with a
# relaxation. U_m starts at 0.2 * -65 whatever b and V_m are. asc_init changes nothing at all,
# given to Create, to set, or as a default of the model; ASCurrents does.
# Output:
#   saw: E_L = -60: iaf_psc_exp starts at V_m = -70.0
#   saw: E_L = -60: iaf_cond_exp starts at V_m = -70.0
#   saw: E_L = -60: aeif_cond_exp starts at V_m = -70.6
#   saw: E_L = -60: glif_psc starts at V_m = -78.85
#   saw: izhikevich, b = 0.2, V_m = -65.0: U_m = -13.0
#   saw: izhikevich, b = 0.25, V_m = -55.0: U_m = -13.0
#   saw: izhikevich, b = -0.1, V_m = -60.0: U_m = -13.0
#   saw: glif_psc after 10 ms: V_m = -78.85, with asc_init -78.85, with ASCurrents -70.89
#
# Here: the native engine starts its cells the same way, so that spikes are NEST's
# (simulate/src/models/schema.rs, simulate/src/models/glif/mod.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 numpy==2.4.6
cat >"$folder/finding.py" <<'END'
import nest

nest.verbosity = nest.VerbosityLevel.ERROR

def cell(model, **parameters):
    nest.ResetKernel()
    nest.resolution = 0.1
    return nest.Create(model, params=parameters)

for model in ("iaf_psc_exp", "iaf_cond_exp", "aeif_cond_exp", "glif_psc"):
    default = cell(model).V_m
    started = cell(model, E_L=-60.0).V_m
    print(f"saw: E_L = -60: {model} starts at V_m = {started}")
    assert started == default != -60.0, (model, started)
for b, voltage in ((0.2, -65.0), (0.25, -55.0), (-0.1, -60.0)):
    started = cell("izhikevich", b=b, V_m=voltage).U_m
    print(f"saw: izhikevich, b = {b}, V_m = {voltage}: U_m = {started}")
    assert started == -13.0, started

CURRENTS = (50.0, 50.0)
MECHANISMS = {"spike_dependent_threshold": False, "after_spike_currents": True,
              "adapting_threshold": False, "asc_decay": (0.01, 0.01)}

def after(by_set=None, defaults=None, **parameters):
    nest.ResetKernel()
    nest.resolution = 0.1
    nest.SetDefaults("glif_psc", MECHANISMS | (defaults or {}))
    one = nest.Create("glif_psc", params=parameters)
    one.set(by_set or {})
    nest.Simulate(10.0)
    return round(one.V_m, 2)

plain, moved = after(), after(ASCurrents=CURRENTS)
init = {"asc_init": CURRENTS}
inits = {after(**init), after(by_set=init), after(defaults=init)}
print(f"saw: glif_psc after 10 ms: V_m = {plain}, with asc_init {', '.join(map(str, inits))}, "
      f"with ASCurrents {moved}")
assert inits == {plain} and moved != plain, (plain, inits, moved)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
