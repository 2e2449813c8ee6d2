//! Depth and normals from what renderers leave behind.
//!
//! Owns the way from a depth buffer to metres, and from a material capture or world normals to
//! normals of the camera. It must never allocate, and never know where the values came from.
//!
//! Normals come out in the camera's frame as OpenCV has it: x to the right, y down, z away from
//! the camera, so that a surface that faces the camera has a negative z. Where there is no surface
//! they are 0. The frame of `camera` (Blender's and OpenGL's: y up, z towards the viewer) is turned
//! into it by negating y and z.
//!
//! With `flip`, the source's first row is the lowest, as graphics libraries hand it out.

use thiserror::Error;

use crate::camera::Matrix4;

/// What is wrong with the buffers of a conversion.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {which} has {found} values; {height} × {width} × {channels} has {expected}")]
pub struct GeometryError {
    /// `source` or `destination`.
    pub which: &'static str,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values a pixel.
    pub channels: usize,
    /// How many values the buffer should have.
    pub expected: usize,
    /// How many it has.
    pub found: usize,
}

/// The size of an image, and in which order its source has the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Whether the first row of the source is the last of the destination.
    pub flip: bool,
}

/// How a material capture (matcap) shows a normal: its `matcap` texture is read at
/// `scale · (n · b1, n · b2) + ½`, where b1, b2 complete the direction to the viewer to an
/// orthonormal basis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matcap {
    /// Camera to clip coordinates, perspective or orthographic.
    pub projection: Matrix4,
    /// How much of the texture the unit disc takes; Workbench: 0.496.
    pub scale: f64,
    /// The z that the renderer gives the direction to the viewer before it normalises it, for a
    /// perspective projection: 1 where it computes right.
    pub towards: f64,
}

impl Grid {
    /// Linear depth (H × W) of a depth buffer (H × W in \[0, 1\]): the distance from the camera's
    /// plane along −Z, in world units. Where nothing was drawn (1) it is infinite.
    ///
    /// Inverts `ndc_z = (P22·z + P23) / (P32·z + P33)`, which holds for perspective and
    /// orthographic projections alike (OpenGL 4.6 core specification, section 13.8).
    ///
    /// # Errors
    /// [`GeometryError`] when a buffer does not have the image's size; nothing is written then.
    pub fn linear_depth(
        &self,
        projection: &Matrix4,
        source: &[f32],
        destination: &mut [f32],
    ) -> Result<(), GeometryError> {
        let [_, _, [.., p22, p23], [.., p32, p33]] = *projection;
        self.pixels::<1, 1>(source, destination, |_, _, [window]| {
            if window >= 1.0 {
                return [f32::INFINITY];
            }
            let ndc = 2.0 * f64::from(window) - 1.0;
            [((p23 - ndc * p33) / (p22 - ndc * p32)) as f32]
        })
    }

    /// Normals (H × W × 3) of a surface drawn with a material capture (H × W × 4): its red and
    /// green are the place in the texture, its blue is 1 on surfaces and 0 elsewhere.
    ///
    /// The basis is the one of Duff et al., *Building an Orthonormal Basis, Revisited* (2017), for
    /// a vector with positive z.
    ///
    /// # Errors
    /// [`GeometryError`] when a buffer does not have the image's size; nothing is written then.
    pub fn matcap_normals(
        &self,
        matcap: &Matcap,
        source: &[f32],
        destination: &mut [f32],
    ) -> Result<(), GeometryError> {
        let Matcap {
            projection: p,
            scale,
            towards,
        } = *matcap;
        let perspective = p[3][3] == 0.0;
        let [height, width] = [self.height, self.width].map(|extent| extent as f64);
        self.pixels::<4, 3>(source, destination, |row, column, [red, green, blue, _]| {
            if blue < 0.5 {
                return [0.0; 3];
            }
            // The direction to the viewer. Rows of the source count upwards where they are flipped.
            let [ix, iy, iz] = if perspective {
                let up = if self.flip { 1.0 } else { -1.0 };
                let x = (2.0 * column as f64 + 1.0) / width - 1.0;
                let y = up * ((2.0 * row as f64 + 1.0) / height - 1.0);
                unit([-(x + p[0][2]) / p[0][0], -(y + p[1][2]) / p[1][1], towards])
            } else {
                [0.0, 0.0, 1.0]
            };
            let u = (f64::from(red) - 0.5) / scale;
            let v = (f64::from(green) - 0.5) / scale;
            let w = (1.0 - u * u - v * v).max(0.0).sqrt();
            let a = 1.0 / (1.0 + iz);
            let b = -ix * iy * a;
            let n = unit([
                u * (1.0 - ix * ix * a) + v * b + w * ix,
                u * b + v * (1.0 - iy * iy * a) + w * iy,
                -u * ix - v * iy + w * iz,
            ]);
            [n[0], -n[1], -n[2]].map(|value| value as f32)
        })
    }

