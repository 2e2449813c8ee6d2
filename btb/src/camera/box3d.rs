//! Boxes in space that turn with their object.

use super::{Matrix4, transform};

/// The box of an object, in the frame that its matrix leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrientedBox {
    /// The corners of the object's own bounding box, moved by its matrix; in the order given.
    pub corners: [[f64; 3]; 8],
    /// The middle.
    pub center: [f64; 3],
    /// Length of the edges along the axes of `rotation`, in world units; none is negative.
    pub size: [f64; 3],
    /// Row-major; its columns are the axes of the box: right-handed, at right angles, of length 1.
    pub rotation: [[f64; 3]; 3],
}

/// The box of an object whose bounding box has these corners in its own coordinates, moved by
/// `matrix`.
///
/// The axes are those of the object, made right-angled in the order x, y, z (Gram and Schmidt). The
/// box is exactly the moved bounding box, unless the matrix shears; then it is the smallest box with
/// these axes around it. A mirroring matrix gives a right-handed box all the same.
#[must_use]
pub fn oriented_box(matrix: &Matrix4, corners: &[[f64; 3]; 8]) -> OrientedBox {
    let corners = corners.map(|corner| transform(matrix, corner));
    let axes = axes(matrix);
    let along = axes.map(|axis| {
        let places = corners.map(|corner| dot(axis, corner));
        let lower = places.into_iter().fold(f64::INFINITY, f64::min);
        let upper = places.into_iter().fold(f64::NEG_INFINITY, f64::max);
        (lower, upper)
    });
    let middle = along.map(|(lower, upper)| (lower + upper) / 2.0);
    OrientedBox {
        corners,
        center: std::array::from_fn(|k| (0..3).map(|i| middle[i] * axes[i][k]).sum()),
        size: along.map(|(lower, upper)| upper - lower),
        rotation: std::array::from_fn(|row| std::array::from_fn(|column| axes[column][row])),
    }
}

/// Right-handed axes of length 1 after the columns of a matrix, any of which may be zero.
fn axes(matrix: &Matrix4) -> [[f64; 3]; 3] {
    let [a, b, c]: [[f64; 3]; 3] =
        std::array::from_fn(|column| std::array::from_fn(|row| matrix[row][column]));
    let x = unit(a)
        .or_else(|| unit(cross(b, c)))
        .or_else(|| unit(b).map(across))
        .or_else(|| unit(c).map(across))
        .unwrap_or([1.0, 0.0, 0.0]);
    let rest = |v: [f64; 3]| std::array::from_fn(|i| v[i] - dot(v, x) * x[i]);
    let y = unit(rest(b))
        .or_else(|| unit(cross(c, x)))
        .unwrap_or_else(|| across(x));
    [x, y, cross(x, y)]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = dot(v, v).sqrt();
    (length > 1e-12).then(|| v.map(|value| value / length))
}

/// Some direction at right angles to one of length 1.
fn across(v: [f64; 3]) -> [f64; 3] {
    let other = if v[0].abs() < 0.9 {
        [1.0, 0.0, 0.0]
    } else {
        [0.0, 1.0, 0.0]
    };
    unit(cross(v, other)).unwrap_or(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{close, rotation};
    use super::*;

    const UNIT: [[f64; 3]; 8] = [
        [-1., -1., -1.],
        [-1., -1., 1.],
        [-1., 1., 1.],
        [-1., 1., -1.],
        [1., -1., -1.],
        [1., -1., 1.],
        [1., 1., 1.],
        [1., 1., -1.],
    ];

    fn is_rotation(r: &[[f64; 3]; 3]) -> bool {
        let columns: [[f64; 3]; 3] = std::array::from_fn(|c| std::array::from_fn(|k| r[k][c]));
        let product = cross(columns[0], columns[1]);
        (0..3).all(|i| close(dot(columns[i], columns[i]), 1.0) && close(product[i], columns[2][i]))
    }

    proptest! {
        /// Translation, rotation and scale come out again; a mirrored axis only turns round.
        #[test]
        fn conformance_19_a_3d_box_is_the_moved_box(
            angles in prop::array::uniform3(-3.0..3.0_f64), at in prop::array::uniform3(-9.0..9.0_f64),
            scale in prop::array::uniform3(0.1..4.0_f64), mirrored: bool, flat in 0..4_usize,
        ) {
            let r = rotation(angles);
            let mut scale = scale;
            if mirrored { scale[2] = -scale[2]; }
            if flat < 3 { scale[flat] = 0.0; }
            let matrix: Matrix4 = std::array::from_fn(|row| std::array::from_fn(|column| match (row, column) {
                (3, 3) => 1.0,
                (3, _) => 0.0,
                (_, 3) => at[row],
                _ => r[row][column] * scale[column],
            }));
            let found = oriented_box(&matrix, &UNIT);
            prop_assert!(is_rotation(&found.rotation), "{:?}", found.rotation);
            for i in 0..3 {
                prop_assert!(close(found.center[i], at[i]));
                prop_assert!(close(found.size[i], 2.0 * scale[i].abs()), "{:?}", found.size);
            }
            for (corner, own) in found.corners.iter().zip(UNIT) {
                for (value, moved) in corner.iter().zip(transform(&matrix, own)) {
                    prop_assert!(close(*value, moved));
                }
            }
        }

        /// Under shear too, the box holds all corners and has right angles.
        #[test]
        fn a_sheared_box_is_enclosed(shear in -2.0..2.0_f64, angles in prop::array::uniform3(-3.0..3.0_f64)) {
            let r = rotation(angles);
            let matrix: Matrix4 = std::array::from_fn(|row| std::array::from_fn(|column| match (row, column) {
                (3, 3) => 1.0,
                (3, _) | (_, 3) => 0.0,
                (_, 1) => r[row][1] + shear * r[row][0],
                _ => r[row][column],
            }));
            let found = oriented_box(&matrix, &UNIT);
            prop_assert!(is_rotation(&found.rotation));
            for corner in found.corners {
                for i in 0..3 {
                    let axis = std::array::from_fn(|k| found.rotation[k][i]);
                    let from_center = std::array::from_fn(|k| corner[k] - found.center[k]);
                    prop_assert!(dot(axis, from_center).abs() <= found.size[i] / 2.0 + 1e-9);
                }
            }
        }
    }

    #[test]
    fn an_object_without_extent_has_a_box() {
        for column in 0..4 {
            let mut matrix = [[0.0; 4]; 4];
            matrix[3][3] = 1.0;
            if column < 3 {
                matrix[2][column] = 2.0;
            }
            let found = oriented_box(&matrix, &UNIT);
            assert!(is_rotation(&found.rotation), "{:?}", found.rotation);
            assert!(close(
                found.size.iter().sum(),
                if column < 3 { 4.0 } else { 0.0 }
            ));
        }
    }
}
