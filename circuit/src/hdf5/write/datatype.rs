//! How numbers are described.
//!
//! Owns the datatype messages of what Rust has numbers for: little-endian, IEEE 754.

/// A number that a file can hold.
pub trait Element: bytemuck::Pod + sealed::Sealed {
    /// The datatype message.
    #[doc(hidden)]
    fn datatype() -> Vec<u8>;
}

mod sealed {
    pub trait Sealed {}
}

#[cfg(target_endian = "big")]
compile_error!("numbers are written as they lie in memory, which is little-endian");

macro_rules! elements {
    ($($name:ty => $message:expr),* $(,)?) => {
        $(
            impl sealed::Sealed for $name {}
            impl Element for $name {
                fn datatype() -> Vec<u8> {
                    $message
                }
            }
        )*
    };
}

elements! {
    u8 => integer(1, false),
    u16 => integer(2, false),
    u32 => integer(4, false),
    u64 => integer(8, false),
    i8 => integer(1, true),
    i16 => integer(2, true),
    i32 => integer(4, true),
    i64 => integer(8, true),
    f32 => float(4, 31, [23, 8, 0, 23], 127),
    f64 => float(8, 63, [52, 11, 0, 52], 1023),
}

/// A datatype message: class and version, 24 bits that depend on the class, and the size.
pub(super) fn described(class: u8, version: u8, bits: [u8; 3], size: u32) -> Vec<u8> {
    let mut message = vec![version << 4 | class];
    message.extend(bits);
    message.extend(size.to_le_bytes());
    message
}

fn integer(size: u8, signed: bool) -> Vec<u8> {
    let mut message = described(0, 1, [u8::from(signed) << 3, 0, 0], u32::from(size));
    message.extend([0, 0]); // the first bit
    message.extend((u16::from(size) * 8).to_le_bytes());
    message
}

/// Where exponent and mantissa lie: [first bit, bits] of each.
fn float(size: u8, sign: u8, places: [u8; 4], bias: u32) -> Vec<u8> {
    let implied_leading_bit = 0x20;
    let mut message = described(1, 1, [implied_leading_bit, sign, 0], u32::from(size));
    message.extend([0, 0]); // the first bit
    message.extend((u16::from(size) * 8).to_le_bytes());
    message.extend(places);
    message.extend(bias.to_le_bytes());
    message
}
