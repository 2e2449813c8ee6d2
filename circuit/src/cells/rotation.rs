//! Rotations, as Blender's Euler angles `XYZ` have them.
//!
//! Owns the way there from the angles of SONATA and from quaternions.

type Matrix = [[f64; 3]; 3];

/// Degrees about the fixed axes x, y, z in this order, of radians about them in the order z, y, x.
pub(super) fn of_sonata([x, y, z]: [f64; 3]) -> [f32; 3] {
    if y == 0.0 && z == 0.0 {
        return degrees([x, 0.0, 0.0]);
    }
    let ((sx, cx), (sy, cy), (sz, cz)) = (x.sin_cos(), y.sin_cos(), z.sin_cos());
    // Rx · Ry · Rz
    angles([
        [cy * cz, -cy * sz, sy],
        [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy],
        [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy],
    ])
}

/// The same of a quaternion w, x, y, z of any length but 0.
pub(super) fn of_quaternion([w, x, y, z]: [f64; 4]) -> [f32; 3] {
    let length = (w * w + x * x + y * y + z * z).sqrt();
    let [w, x, y, z] = [w, x, y, z].map(|one| one / length);
    angles([
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ])
}

/// The angles of Rz · Ry · Rx.
fn angles([[a, b, _], [d, e, _], [g, h, i]]: Matrix) -> [f32; 3] {
    let y = (-g).clamp(-1.0, 1.0).asin();
    if g.abs() > 1.0 - 1e-12 {
        // Only the sum or the difference of the other two counts.
        let x = if g < 0.0 { b.atan2(e) } else { (-b).atan2(e) };
        return degrees([x, y, 0.0]);
    }
    degrees([h.atan2(i), y, d.atan2(a)])
}

fn degrees(radians: [f64; 3]) -> [f32; 3] {
    #[allow(clippy::cast_possible_truncation, reason = "angles")]
    radians.map(|one| one.to_degrees() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Point = [f64; 3];

    fn about(axis: usize, angle: f64, point: Point) -> Point {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let (sin, cos) = angle.sin_cos();
        let mut turned = point;
        turned[u] = cos * point[u] - sin * point[v];
        turned[v] = sin * point[u] + cos * point[v];
        turned
    }

    fn blender(angles: [f32; 3], point: Point) -> Point {
        (0..3).fold(point, |point, axis| {
            about(axis, f64::from(angles[axis]).to_radians(), point)
        })
    }

    fn near(a: Point, b: Point) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    proptest! {
        #[test]
        fn sonata_turns_about_z_then_y_then_x(
            x in -7.0..7.0_f64, y in -7.0..7.0_f64, z in -7.0..7.0_f64,
        ) {
            for point in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.3, -0.4, 0.5]] {
                let right = about(0, x, about(1, y, about(2, z, point)));
                prop_assert!(near(blender(of_sonata([x, y, z]), point), right));
            }
        }

        #[test]
        fn a_quaternion_turns_as_its_axis_and_angle(angle in -3.0..3.0_f64, axis in 0..3_usize, scale in 0.1..9.0_f64) {
            let mut quaternion = [(angle / 2.0).cos(), 0.0, 0.0, 0.0];
            quaternion[axis + 1] = (angle / 2.0).sin();
            let turned = of_quaternion(quaternion.map(|one| one * scale));
            for point in [[1.0, 0.0, 0.0], [0.3, -0.4, 0.5]] {
                prop_assert!(near(blender(turned, point), about(axis, angle, point)));
            }
        }
    }

    #[test]
    fn a_quarter_turn_loses_nothing() {
        let quarter = std::f64::consts::FRAC_PI_2;
        // Where the middle angle of Blender's order is a quarter.
        for (x, y, z) in [(quarter, 0.7, quarter), (quarter, 0.7, -quarter)] {
            let point = [0.3, -0.4, 0.5];
            let right = about(0, x, about(1, y, about(2, z, point)));
            assert!(
                near(blender(of_sonata([x, y, z]), point), right),
                "{x} {y} {z}"
            );
        }
        for y in [quarter, -quarter] {
            for (x, z) in [(0.3, 0.9), (-2.0, 0.1), (0.0, 0.5)] {
                let point = [0.3, -0.4, 0.5];
                let right = about(0, x, about(1, y, about(2, z, point)));
                assert!(
                    near(blender(of_sonata([x, y, z]), point), right),
                    "{x} {y} {z}"
                );
            }
        }
        assert!(of_quaternion([0.0; 4])[0].is_nan());
    }
}
