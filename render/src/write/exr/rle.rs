//! OpenEXR's run lengths: a count of a run less one and its byte, or minus a count and bytes as they are.

const SHORTEST_RUN: usize = 3;
const LONGEST: usize = 127;

/// Appends the runs of `input`.
pub(super) fn pack(input: &[u8], out: &mut Vec<u8>) {
    let mut start = 0;
    while start < input.len() {
        let run = input[start..]
            .iter()
            .take(LONGEST + 1)
            .take_while(|byte| **byte == input[start])
            .count();
        if run >= SHORTEST_RUN {
            out.extend([(run - 1) as u8, input[start]]);
            start += run;
            continue;
        }
        let rest = &input[start..];
        let same = |place: &[u8]| place[0] == place[1] && place[1] == place[2];
        let until = rest.windows(SHORTEST_RUN).position(same);
        let count = until.unwrap_or(rest.len()).min(LONGEST);
        out.push((count as i8).wrapping_neg() as u8);
        out.extend(&rest[..count]);
        start += count;
    }
}
