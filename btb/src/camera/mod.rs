//! Camera mathematics on plain matrices: from world coordinates to pixels.
//!
//! Owns projection by a view and a projection matrix, the pixel convention, linear depth, OpenCV's
//! matrices, and boxes. It must never know Blender: whoever calls brings the two matrices.
//!
//! Conventions, those of OpenGL: matrices are row-major and multiply column vectors; the camera
//! looks along −Z with +Y up; clip coordinates are `projection · view · (x, y, z, 1)`, normalised
//! device coordinates (NDC) are clip coordinates divided by their w, and lie in [−1, 1] inside the
//! view volume (OpenGL 4.6 core specification, section 13.8, *Coordinate transformations*).

mod box2d;
mod box3d;
mod opencv;

pub use box2d::{Box2D, InView, Mesh};
pub use box3d::{OrientedBox, oriented_box};
pub use opencv::{CameraError, Matrix3, Matrix3x4, PixelCenters};

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
mod tests;
