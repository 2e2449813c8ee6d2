//! What of a mesh is in the picture, and the smallest upright rectangle around that.
//!
//! Owns clipping against the view volume. Corners alone would not do: of an object that stands
//! partly behind the camera some have no pixel, and of a wall that fills the picture all are outside.

use super::opencv::CameraError;
use super::{Camera, Origin, homogeneous, multiply};

/// A mesh in world coordinates.
#[derive(Debug, Clone, Copy)]
pub struct Mesh<'a> {
    /// Corners, x, y, z.
    pub vertices: &'a [[f64; 3]],
    /// Faces, by their corners' indices.
    pub triangles: &'a [[u32; 3]],
    /// Edges that belong to no face.
    pub edges: &'a [[u32; 2]],
}

/// How much of some points is in the view volume: in the picture, between the clipping planes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InView {
    /// All of what they span, and the rectangle around it.
    All(Box2D),
    /// Perhaps some of what they span.
    Some,
    /// Nothing of what they span.
    None,
}

/// A rectangle (x0, y0, x1, y1) in pixels, from the upper left corner of the image; continuous, and
/// within the image.
pub type Box2D = [f64; 4];

impl Camera {
    /// How much of what lies between these points is in view, as far as the points alone tell.
    #[must_use]
    pub fn in_view(&self, points: &[[f64; 3]]) -> InView {
        let mut bounds = Bounds::default();
        let (mut outside_any, mut outside_all) = (0, ALL_PLANES);
        for point in points {
            let clip = self.world_to_clip(*point);
            let outside = outcode(clip);
            outside_any |= outside;
            outside_all &= outside;
            if outside == 0 {
                bounds.add(clip);
            }
        }
        match bounds.pixels(self) {
            _ if outside_all != 0 => InView::None,
            Some(rectangle) if outside_any == 0 => InView::All(rectangle),
            _ => InView::Some,
        }
    }

    /// The smallest upright rectangle around what of a mesh is in view; `None` where nothing is.
    ///
    /// Its vertices, edges and faces are clipped against the six planes of the view volume (after
    /// Sutherland and Hodgman, *Reentrant polygon clipping*, 1974, in homogeneous coordinates), so
    /// it is also right for what reaches behind the camera or past the edge of the image. What other
    /// objects hide counts as in view.
    ///
    /// # Errors
    /// A face or an edge names a vertex that is not there.
    pub fn box_2d(&self, mesh: &Mesh<'_>) -> Result<Option<Box2D>, CameraError> {
        let clip: Vec<[f64; 4]> = mesh
            .vertices
            .iter()
            .map(|vertex| self.world_to_clip(*vertex))
            .collect();
        let corner = |index: u32| {
            clip.get(index as usize)
                .copied()
                .ok_or(CameraError::NoSuchVertex {
                    index,
                    vertices: clip.len(),
                })
        };
        let mut bounds = Bounds::default();
        for vertex in &clip {
            if outcode(*vertex) == 0 {
                bounds.add(*vertex);
            }
        }
        let mut polygon = Polygon::default();
        for [a, b, c] in mesh.triangles {
            polygon.clip(&[corner(*a)?, corner(*b)?, corner(*c)?], &mut bounds);
        }
        for [a, b] in mesh.edges {
            polygon.clip(&[corner(*a)?, corner(*b)?], &mut bounds);
        }
        Ok(bounds.pixels(self))
    }

    fn world_to_clip(&self, xyz: [f64; 3]) -> [f64; 4] {
        multiply(&self.projection, multiply(&self.view, homogeneous(xyz)))
    }
}

const PLANES: usize = 6;
const ALL_PLANES: u8 = (1 << PLANES) - 1;

/// How far inside the planes of the view volume a point is: −w ≤ x, y, z ≤ w (OpenGL 4.6 core
/// specification, section 13.7, *Primitive clipping*).
fn inside([x, y, z, w]: [f64; 4]) -> [f64; PLANES] {
    [w + z, w - z, w + x, w - x, w + y, w - y]
}

/// A bit for each plane that a point is outside of; all for one that has no place at all.
fn outcode(clip: [f64; 4]) -> u8 {
    let outside = inside(clip).map(|distance| u8::from(distance.is_nan() || distance < 0.0));
    outside.iter().fold(0, |code, bit| code << 1 | bit)
}

/// A polygon that is being clipped; its memory serves one after another.
#[derive(Default)]
struct Polygon {
    corners: Vec<[f64; 4]>,
    kept: Vec<[f64; 4]>,
}

impl Polygon {
    /// Adds to `bounds` what is left of a polygon. Corners in view are there already.
    fn clip(&mut self, corners: &[[f64; 4]], bounds: &mut Bounds) {
        let codes = corners.iter().map(|corner| outcode(*corner));
        let (any, all) = codes.fold((0, ALL_PLANES), |(any, all), code| (any | code, all & code));
        if any == 0 || all != 0 {
            return;
        }
        self.corners.clear();
        self.corners.extend_from_slice(corners);
        for plane in 0..PLANES {
            self.kept.clear();
            let Some(mut before) = self.corners.last().copied() else {
                return;
            };
            for &corner in &self.corners {
                let (from, to) = (inside(before)[plane], inside(corner)[plane]);
                if (from < 0.0) != (to < 0.0) {
                    let t = from / (from - to);
                    self.kept.push(std::array::from_fn(|i| {
                        before[i] + t * (corner[i] - before[i])
                    }));
                }
                if to >= 0.0 {
                    self.kept.push(corner);
                }
                before = corner;
            }
            std::mem::swap(&mut self.corners, &mut self.kept);
        }
        for corner in &self.corners {
            bounds.add(*corner);
        }
    }
}

/// The smallest rectangle around points, in normalised device coordinates.
struct Bounds {
    lower: [f64; 2],
    upper: [f64; 2],
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            lower: [f64::INFINITY; 2],
            upper: [f64::NEG_INFINITY; 2],
        }
    }
}

impl Bounds {
    fn add(&mut self, [x, y, _, w]: [f64; 4]) {
        for (axis, value) in [x / w, y / w].into_iter().enumerate() {
            self.lower[axis] = self.lower[axis].min(value);
            self.upper[axis] = self.upper[axis].max(value);
        }
    }

    /// In pixels; `None` without any point.
    fn pixels(&self, camera: &Camera) -> Option<Box2D> {
        let [left, bottom] = self.lower;
        let [right, top] = self.upper;
        if !(left <= right && bottom <= top) {
            return None;
        }
        // Rounding may have put a clipped point a hair outside.
        let pixel = |x: f64, y: f64| {
            let ndc = [x.clamp(-1.0, 1.0), y.clamp(-1.0, 1.0), 0.0];
            camera.ndc_to_pixel(ndc, Origin::UpperLeft)
        };
        let ([x0, y0], [x1, y1]) = (pixel(left, top), pixel(right, bottom));
        Some([x0, y0, x1, y1])
    }
}

#[cfg(test)]
mod tests;
