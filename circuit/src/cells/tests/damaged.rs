//! Golden files that were cut, or have a byte that is another: an error or cells, never anything else.

use std::time::Instant;

use super::*;

/// Reads all that a network has; how many cells there are.
fn read_network(path: &Path) -> Result<u64, crate::CircuitError> {
    let network = CellNetwork::open(path)?;
    let mut cells = 0;
    for population in network.populations() {
        cells += population.len();
        for position in &population.positions {
            assert!(position.iter().all(|axis| axis.is_finite()));
        }
        if !population.entity {
            assert_eq!(population.len(), population.positions.len() as u64);
        }
        for column in [
            population.rotations.as_ref().map(Vec::len),
            population.morphology_of.as_ref().map(Vec::len),
        ] {
            assert!(column.is_none_or(|rows| rows as u64 == population.len()));
        }
    }
    // No memory for what a file only claims: of each cell at least a byte, or few cells.
    assert!(cells < 2_000_000 + std::fs::metadata(path).unwrap().len());
    for name in network.morphology_names()? {
        network.morphology(&name)?;
    }
    for name in network.connection_names()? {
        let connections = network.connections(&name, None, None)?;
        let (pre, post) = (
            network.population(&connections.pre),
            network.population(&connections.post),
        );
        if let (Ok(pre), Ok(post)) = (pre, post) {
            for [from, to] in connections.pairs {
                assert!((from as u64) < pre.len() && (to as u64) < post.len());
            }
        }
    }
    Ok(cells)
}

fn read_results(path: &Path, network: &CellNetwork) -> Result<u64, crate::CircuitError> {
    let results = Results::open(path, network, None)?;
    let mut spikes = 0;
    for (name, of) in results.populations() {
        assert_eq!(of.index.len(), of.times_ms.len());
        assert!(
            of.times_ms.is_sorted()
                && of
                    .times_ms
                    .iter()
                    .all(|time| *time >= 0.0 && time.is_finite())
        );
        let cells = network.population(name)?.len();
        assert!(of.index.iter().all(|index| u64::from(*index) < cells));
        spikes += of.index.len() as u64;
    }
    Ok(spikes)
}

/// Hands over `number` files that are cut, and `number` with one wrong byte each; how many were read
/// and how many refused.
fn damage(
    name: &str,
    number: u64,
    mut read: impl FnMut(&Path) -> Result<u64, crate::CircuitError>,
) -> [u32; 2] {
    let whole = bytes(name);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Path::new(name).file_name().unwrap());
    let started = Instant::now();
    let mut counts = [0, 0];
    let mut check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        match read(&path) {
            Ok(_) => counts[0] += 1,
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.contains(path.file_name().unwrap().to_str().unwrap()),
                    "{text}"
                );
                counts[1] += 1;
            }
        }
    };
    // Most of such a file is nothing: what is flipped is a byte that says something.
    let says: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        // xorshift64*, Vigna 2016
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    for _ in 0..number {
        check(&whole[..(random() % whole.len() as u64) as usize]);
        let at = says[(random() % says.len() as u64) as usize];
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (random() % 8);
        check(&flipped);
        flipped[at] = 0xff;
        check(&flipped);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    counts
}

#[test]
fn a_damaged_network_is_refused_or_read_and_never_more() {
    for (name, number) in [
        ("bsb_v3/small_v3.hdf5", 150),
        ("bsb_v8/small_v8.hdf5", 40),
        ("bsb_v4/small_v4.hdf5", 40),
    ] {
        let [read, refused] = damage(name, number, read_network);
        assert!(
            read > 0 && refused > number as u32 / 2,
            "{name}: {read} {refused}"
        );
    }
}

#[test]
fn damaged_results_are_refused_or_read_and_never_more() {
    for (name, of, number) in [
        ("bsb_v3/results_v3.hdf5", "bsb_v3/small_v3.hdf5", 30),
        ("bsb_v8/results_v8.nio", "bsb_v8/small_v8.hdf5", 70),
    ] {
        let network = network(of);
        let [read, refused] = damage(name, number, |path| read_results(path, &network));
        assert!(
            read > 0 && refused > number as u32 / 2,
            "{name}: {read} {refused}"
        );
    }
}
