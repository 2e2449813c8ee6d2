//! The arrays of a frame: a plane, spheres that move, a sky.

use blendtorch_render::write::{Arrays, Data, Pixels};
use std::sync::Arc;

pub(crate) const HEIGHT: usize = 240;
pub(crate) const WIDTH: usize = 320;
pub(crate) const ABOUT: &str = r#"{"view": [[0.8, 0.6, 0, 0], [-0.36, 0.48, 0.8, 0],
    [0.48, -0.64, 0.6, 0], [0, 0, 0, 1]]}"#;

/// An array that many frames show.
struct Shared<T>(Vec<usize>, Arc<Vec<T>>);

macro_rules! shared {
    ($type:ty, $data:ident) => {
        impl Pixels for Shared<$type> {
            fn shape(&self) -> &[usize] {
                &self.0
            }

            fn data(&self) -> Data<'_> {
                Data::$data(&self.1)
            }
        }
    };
}

shared!(f32, F32);
shared!(u32, U32);
shared!(u8, U8);

/// The values of all arrays.
pub(crate) struct Scene {
    depth: Arc<Vec<f32>>,
    normal: Arc<Vec<f32>>,
    vector: Arc<Vec<f32>>,
    instance: Arc<Vec<u32>>,
    category: Arc<Vec<u32>>,
    display: Arc<Vec<u8>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let (mut depth, mut normal, mut vector) = (Vec::new(), Vec::new(), Vec::new());
        let (mut instance, mut category, mut display) = (Vec::new(), Vec::new(), Vec::new());
        let mut state = 1_u32;
        for row in 0..HEIGHT {
            for column in 0..WIDTH {
                let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
                let (z, n, v, id) = hit(x, y);
                depth.push(z);
                normal.extend(n);
                vector.extend(v);
                instance.push(id);
                category.push(id.min(2));
                for part in n {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let light = 140.0 + 90.0 * part + (state >> 29) as f32;
                    display.push(if id == 0 { 60 } else { light as u8 });
                }
            }
        }
        // The picture has its top row first.
        let display = display.chunks(WIDTH * 3).rev().flatten().copied().collect();
        Self {
            depth: Arc::new(depth),
            normal: Arc::new(normal),
            vector: Arc::new(vector),
            instance: Arc::new(instance),
            category: Arc::new(category),
            display: Arc::new(display),
        }
    }

    pub(crate) fn arrays(&self) -> Arrays {
        let mut arrays = Arrays::new();
        let shape = |channels: usize| match channels {
            1 => vec![HEIGHT, WIDTH],
            _ => vec![HEIGHT, WIDTH, channels],
        };
        for (name, channels, values) in [
            ("depth", 1, &self.depth),
            ("normal", 3, &self.normal),
            ("vector", 4, &self.vector),
        ] {
            arrays.insert(
                name.into(),
                Box::new(Shared(shape(channels), Arc::clone(values))),
            );
        }
        for (name, values) in [("instance", &self.instance), ("category", &self.category)] {
            arrays.insert(name.into(), Box::new(Shared(shape(1), Arc::clone(values))));
        }
        arrays.insert(
            "display".into(),
            Box::new(Shared(shape(3), Arc::clone(&self.display))),
        );
        arrays
    }
}

/// Depth, normal, motion and id of what a pixel shows.
fn hit(x: f32, y: f32) -> (f32, [f32; 3], [f32; 4], u32) {
    for ball in 0..36 {
        let (cx, cy) = (
            30.0 + (ball % 9) as f32 * 33.0,
            25.0 + (ball / 9) as f32 * 48.0,
        );
        let (dx, dy) = ((x - cx) / 14.0, (y - cy) / 14.0);
        let rest = 1.0 - dx * dx - dy * dy;
        if rest > 0.0 {
            let z = rest.sqrt();
            let turn = (ball as f32 * 0.37).sin();
            let v = [
                turn * (2.0 + z),
                turn * dx,
                -turn * (2.0 + z * 1.1),
                turn * dy,
            ];
            return (8.0 - z * 0.7 - cy * 0.01, [dx, dy, z], v, ball + 2);
        }
    }
    if y < 170.0 {
        let z = 4.0 / (0.2 + (190.0 - y) * 0.003);
        let v = [0.3 * z.recip() * x, 0.2, -0.31 * z.recip() * x, -0.21];
        return (z, [0.0, 0.0, 1.0], v, 1);
    }
    (1e10, [0.0; 3], [0.0; 4], 0)
}
