//! Colours for values that are none: tables, made once.

/// Flow of so many pixels is half as bright as it can be.
const HALF_FLOW: f32 = 4.0;
const FLOW_STEPS: usize = 256;
/// Light of linear values up to 1, in so many steps.
const LIGHT_STEPS: usize = 4096;
/// So many doublings of depth go once through all hues.
const DOUBLINGS: f32 = 6.0;
/// Upper bits of a float that a depth's colour is looked up by: 64 steps a doubling.
const DEPTH_SHIFT: u32 = 17;

/// The tables.
#[derive(Debug)]
pub(crate) struct Colors {
    depths: Box<[[u8; 3]]>,
    flows: Box<[[u8; 3]]>,
    light: Box<[u8]>,
}

impl Default for Colors {
    fn default() -> Self {
        let depths = (0..1 << (31 - DEPTH_SHIFT))
            .map(|bits| depth_color(f32::from_bits(bits << DEPTH_SHIFT)))
            .collect();
        let flows = (0..FLOW_STEPS * FLOW_STEPS)
            .map(|place| flow_color(place % FLOW_STEPS, place / FLOW_STEPS))
            .collect();
        let light = (0..=LIGHT_STEPS)
            .map(|step| encoded(step as f32 / LIGHT_STEPS as f32))
            .collect();
        Self {
            depths,
            flows,
            light,
        }
    }
}

impl Colors {
    /// Depth: the hue by its logarithm, red at 1 unit of the scene, yellow at 2, green at 4, and red
    /// again at 64; two shades, lighter to darker, in each doubling. Nothing (1e10, infinite) is black.
    pub(crate) fn depth(&self, depth: f32) -> [u8; 3] {
        if !(depth > 0.0 && depth < 1e9) {
            return [0; 3];
        }
        self.depths[(depth.to_bits() >> DEPTH_SHIFT) as usize]
    }

    /// Motion of x to the right and y down, in pixels: the hue is its direction, the light its length,
    /// half of it at four pixels.
    pub(crate) fn flow(&self, x: f32, y: f32) -> [u8; 3] {
        let step = |value: f32| {
            let part = value / (value.abs() + HALF_FLOW);
            // Not a number becomes 0.
            ((part * 0.5 + 0.5) * (FLOW_STEPS - 1) as f32 + 0.5) as usize
        };
        self.flows[step(y).min(FLOW_STEPS - 1) * FLOW_STEPS + step(x).min(FLOW_STEPS - 1)]
    }

    /// Linear light as a display shows it, cut at 1.
    pub(crate) fn light(&self, value: f32) -> u8 {
        self.light[(value.clamp(0.0, 1.0) * LIGHT_STEPS as f32 + 0.5) as usize]
    }
}

fn encoded(linear: f32) -> u8 {
    let value = if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0 + 0.5) as u8
}

fn depth_color(depth: f32) -> [u8; 3] {
    let doublings = depth.log2();
    if !doublings.is_finite() {
        return [0; 3];
    }
    let hue = (doublings / DOUBLINGS).rem_euclid(1.0);
    let shade = (doublings * 2.0).rem_euclid(1.0);
    hsv(hue, 0.8, 1.0 - 0.35 * shade)
}

fn flow_color(x: usize, y: usize) -> [u8; 3] {
    let pixels = |step: usize| {
        let part = (step as f32 / (FLOW_STEPS - 1) as f32 * 2.0 - 1.0).clamp(-0.996, 0.996);
        part * HALF_FLOW / (1.0 - part.abs())
    };
    let (x, y) = (pixels(x), pixels(y));
    let length = x.hypot(y);
    // The middle of the table lies between two steps.
    let length = (length - 0.03).max(0.0);
    let hue = y.atan2(x) / std::f32::consts::TAU;
    hsv(hue.rem_euclid(1.0), 1.0, length / (length + HALF_FLOW))
}

/// A colour of each id, the same in every run; 0 is black.
pub(crate) fn id(id: u32) -> [u8; 3] {
    if id == 0 {
        return [0; 3];
    }
    let mixed = (id ^ (id >> 16)).wrapping_mul(0x9E37_79B1);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA6B);
    mixed
        .to_le_bytes()
        .first_chunk::<3>()
        .map_or([255; 3], |rgb| rgb.map(|c| 64 + c / 4 * 3))
}

/// A unit vector: each part from -1 … 1 to 0 … 255.
pub(crate) fn unit([x, y, z]: [f32; 3]) -> [u8; 3] {
    [x, y, z].map(|part| (part * 127.5 + 128.0) as u8)
}

/// Hue, saturation and value, each from 0 to 1.
pub(crate) fn hsv(hue: f32, saturation: f32, value: f32) -> [u8; 3] {
    let part = |n: f32| {
        let k = (n + hue * 6.0) % 6.0;
        let down = k.min(4.0 - k).clamp(0.0, 1.0);
        ((value - value * saturation * down) * 255.0 + 0.5) as u8
    };
    [part(5.0), part(3.0), part(1.0)]
}
