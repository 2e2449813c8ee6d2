#!/bin/sh
# With pandas 3 BMTK finds no node by a text: node sets by a column of the node types are empty.
#
# Seen with bmtk 1.2.0, pandas 2.3.3 and 3.1.1, numpy 2.4.6 and h5py 3.16.0 on Python 3.11, Linux.
#
# A good guess: bmtk 1.2.0 asks for any pandas, so `pip install bmtk` gives a set that works together;
# at worst something raises.
# What happens: columns of texts are of pandas' new type `str`. BMTK skips a column whose type is not
# the one that it expects there, so a filter by a text selects nothing, without a word; by a number it
# works. PointNet then says something about an empty NodeCollection, if a clamp or a report has that
# node set.
# Output:
#   saw: bmtk 1.2.0 asks for: pandas
#   saw: pandas 2.3.3: kind = slow: [2, 3, 4]; level = 2: [2, 3, 4]
#   saw: pandas 3.1.1: kind = slow: []; level = 2: [2, 3, 4]
#
# Here: BMTK is compared with under pandas 2 (scripts/requirements/peers-bmtk.txt), and messages that
# send someone to BMTK say 'pandas<3' (simulate/src/plan/cells.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$folder/venv/bin/python
"${PYTHON:-python3.11}" -m venv "$folder/venv"
cat >"$folder/build.py" <<'END'
from importlib.metadata import requires, version

from bmtk.builder.networks import NetworkBuilder

asked = [one for one in requires("bmtk") if one.startswith("pandas")]
print(f"saw: bmtk {version('bmtk')} asks for:", *asked)
assert asked == ["pandas"], asked
cells = NetworkBuilder("cells")
cells.add_nodes(N=2, kind="fast", level=1, model_type="virtual")
cells.add_nodes(N=3, kind="slow", level=2, model_type="virtual")
cells.build()
cells.save(output_dir="network")
END
cat >"$folder/finding.py" <<'END'
import pandas
from bmtk.utils import sonata

file = sonata.File(data_files="network/cells_nodes.h5",
                   data_type_files="network/cells_node_types.csv")
nodes = file.nodes["cells"]
by_text = [int(node.node_id) for node in nodes.filter(kind="slow")]
by_number = [int(node.node_id) for node in nodes.filter(level=2)]
print(f"saw: pandas {pandas.__version__}: kind = slow: {by_text}; level = 2: {by_number}")
assert by_number == [2, 3, 4], by_number
assert by_text == ([2, 3, 4] if pandas.__version__.startswith("2.") else []), by_text
END
cd "$folder"
for version in 2.3.3 3.1.1; do
    "$python" -m pip install --quiet --disable-pip-version-check \
        bmtk==1.2.0 h5py==3.16.0 numpy==2.4.6 pandas==$version
    [ -d network ] || "$python" build.py >>said 2>noise || { tail -5 noise >&2; exit 1; }
    "$python" finding.py >>said
done
grep '^saw: ' said
