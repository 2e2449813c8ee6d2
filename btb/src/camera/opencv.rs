//! The same camera in the words of computer vision: intrinsics, extrinsics, the camera matrix.
//!
//! Owns the passage from OpenGL's camera frame (x right, y up, z backwards) to OpenCV's (x right, y
//! down, z forwards), and from projection matrices to pixels. It must never read a lens: all that
//! shifts, fits or stretches an image is in the projection matrix already.
//!
//! The pinhole model, its symbols and the frame are those of OpenCV's module calib3d:
//! <https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html>. The affine camera (last row 0, 0, 0, 1)
//! is that of Hartley and Zisserman, *Multiple View Geometry*, second edition, section 6.3.

use super::{Camera, Matrix4, multiply};

/// A row-major 3×3 matrix that multiplies column vectors.
pub type Matrix3 = [[f64; 3]; 3];

/// A row-major 3×4 matrix that multiplies homogeneous column vectors.
pub type Matrix3x4 = [[f64; 4]; 3];

/// The pixel coordinates of the centre of the first pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PixelCenters {
    /// (0.5, 0.5): (0, 0) is the corner of the image, as in [`Camera::ndc_to_pixel`].
    #[default]
    Half,
    /// (0, 0): what OpenCV's functions take for the coordinates of a pixel.
    Integer,
}

/// What cannot be asked of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CameraError {
    /// Its pixels do not depend on depth: no 3×3 matrix takes its points to pixels.
    #[error(
        "an orthographic camera has no 3 × 3 matrix of intrinsics, as its pixels do not depend on \
         depth: take camera_matrix(), the 3 × 4 matrix from world coordinates to pixels of any camera"
    )]
    NotPerspective,
    /// A face or an edge names a vertex that is not there.
    #[error("a face or an edge names vertex {index}, but there are {vertices}")]
    NoSuchVertex {
        /// The vertex it names, counted from 0.
        index: u32,
        /// How many there are.
        vertices: usize,
    },
}

impl Camera {
    /// Whether points farther away come out smaller.
    #[must_use]
    pub fn is_perspective(&self) -> bool {
        let [x, y, z, w] = self.projection[3];
        x == 0.0 && y == 0.0 && z != 0.0 && w == 0.0
    }

    /// The matrix K of a perspective camera: `(u·z, v·z, z) = K · (x, y, z)` for a point in OpenCV's
    /// camera frame, in pixels, from the upper left corner.
    ///
    /// # Errors
    /// The camera is not perspective.
    pub fn intrinsics(&self, centers: PixelCenters) -> Result<Matrix3, CameraError> {
        if !self.is_perspective() {
            return Err(CameraError::NotPerspective);
        }
        let rows = self.clip_to_pixel(centers).map(|row| {
            let row = multiply_row(row, &self.projection);
            // From OpenCV's camera frame to OpenGL's: y and z change their signs.
            [row[0], -row[1], -row[2]]
        });
        let scale = rows[2][2];
        Ok(rows.map(|row| row.map(|value| value / scale + 0.0)))
    }

    /// The matrix `[R|t]`: from world coordinates to OpenCV's camera frame (x right, y down, z
    /// forwards), in world units. R is a rotation, unless the camera is mirrored.
    #[must_use]
    pub fn extrinsics(&self) -> Matrix3x4 {
        let [x, y, z, _] = self.view;
        [x, y.map(|value| 0.0 - value), z.map(|value| 0.0 - value)]
    }

    /// The matrix from world coordinates to pixels of any camera:
    /// `(u·w, v·w, w) = P · (x, y, z, 1)`, from the upper left corner.
    ///
    /// Of a perspective camera it is `K · [R|t]`, and w is the depth; of an orthographic one it is
    /// affine: w is 1.
    #[must_use]
    pub fn camera_matrix(&self, centers: PixelCenters) -> Matrix3x4 {
        self.clip_to_pixel(centers)
            .map(|row| multiply_row(multiply_row(row, &self.projection), &self.view))
    }

    /// Length of the line of sight to a point in world coordinates, in world units: from the
    /// camera's eye, or, where all lines are parallel (orthographic), from its plane.
    #[must_use]
    pub fn distance(&self, xyz: [f64; 3]) -> f64 {
        let [x, y, z, _] = multiply(&self.view, super::homogeneous(xyz));
        if self.is_perspective() {
            x.hypot(y).hypot(z)
        } else {
            -z
        }
    }

    /// The viewport transform, rows of u·w, v·w and w; see [`Camera::ndc_to_pixel`].
    fn clip_to_pixel(&self, centers: PixelCenters) -> Matrix3x4 {
        let [height, width] = self.shape.map(|extent| extent as f64 / 2.0);
        let less = match centers {
            PixelCenters::Half => 0.0,
            PixelCenters::Integer => 0.5,
        };
        [
            [width, 0.0, 0.0, width - less],
            [0.0, -height, 0.0, height - less],
            [0.0, 0.0, 0.0, 1.0],
        ]
    }
}

