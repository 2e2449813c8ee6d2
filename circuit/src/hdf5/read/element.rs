//! Numbers of a file as numbers that were asked for.
//!
//! Owns that a conversion loses nothing: what does not fit is an error, never another number.

use hdf5_pure::{Datatype, DatatypeByteOrder, FloatingPointLayout};

/// A type that columns are read as: integers of 8 to 64 bits, `f32`, `f64`.
pub trait Element: Copy + Default + private::Sealed {
    /// Its name in errors.
    const NAME: &'static str;
    /// This value, if nothing is lost.
    fn of_u64(value: u64) -> Option<Self>;
    /// This value, if nothing is lost.
    fn of_i64(value: i64) -> Option<Self>;
    /// This value, if nothing is lost.
    fn of_f64(value: f64) -> Option<Self>;
}

mod private {
    pub trait Sealed {}
}

macro_rules! ints {
    ($($t:ty),*) => {$(
        impl private::Sealed for $t {}
        impl Element for $t {
            const NAME: &'static str = stringify!($t);
            fn of_u64(value: u64) -> Option<Self> {
                value.try_into().ok()
            }
            fn of_i64(value: i64) -> Option<Self> {
                value.try_into().ok()
            }
            fn of_f64(value: f64) -> Option<Self> {
                // Whole numbers that a float holds exactly; `as` saturates outside, NaN is 0.
                let whole = value as i128;
                if whole as f64 != value {
                    return None;
                }
                whole.try_into().ok()
            }
        }
    )*};
}
ints!(u8, u16, u32, u64, i8, i16, i32, i64);

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl private::Sealed for $t {}
        impl Element for $t {
            const NAME: &'static str = stringify!($t);
            fn of_u64(value: u64) -> Option<Self> {
                let float = value as $t;
                (float as u128 == u128::from(value)).then_some(float)
            }
            fn of_i64(value: i64) -> Option<Self> {
                let float = value as $t;
                (float as i128 == i128::from(value)).then_some(float)
            }
            fn of_f64(value: f64) -> Option<Self> {
                let float = value as $t;
                (f64::from(float) == value || value.is_nan()).then_some(float)
            }
        }
    )*};
}
floats!(f32, f64);

/// A number as it lies in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) form: Form,
    big: bool,
}

/// What a stored number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Stored {
    /// The number that a type of the file is; `None` where it is no number of a usual width.
    pub(super) fn of(kind: &Datatype) -> Option<Self> {
        let (form, order) = match kind {
            Datatype::Enumeration { base_type, .. } => return Self::of(base_type),
            Datatype::FixedPoint {
                size,
                byte_order,
                layout,
            } => {
                if layout.bit_offset != 0 || u32::from(layout.bit_precision) != size * 8 {
                    return None;
                }
                let form = match (size, layout.signed) {
                    (1, false) => Form::U8,
                    (2, false) => Form::U16,
                    (4, false) => Form::U32,
                    (8, false) => Form::U64,
                    (1, true) => Form::I8,
                    (2, true) => Form::I16,
                    (4, true) => Form::I32,
                    (8, true) => Form::I64,
                    _ => return None,
                };
                (form, byte_order)
            }
            Datatype::FloatingPoint {
                size,
                byte_order,
                layout,
            } => {
                let form = match size {
                    4 if *layout == FloatingPointLayout::IEEE754_BINARY32 => Form::F32,
                    8 if *layout == FloatingPointLayout::IEEE754_BINARY64 => Form::F64,
                    _ => return None,
                };
                (form, byte_order)
            }
            _ => return None,
        };
        match order {
            DatatypeByteOrder::LittleEndian => Some(Self { form, big: false }),
            DatatypeByteOrder::BigEndian => Some(Self { form, big: true }),
            _ => None,
        }
    }

    /// Adds the numbers of `raw` to `out`; the first that does not fit is the error.
    pub(super) fn decode<T: Element>(self, raw: &[u8], out: &mut Vec<T>) -> Result<(), String> {
        macro_rules! as_numbers {
            ($t:ty, $of:ident) => {
                decode::<T, $t, { size_of::<$t>() }>(
                    raw,
                    self.big,
                    out,
                    <$t>::from_le_bytes,
                    |value| T::$of(value.into()),
                )
            };
        }
        match self.form {
            Form::U8 => as_numbers!(u8, of_u64),
            Form::U16 => as_numbers!(u16, of_u64),
            Form::U32 => as_numbers!(u32, of_u64),
            Form::U64 => as_numbers!(u64, of_u64),
            Form::I8 => as_numbers!(i8, of_i64),
            Form::I16 => as_numbers!(i16, of_i64),
            Form::I32 => as_numbers!(i32, of_i64),
            Form::I64 => as_numbers!(i64, of_i64),
            Form::F32 => as_numbers!(f32, of_f64),
            Form::F64 => as_numbers!(f64, of_f64),
        }
    }
}

fn decode<T: Element, S: ToString + Copy, const N: usize>(
    raw: &[u8],
    big: bool,
    out: &mut Vec<T>,
    number: impl Fn([u8; N]) -> S,
    convert: impl Fn(S) -> Option<T>,
) -> Result<(), String> {
    let (values, _) = raw.as_chunks::<N>();
    out.try_reserve(values.len())
        .map_err(|error| error.to_string())?;
    let mut fit = true;
    // Without a way out of the loop, so that it is done several values at a time.
    let mut one = |value: S| {
        let converted = convert(value);
        fit &= converted.is_some();
        converted.unwrap_or_default()
    };
    let turned = |bytes: &[u8; N]| {
        let mut bytes = *bytes;
        bytes.reverse();
        number(bytes)
    };
    match big {
        false => out.extend(values.iter().map(|bytes| one(number(*bytes)))),
        true => out.extend(values.iter().map(|bytes| one(turned(bytes)))),
    }
    if fit {
        return Ok(());
    }
    let stored = |bytes| if big { turned(bytes) } else { number(*bytes) };
    let wrong = values
        .iter()
        .map(stored)
        .find(|value| convert(*value).is_none());
    Err(wrong.map_or_else(String::new, |value| value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_is_converted() {
        assert_eq!(u8::of_i64(-1), None);
        assert_eq!(u8::of_u64(256), None);
        assert_eq!(u64::of_f64(3.0), Some(3));
        assert_eq!(u64::of_f64(3.5), None);
        assert_eq!(u64::of_f64(f64::NAN), None);
        assert_eq!(i64::of_f64(9.3e18), None);
        assert_eq!(i64::of_u64(u64::MAX), None);
        assert_eq!(f64::of_u64(u64::MAX), None);
        assert_eq!(f64::of_u64(1 << 60), Some((1u64 << 60) as f64));
        assert_eq!(f32::of_f64(0.1), None);
        assert_eq!(f32::of_f64(0.5), Some(0.5));
        assert!(f32::of_f64(f64::NAN).is_some_and(f32::is_nan));
        assert_eq!(f64::of_i64(i64::MIN), Some(-9_223_372_036_854_775_808.0));
    }
}
