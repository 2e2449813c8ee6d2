//! Projection against geometry, and the cameras that the other tests use.

use proptest::prelude::*;

use super::*;

const IDENTITY: Matrix4 = [
    [1., 0., 0., 0.],
    [0., 1., 0., 0.],
    [0., 0., 1., 0.],
    [0., 0., 0., 1.],
];

/// The symmetric perspective projection of `gluPerspective` (field of view along y).
fn perspective(fov_y: f64, aspect: f64, near: f64, far: f64) -> Matrix4 {
    let f = 1.0 / (fov_y / 2.0).tan();
    let d = near - far;
    [
        [f / aspect, 0., 0., 0.],
        [0., f, 0., 0.],
        [0., 0., (far + near) / d, 2. * far * near / d],
        [0., 0., -1., 0.],
    ]
}

/// The symmetric parallel projection of `glOrtho`.
pub(super) fn orthographic(half_width: f64, half_height: f64, near: f64, far: f64) -> Matrix4 {
    let d = near - far;
    [
        [1. / half_width, 0., 0., 0.],
        [0., 1. / half_height, 0., 0.],
        [0., 0., 2. / d, (far + near) / d],
        [0., 0., 0., 1.],
    ]
}

pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

pub(super) fn looking_down_z(projection: Matrix4) -> Camera {
    Camera {
        view: IDENTITY,
        projection,
        shape: [480, 640],
    }
}

#[test]
fn corners_of_the_view_volume_are_corners_of_the_image() {
    let camera = looking_down_z(orthographic(4.0, 3.0, 0.1, 100.0));
    assert_eq!(
        camera.world_to_pixel([-4., 3., -1.], Origin::UpperLeft),
        [0., 0.]
    );
    assert_eq!(
        camera.world_to_pixel([4., -3., -1.], Origin::UpperLeft),
        [640., 480.]
    );
    assert_eq!(
        camera.world_to_pixel([-4., -3., -1.], Origin::LowerLeft),
        [0., 0.]
    );
}

#[test]
fn the_optical_axis_meets_the_centre() {
    let camera = looking_down_z(perspective(0.7, 4. / 3., 0.1, 100.));
    assert_eq!(
        camera.world_to_pixel([0., 0., -7.], Origin::UpperLeft),
        [320., 240.]
    );
}

/// The perspective projection of `glFrustum`; the bounds are those at distance 1, outwards from the
/// axis: left, right, bottom, top.
pub(super) fn frustum([l, r, b, t]: [f64; 4], near: f64, far: f64) -> Matrix4 {
    let d = near - far;
    [
        [2. / (l + r), 0., (r - l) / (l + r), 0.],
        [0., 2. / (b + t), (t - b) / (b + t), 0.],
        [0., 0., (far + near) / d, 2. * far * near / d],
        [0., 0., -1., 0.],
    ]
}

/// Turned about x, then y, then z.
pub(super) fn rotation([x, y, z]: [f64; 3]) -> Matrix3 {
    let ((sx, cx), (sy, cy), (sz, cz)) = (x.sin_cos(), y.sin_cos(), z.sin_cos());
    [
        [cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz],
        [cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz],
        [-sy, sx * cy, cx * cy],
    ]
}

/// A camera that was turned and then moved to `eye`.
pub(super) fn posed(
    projection: Matrix4,
    angles: [f64; 3],
    eye: [f64; 3],
    shape: [usize; 2],
) -> Camera {
    let turned = rotation(angles);
    let mut view = IDENTITY;
    for (row, out) in view.iter_mut().take(3).enumerate() {
        for column in 0..3 {
            out[column] = turned[column][row];
        }
        out[3] = -(0..3).map(|k| turned[k][row] * eye[k]).sum::<f64>();
    }
    Camera {
        view,
        projection,
        shape,
    }
}

proptest! {
    /// By similar triangles, a point at depth d and height h stands h/d · f half-images from
    /// the centre, f = 1/tan(fov/2); the depth is that of the view, not of the depth buffer.
    #[test]
    fn perspective_follows_similar_triangles(
        x in -50.0..50.0, y in -50.0..50.0, d in 0.2..90.0_f64, fov in 0.1..2.5_f64,
        eye in prop::array::uniform3(-9.0..9.0_f64),
    ) {
        let mut camera = looking_down_z(perspective(fov, 4. / 3., 0.1, 100.));
        for (row, e) in camera.view.iter_mut().zip(eye) { row[3] = -e; }
        let world = [x + eye[0], y + eye[1], -d + eye[2]];
        let f = 1.0 / (fov / 2.0).tan();
        let [px, py] = camera.world_to_pixel(world, Origin::UpperLeft);
        prop_assert!(close(px, 320. + 240. * f * x / d), "{px}");
        prop_assert!(close(py, 240. - 240. * f * y / d), "{py}");
        prop_assert!(close(camera.depth(world), d));
    }

    #[test]
    fn orthographic_pixels_do_not_depend_on_depth(
        x in -9.0..9.0, y in -9.0..9.0, d in 0.2..90.0_f64,
    ) {
        let camera = looking_down_z(orthographic(4.0, 3.0, 0.1, 100.0));
        let [px, py] = camera.world_to_pixel([x, y, -d], Origin::UpperLeft);
        prop_assert!(close(px, 320. + 80. * x) && close(py, 240. - 80. * y));
        prop_assert!(close(camera.depth([x, y, -d]), d));
    }

    #[test]
    fn origins_mirror_each_other(ndc in prop::array::uniform3(-2.0..2.0)) {
        let camera = looking_down_z(IDENTITY);
        let [ux, uy] = camera.ndc_to_pixel(ndc, Origin::UpperLeft);
        let [lx, ly] = camera.ndc_to_pixel(ndc, Origin::LowerLeft);
        prop_assert!(ux == lx && close(ly, 480. - uy));
    }
}