fn multiply_row(row: [f64; 4], matrix: &Matrix4) -> [f64; 4] {
    std::array::from_fn(|c| (0..4).map(|k| row[k] * matrix[k][c]).sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{close, frustum, orthographic, posed};
    use super::*;
    use crate::camera::Origin;

    fn apply(rows: &Matrix3x4, [x, y, z]: [f64; 3]) -> [f64; 3] {
        rows.map(|row| row[0] * x + row[1] * y + row[2] * z + row[3])
    }

    proptest! {
        /// K · [R|t] and the way through clip coordinates give the same pixels.
        #[test]
        fn conformance_19_k_times_extrinsics_is_the_projection(
            bounds in prop::array::uniform4(0.02..2.0_f64), angles in prop::array::uniform3(-3.0..3.0_f64),
            eye in prop::array::uniform3(-9.0..9.0_f64), point in prop::array::uniform3(-9.0..9.0_f64),
            shape in prop::array::uniform2(1..4000_usize),
        ) {
            let camera = posed(frustum(bounds, 0.1, 100.0), angles, eye, shape);
            prop_assume!(camera.depth(point) > 0.1);
            let [x, y, z] = apply(&camera.extrinsics(), point);
            prop_assert!(close(z, camera.depth(point)));
            prop_assert!(close(camera.distance(point), (x * x + y * y + z * z).sqrt()));
            let k = camera.intrinsics(PixelCenters::Half).unwrap();
            let [u, v, w] = k.map(|row| row[0] * x + row[1] * y + row[2] * z);
            let [px, py] = camera.world_to_pixel(point, Origin::UpperLeft);
            prop_assert!(close(u / w, px) && close(v / w, py), "{u} {v} {w}, {px} {py}");

            let integer = camera.intrinsics(PixelCenters::Integer).unwrap();
            prop_assert!(close(k[0][2] - integer[0][2], 0.5) && close(k[1][2] - integer[1][2], 0.5));
            prop_assert_eq!((k[0][0], k[1][1], k[2]), (integer[0][0], integer[1][1], [0., 0., 1.]));
        }

        /// R keeps lengths and handedness, and y points down in the image.
        #[test]
        fn conformance_19_extrinsics_are_a_rigid_motion_to_a_frame_with_y_down(
            angles in prop::array::uniform3(-3.0..3.0_f64), eye in prop::array::uniform3(-9.0..9.0_f64),
        ) {
            let camera = posed(frustum([1.; 4], 0.1, 100.0), angles, eye, [480, 640]);
            let rows = camera.extrinsics();
            for i in 0..3 {
                for j in 0..3 {
                    let dot: f64 = (0..3).map(|c| rows[i][c] * rows[j][c]).sum();
                    prop_assert!(close(dot, f64::from(u8::from(i == j))));
                }
            }
            let [a, b, c] = rows;
            let determinant = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0]);
            prop_assert!(close(determinant, 1.0));
            for value in apply(&rows, eye) { prop_assert!(value.abs() < 1e-9); }
        }

        #[test]
        fn conformance_19_the_camera_matrix_is_that_of_any_camera(
            bounds in prop::array::uniform4(0.02..2.0_f64), angles in prop::array::uniform3(-3.0..3.0_f64),
            eye in prop::array::uniform3(-9.0..9.0_f64), point in prop::array::uniform3(-9.0..9.0_f64),
            perspective: bool,
        ) {
            let projection = match perspective {
                true => frustum(bounds, 0.1, 100.0),
                false => orthographic(bounds[0], bounds[1], 0.1, 100.0),
            };
            let camera = posed(projection, angles, eye, [480, 640]);
            prop_assume!(camera.depth(point).abs() > 0.1);
            prop_assert_eq!(camera.is_perspective(), perspective);
            let [u, v, w] = apply(&camera.camera_matrix(PixelCenters::Half), point);
            let expected = if perspective { camera.depth(point) } else { 1.0 };
            prop_assert!(close(w, expected));
            let [px, py] = camera.world_to_pixel(point, Origin::UpperLeft);
            prop_assert!(close(u / w, px) && close(v / w, py));
        }
    }

    #[test]
    fn conformance_19_an_orthographic_camera_has_no_intrinsics() {
        let camera = posed(orthographic(4., 3., 0.1, 9.), [0.; 3], [0.; 3], [480, 640]);
        assert_eq!(
            camera.intrinsics(PixelCenters::Half),
            Err(CameraError::NotPerspective)
        );
        assert_eq!(camera.distance([1., 2., -3.]), 3.0);
    }
}
