//! Camera mathematics on plain matrices: from world coordinates to pixels.
//!
//! Owns projection by a view and a projection matrix, the pixel convention, and linear depth. It
//! must never know Blender: whoever calls brings the two matrices.
//!
//! Conventions, those of OpenGL: matrices are row-major and multiply column vectors; the camera
//! looks along −Z with +Y up; clip coordinates are `projection · view · (x, y, z, 1)`, normalised
//! device coordinates (NDC) are clip coordinates divided by their w, and lie in [−1, 1] inside the
//! view volume (OpenGL 4.6 core specification, section 13.8, *Coordinate transformations*).

/// A row-major 4×4 matrix that multiplies column vectors.
pub type Matrix4 = [[f64; 4]; 4];

/// The corner of the image that is pixel (0, 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Rows count downwards, as in OpenCV and in arrays.
    #[default]
    UpperLeft,
    /// Rows count upwards, as in OpenGL.
    LowerLeft,
}

/// A camera: where it stands, how it projects, and the size of its image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// World to camera coordinates: the inverse of the camera's world matrix without its scale.
    pub view: Matrix4,
    /// Camera to clip coordinates; perspective or orthographic.
    pub projection: Matrix4,
    /// Rows and columns of the image, in pixels.
    pub shape: [usize; 2],
}

impl Camera {
    /// Normalised device coordinates of a point in world coordinates.
    ///
    /// A point in the camera's own plane has no perspective projection: its NDC are infinite or
    /// NaN. A point behind a perspective camera comes out mirrored; its [`depth`](Self::depth) is
    /// negative, which tells.
    #[must_use]
    pub fn world_to_ndc(&self, xyz: [f64; 3]) -> [f64; 3] {
        let [x, y, z, w] = multiply(&self.projection, multiply(&self.view, homogeneous(xyz)));
        [x / w, y / w, z / w]
    }

    /// Linear depth of a point in world coordinates: its distance from the camera's plane along
    /// −Z, in world units. Negative behind the camera.
    #[must_use]
    pub fn depth(&self, xyz: [f64; 3]) -> f64 {
        -multiply(&self.view, homogeneous(xyz))[2]
    }

    /// Pixel coordinates (x, y) of normalised device coordinates.
    ///
    /// Continuous: (0, 0) is the corner of the image at `origin`, (0.5, 0.5) the centre of the
    /// first pixel, (width, height) the opposite corner. It is the viewport transform of the
    /// OpenGL 4.6 core specification, section 13.8.1, for a viewport of the image's size.
    #[must_use]
    pub fn ndc_to_pixel(&self, ndc: [f64; 3], origin: Origin) -> [f64; 2] {
        let [height, width] = self.shape.map(|extent| extent as f64);
        let up = match origin {
            Origin::UpperLeft => -ndc[1],
            Origin::LowerLeft => ndc[1],
        };
        [(ndc[0] + 1.0) * 0.5 * width, (up + 1.0) * 0.5 * height]
    }

    /// Pixel coordinates of a point in world coordinates.
    #[must_use]
    pub fn world_to_pixel(&self, xyz: [f64; 3], origin: Origin) -> [f64; 2] {
        self.ndc_to_pixel(self.world_to_ndc(xyz), origin)
    }
}

/// Applies an affine matrix, such as an object's world matrix, to a point.
#[must_use]
pub fn transform(matrix: &Matrix4, xyz: [f64; 3]) -> [f64; 3] {
    let [x, y, z, _] = multiply(matrix, homogeneous(xyz));
    [x, y, z]
}

fn homogeneous([x, y, z]: [f64; 3]) -> [f64; 4] {
    [x, y, z, 1.0]
}

fn multiply(matrix: &Matrix4, v: [f64; 4]) -> [f64; 4] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2] + row[3] * v[3])
}

#[cfg(test)]
mod tests {
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
    fn orthographic(half_width: f64, half_height: f64, near: f64, far: f64) -> Matrix4 {
        let d = near - far;
        [
            [1. / half_width, 0., 0., 0.],
            [0., 1. / half_height, 0., 0.],
            [0., 0., 2. / d, (far + near) / d],
            [0., 0., 0., 1.],
        ]
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
    }

    fn looking_down_z(projection: Matrix4) -> Camera {
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
}
