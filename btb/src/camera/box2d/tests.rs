//! Boxes against what they must contain, and against cases that are known by hand.

use proptest::prelude::*;

use super::*;
use crate::camera::tests::{close, frustum, looking_down_z, orthographic, posed};

const CUBE_FACES: [[u32; 3]; 12] = [
    [0, 1, 3],
    [0, 3, 2],
    [4, 6, 7],
    [4, 7, 5],
    [0, 4, 5],
    [0, 5, 1],
    [2, 3, 7],
    [2, 7, 6],
    [0, 2, 6],
    [0, 6, 4],
    [1, 5, 7],
    [1, 7, 3],
];

fn cube(center: [f64; 3], half: [f64; 3]) -> Vec<[f64; 3]> {
    let sign = |i: usize, axis: usize| if i >> (2 - axis) & 1 == 0 { -1.0 } else { 1.0 };
    (0..8)
        .map(|i| std::array::from_fn(|axis| center[axis] + half[axis] * sign(i, axis)))
        .collect()
}

fn box_of(camera: &Camera, vertices: &[[f64; 3]]) -> Option<Box2D> {
    let triangles = &CUBE_FACES;
    let mesh = Mesh {
        vertices,
        triangles,
        edges: &[],
    };
    camera.box_2d(&mesh).unwrap()
}

proptest! {
    /// The box holds every point of the surface that is in view, and reaches no farther than the
    /// farthest of many of them.
    #[test]
    fn conformance_19_a_box_is_tight_around_what_is_in_view(
        center in prop::array::uniform3(-6.0..6.0_f64), half in prop::array::uniform3(0.2..6.0_f64),
        bounds in prop::array::uniform4(0.2..1.5_f64), angles in prop::array::uniform3(-3.0..3.0_f64),
        perspective: bool,
    ) {
        let projection = match perspective {
            true => frustum(bounds, 0.5, 20.0),
            false => orthographic(3.0 * bounds[0], 3.0 * bounds[1], 0.5, 20.0),
        };
        let camera = posed(projection, angles, [0.3, -0.2, 0.1], [48, 64]);
        let vertices = cube(center, half);
        let found = box_of(&camera, &vertices);
        let mut around: Option<Box2D> = None;
        const STEPS: u32 = 60;
        for [a, b, c] in CUBE_FACES.map(|face| face.map(|i| vertices[i as usize])) {
            for (i, j) in (0..=STEPS).flat_map(|i| (0..=STEPS - i).map(move |j| (i, j))) {
                let (s, t) = (f64::from(i) / f64::from(STEPS), f64::from(j) / f64::from(STEPS));
                let point = std::array::from_fn(|k| a[k] + s * (b[k] - a[k]) + t * (c[k] - a[k]));
                let ndc = camera.world_to_ndc(point);
                if camera.depth(point) > 0.0 && ndc.iter().all(|value| value.abs() <= 1.0) {
                    let [x, y] = camera.ndc_to_pixel(ndc, Origin::UpperLeft);
                    let [x0, y0, x1, y1] = around.unwrap_or([x, y, x, y]);
                    around = Some([x0.min(x), y0.min(y), x1.max(x), y1.max(y)]);
                }
            }
        }
        if let Some(around) = around {
            let found = found.expect("some of it is in view");
            let slack = 1e-9;
            prop_assert!(found[0] <= around[0] + slack && found[1] <= around[1] + slack);
            prop_assert!(found[2] >= around[2] - slack && found[3] >= around[3] - slack);
            prop_assert!(found[0] >= 0.0 && found[1] >= 0.0 && found[2] <= 64.0 && found[3] <= 48.0);
            if let InView::All(all) = camera.in_view(&vertices) {
                prop_assert_eq!(all, found);
                for i in 0..4 { prop_assert!(close(all[i], around[i])); }
            }
        }
        if matches!(camera.in_view(&vertices), InView::None) {
            prop_assert_eq!(found, None);
        }
    }
}

#[test]
fn conformance_19_a_floor_that_begins_behind_the_camera_ends_at_the_lower_edge() {
    // The camera stands one above a floor of ±10: its horizon is at y = f · 1/10 below the middle.
    let camera = looking_down_z(frustum([1.0; 4], 0.1, 100.0));
    let mut floor = cube([0.0, -1.0, 0.0], [10.0, 0.0, 10.0]);
    assert!(matches!(camera.in_view(&floor), InView::Some));
    let [x0, y0, x1, y1] = box_of(&camera, &floor).unwrap();
    assert!(close(x0, 0.0) && close(x1, 640.0) && close(y1, 480.0));
    assert!(close(y0, 240.0 + 240.0 / 10.0), "{y0}");
    floor = cube([0.0, -1.0, 30.0], [10.0, 0.0, 10.0]);
    assert_eq!(camera.in_view(&floor), InView::None);
    assert_eq!(box_of(&camera, &floor), None);
}

#[test]
fn conformance_19_a_wall_with_no_corner_in_the_picture_fills_it() {
    let camera = looking_down_z(orthographic(4.0, 3.0, 0.1, 100.0));
    let wall = cube([0.0, 0.0, -5.0], [50.0, 50.0, 0.0]);
    assert_eq!(box_of(&camera, &wall), Some([0.0, 0.0, 640.0, 480.0]));
}

#[test]
fn conformance_19_what_is_beside_the_picture_has_no_box() {
    let camera = looking_down_z(orthographic(4.0, 3.0, 0.1, 100.0));
    // Around the corner of the picture, which lies in the bounding box of it, but not in it.
    let vertices = [[3.9, 5.0, -5.0], [6.0, 2.9, -5.0], [6.0, 5.0, -5.0]];
    let mut mesh = Mesh {
        vertices: &vertices,
        triangles: &[[0, 1, 2]],
        edges: &[],
    };
    assert_eq!(camera.in_view(&vertices), InView::Some);
    assert_eq!(camera.box_2d(&mesh), Ok(None));
    mesh.triangles = &[[0, 1, 3]];
    let missing = CameraError::NoSuchVertex {
        index: 3,
        vertices: 3,
    };
    assert_eq!(camera.box_2d(&mesh), Err(missing));
    assert_eq!(camera.in_view(&[]), InView::None);
}

#[test]
fn conformance_19_an_edge_without_faces_has_a_box() {
    let camera = looking_down_z(orthographic(4.0, 3.0, 0.1, 100.0));
    let mesh = Mesh {
        vertices: &[[-50.0, 0.0, -5.0], [50.0, 1.5, -5.0]],
        triangles: &[],
        edges: &[[0, 1]],
    };
    let [x0, y0, x1, y1] = camera.box_2d(&mesh).unwrap().unwrap();
    assert!(close(x0, 0.0) && close(x1, 640.0));
    assert!(close(y1, 240.0 - 0.015 * 46.0 * 80.0) && close(y0, 240.0 - 0.015 * 54.0 * 80.0));
}
