//! What `blendtorch doctor` finds with a real Blender.

use blendtorch_blender::Health;
use blendtorch_cli::doctor;
use blendtorch_tests::one_fleet_at_a_time;

#[test]
fn the_doctor_finds_what_make_setup_has_laid() {
    let _one = one_fleet_at_a_time();
    let checks = doctor();
    let check = |name: &str| checks.iter().find(|check| check.name == name).unwrap();
    assert!(check("Blender").found.starts_with("4.5.15 (bpy module, "));
    assert!(check("its Python").found.contains(" with numpy "));
    assert_eq!(check("blendtorch in it").found, env!("CARGO_PKG_VERSION"));
    let rendering = &check("rendering").found;
    assert!(
        rendering.starts_with("GPU: ") || rendering.starts_with("software: "),
        "{rendering}"
    );
    for check in &checks {
        assert_ne!(check.health, Health::Missing, "{check:?}");
    }
}