    /// Normals (H × W × 3) in the camera's frame of normals in the world's (H × W × 3), made to
    /// unit length; 0 stays 0.
    ///
    /// # Errors
    /// [`GeometryError`] when a buffer does not have the image's size; nothing is written then.
    pub fn camera_normals(
        &self,
        view: &Matrix4,
        source: &[f32],
        destination: &mut [f32],
    ) -> Result<(), GeometryError> {
        let [rx, ry, rz, _] = *view;
        let dot = |row: [f64; 4], n: [f64; 3]| row[0] * n[0] + row[1] * n[1] + row[2] * n[2];
        self.pixels::<3, 3>(source, destination, |_, _, n| {
            let n = n.map(f64::from);
            if n == [0.0; 3] {
                return [0.0; 3];
            }
            unit([dot(rx, n), -dot(ry, n), -dot(rz, n)]).map(|value| value as f32)
        })
    }

    /// Runs `convert` over each pixel, with the row and the column of the source.
    fn pixels<const S: usize, const D: usize>(
        &self,
        source: &[f32],
        destination: &mut [f32],
        convert: impl Fn(usize, usize, [f32; S]) -> [f32; D],
    ) -> Result<(), GeometryError> {
        self.check("source", S, source.len())?;
        self.check("destination", D, destination.len())?;
        if destination.is_empty() {
            return Ok(());
        }
        let (source, _) = source.as_chunks::<S>();
        let (destination, _) = destination.as_chunks_mut::<D>();
        for (row, to) in destination.chunks_exact_mut(self.width).enumerate() {
            let row = if self.flip {
                self.height - 1 - row
            } else {
                row
            };
            let from = &source[row * self.width..][..self.width];
            for (column, (to, from)) in to.iter_mut().zip(from).enumerate() {
                *to = convert(row, column, *from);
            }
        }
        Ok(())
    }

    fn check(
        &self,
        which: &'static str,
        channels: usize,
        found: usize,
    ) -> Result<(), GeometryError> {
        let Self { height, width, .. } = *self;
        let expected = height.saturating_mul(width).saturating_mul(channels);
        if expected == found {
            return Ok(());
        }
        Err(GeometryError {
            which,
            height,
            width,
            channels,
            expected,
            found,
        })
    }
}

