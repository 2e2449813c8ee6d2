//! The pictures of one frame side by side, with their names.
//!
//! Owns the places: as contact sheets have them, in full size.

use super::picture::Picture;
use crate::write::sheet::{BACKGROUND, Canvas, GAP, letters};

/// Where the pictures of each frame go.
#[derive(Debug, Clone)]
pub(super) struct Tiles {
    names: Vec<String>,
    columns: usize,
    cell: (usize, usize),
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Tiles {
    /// For pictures with these names and sizes. One alone is all there is, and has no name. `even`:
    /// where a side has an odd number of pixels, the last ones come twice.
    pub(super) fn new(pictures: &[(&str, (usize, usize))], even: bool) -> Self {
        let count = pictures.len();
        let columns = (1..=count)
            .find(|columns| columns * columns >= count)
            .unwrap_or(1);
        let widest = pictures.iter().map(|(_, size)| size.0).max().unwrap_or(0);
        let highest = pictures.iter().map(|(_, size)| size.1).max().unwrap_or(0);
        let cell = (widest + GAP, highest + letters::HEIGHT + GAP);
        let (width, height) = match count {
            1 => (widest, highest),
            _ => (
                columns * cell.0 + GAP,
                count.div_ceil(columns) * cell.1 + GAP,
            ),
        };
        let side = |length: usize| length + usize::from(even && length % 2 == 1);
        Self {
            names: pictures
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            columns,
            cell,
            width: side(width),
            height: side(height),
        }
    }

    /// The bytes of a frame.
    pub(super) fn compose(&self, pictures: Vec<Picture>) -> Vec<u8> {
        let one = <[Picture; 1]>::try_from(pictures);
        match one {
            Ok([picture]) if (picture.width, picture.height) == (self.width, self.height) => {
                picture.rgb
            }
            Ok([picture]) => self.widened(&picture),
            Err(pictures) => self.grid(&pictures),
        }
    }

    fn widened(&self, picture: &Picture) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.width * self.height * 3);
        for y in 0..self.height {
            let row = y.min(picture.height - 1) * picture.width * 3;
            let row = &picture.rgb[row..row + picture.width * 3];
            bytes.extend_from_slice(row);
            for _ in picture.width..self.width {
                bytes.extend_from_slice(&row[row.len() - 3..]);
            }
        }
        bytes
    }

    fn grid(&self, pictures: &[Picture]) -> Vec<u8> {
        let mut canvas = Canvas {
            pixels: vec![BACKGROUND; self.width * self.height * 3],
            height: self.height,
            width: self.width,
            channels: 3,
        };
        for (index, (picture, name)) in pictures.iter().zip(&self.names).enumerate() {
            let x = GAP + index % self.columns * self.cell.0;
            let y = GAP + index / self.columns * self.cell.1;
            letters::write(name, &mut canvas, x, y, self.cell.0 - GAP);
            let rows = picture.rgb.chunks_exact(picture.width * 3);
            for (down, row) in rows.enumerate() {
                let place = ((y + letters::HEIGHT + down) * self.width + x) * 3;
                canvas.pixels[place..place + row.len()].copy_from_slice(row);
            }
        }
        canvas.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, value: u8) -> Picture {
        Picture {
            width,
            height,
            rgb: vec![value; width * height * 3],
        }
    }

    #[test]
    fn one_picture_is_all_there_is_and_odd_sides_get_their_last_pixels_twice() {
        let tiles = Tiles::new(&[("frames", (4, 2))], true);
        assert_eq!(tiles.compose(vec![picture(4, 2, 7)]), [7; 24]);
        let tiles = Tiles::new(&[("frames", (1, 1))], true);
        assert_eq!((tiles.width, tiles.height), (2, 2));
        assert_eq!(tiles.compose(vec![picture(1, 1, 9)]), [9; 12]);
        let tiles = Tiles::new(&[("frames", (1, 1))], false);
        assert_eq!(tiles.compose(vec![picture(1, 1, 9)]), [9; 3]);
    }

    #[test]
    fn several_are_side_by_side_under_their_names() {
        let sizes = [
            ("frames", (40, 20)),
            ("depths", (40, 20)),
            ("previews", (30, 10)),
        ];
        let tiles = Tiles::new(&sizes, true);
        assert_eq!(
            (tiles.width, tiles.height),
            (2 * 44 + 4, 2 * (20 + 18 + 4) + 4)
        );
        let bytes = tiles.compose(vec![
            picture(40, 20, 1),
            picture(40, 20, 2),
            picture(30, 10, 3),
        ]);
        assert_eq!(bytes.len(), tiles.width * tiles.height * 3);
        let at = |x: usize, y: usize| bytes[(y * tiles.width + x) * 3];
        assert_eq!((at(4, 22), at(43, 41), at(48, 22)), (1, 1, 2));
        assert_eq!((at(4, 64), at(34, 64)), (3, BACKGROUND));
        let count = |value: u8| bytes.iter().filter(|byte| **byte == value).count();
        assert_eq!((count(1), count(2), count(3)), (2400, 2400, 900));
    }
}