fn unit([x, y, z]: [f64; 3]) -> [f64; 3] {
    let length = (x * x + y * y + z * z).sqrt();
    [x, y, z].map(|value| value / length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRID: Grid = Grid {
        height: 2,
        width: 3,
        flip: true,
    };

    fn perspective(shift: [f64; 2]) -> Matrix4 {
        let (near, far): (f64, f64) = (0.1, 50.0);
        let d = near - far;
        [
            [1.7, 0., shift[0], 0.],
            [0., 2.1, shift[1], 0.],
            [0., 0., (far + near) / d, 2. * far * near / d],
            [0., 0., -1., 0.],
        ]
    }

    fn orthographic() -> Matrix4 {
        let (near, far): (f64, f64) = (0.1, 50.0);
        let d = near - far;
        [
            [0.3, 0., 0., 0.],
            [0., 0.4, 0., 0.],
            [0., 0., 2. / d, (far + near) / d],
            [0., 0., 0., 1.],
        ]
    }

    /// What a depth buffer holds for a depth.
    fn window(p: &Matrix4, depth: f64) -> f32 {
        let clip = |row: [f64; 4]| row[2] * -depth + row[3];
        (0.5 * clip(p[2]) / clip(p[3]) + 0.5) as f32
    }

    proptest! {
        #[test]
        fn depth_goes_there_and_back(depth in 0.2..40.0) {
            for p in [perspective([0.0; 2]), orthographic()] {
                let source = [window(&p, depth), 1.0, 0.0, 0.0, 0.0, 0.0];
                let mut out = [0.0; 6];
                GRID.linear_depth(&p, &source, &mut out).unwrap();
                // The depth buffer's own steps: z² / near · 2⁻²⁴ for a perspective.
                let step = depth * depth / 0.1 * 2f64.powi(-23) + 1e-5;
                prop_assert!((f64::from(out[3]) - depth).abs() <= step, "{} {depth}", out[3]);
                prop_assert_eq!(out[4], f32::INFINITY);
                prop_assert!((out[5] - 0.1).abs() < 1e-5);
            }
        }

        /// Drawn by the formula that Workbench has (`workbench_matcap_lib.glsl`), read back by ours.
        #[test]
        fn a_normal_drawn_as_a_matcap_is_found_again(
            x in -1.0..1.0, y in -1.0..1.0, z in -1.0..1.0,
            shift in prop::array::uniform2(-0.3..0.3), towards in 1.0..1.3,
        ) {
            for projection in [perspective(shift), orthographic()] {
                let matcap = Matcap { projection, scale: 0.496, towards };
                // The first pixel of the source is the lower left one.
                let i = if projection[3][3] == 0.0 {
                    unit([
                        -(1.0 / 3.0 - 1.0 + shift[0]) / 1.7,
                        -(1.0 / 2.0 - 1.0 + shift[1]) / 2.1,
                        towards,
                    ])
                } else {
                    [0.0, 0.0, 1.0]
                };
                let n = unit([x, y, z]);
                prop_assume!(n[0] * i[0] + n[1] * i[1] + n[2] * i[2] > 0.1);
                let a = 1.0 / (1.0 + i[2]);
                let b = -i[0] * i[1] * a;
                let u = n[0] * (1.0 - i[0] * i[0] * a) + n[1] * b - n[2] * i[0];
                let v = n[0] * b + n[1] * (1.0 - i[1] * i[1] * a) - n[2] * i[1];
                let mut source = [0.0; 24];
                source[0] = (u * 0.496 + 0.5) as f32;
                source[1] = (v * 0.496 + 0.5) as f32;
                source[2] = 1.0;
                let mut out = [7.0; 18];
                GRID.matcap_normals(&matcap, &source, &mut out).unwrap();
                for (got, expected) in out[9..12].iter().zip([n[0], -n[1], -n[2]]) {
                    prop_assert!((f64::from(*got) - expected).abs() < 1e-5, "{out:?} {n:?}");
                }
                prop_assert_eq!(&out[..9], &[0.0; 9], "no surface, no normal");
            }
        }
    }

    #[test]
    fn world_normals_are_turned_into_the_camera() {
        // A camera that looks along +Y of the world: its x is the world's, its y the world's z.
        let view = [
            [1., 0., 0., 5.],
            [0., 0., 1., 6.],
            [0., -1., 0., 7.],
            [0., 0., 0., 1.],
        ];
        let mut source = [0.0; 18];
        source[..9].copy_from_slice(&[0., -0.5, 0., 0., 0., 2., 1., 0., 0.]);
        let mut out = [0.0; 18];
        GRID.camera_normals(&view, &source, &mut out).unwrap();
        // Facing the camera; pointing up; pointing right; nothing.
        assert_eq!(out[9..], [0., 0., -1., 0., -1., 0., 1., 0., 0.]);
        assert_eq!(out[..9], [0.0; 9]);
    }

    #[test]
    fn wrong_sizes_are_errors() {
        let p = orthographic();
        let error = GRID.linear_depth(&p, &[0.0; 5], &mut [0.0; 6]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the source has 5 values; 2 × 3 × 1 has 6"
        );
        let error = GRID
            .camera_normals(&p, &[0.0; 18], &mut [0.0; 6])
            .unwrap_err();
        assert_eq!(error.which, "destination");
        let empty = Grid { width: 0, ..GRID };
        assert_eq!(empty.linear_depth(&p, &[], &mut []), Ok(()));
    }
}
