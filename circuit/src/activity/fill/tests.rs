//! An array that is kept beside one that is another one each time.

use std::sync::Arc;

use super::{Kept, fill, fill_whole, level};
use crate::activity::{
    Activity, ActivityError, Decay, Flash, Indicator, IndicatorStyle, Pulsar, PulsarStyle,
    SpikeIndex, Timeline,
};

#[test]
fn an_array_that_is_another_one_each_time_has_the_same_values() {
    let (of, times) = ([3, 69, 3, 0, 3], [10.0, 12.0, 14.0, 14.0, 90.0]);
    let spikes = Arc::new(SpikeIndex::new(70, &of, &times).expect("an index"));
    let line = || Timeline::new(1000.0, 1000.0, 0.0).expect("a frame a ms");
    let style = IndicatorStyle::default();
    let noisy = IndicatorStyle {
        noise: 0.05,
        ..style
    };
    let mut all: [Box<dyn Activity>; 5] = [
        Box::new(Pulsar::new(spikes.clone(), line(), PulsarStyle::default()).expect("a pulsar")),
        Box::new(Flash::new(spikes.clone(), line(), Some(3.0)).expect("a flash")),
        Box::new(Decay::new(spikes.clone(), line(), 2.0).expect("a decay")),
        Box::new(Indicator::new(spikes.clone(), line(), style).expect("an indicator")),
        Box::new(Indicator::new(spikes, line(), noisy).expect("one with noise")),
    ];
    for (at, kind) in all.iter_mut().enumerate() {
        // All cells have noise.
        let noisy = at == 4;
        let (mut kept_out, mut kept) = (vec![0.0; 70], Kept::default());
        for frame in [13.0, 14.0, 14.5, 60.0, 61.0, 400.0, 12.5, 5000.0, 5001.0] {
            let said = fill(&mut **kind, frame, &mut kept_out, &mut kept).expect("filled");
            // Whatever it holds, in turn with the array that is kept.
            let mut out = vec![7.0; 70];
            let mut other = Kept::default();
            let whole = fill_whole(&mut **kind, frame, &mut out, &mut other).expect("filled");
            assert_eq!(
                (whole, &out),
                (said, &kept_out),
                "{} at {frame}",
                kind.kind()
            );
            let level = level(&mut **kind, frame).expect("a level");
            let none = said == 0 && !noisy;
            assert_eq!(
                level,
                none.then(|| kind.rest(frame)),
                "{} at {frame}",
                kind.kind()
            );
        }
        // An array that is kept is written as a whole where another one was filled with what is kept.
        let mut out = vec![7.0; 70];
        fill_whole(&mut **kind, 13.0, &mut out, &mut kept).expect("filled");
        kept_out.fill(9.0);
        fill(&mut **kind, 13.0, &mut kept_out, &mut kept).expect("filled");
        assert_eq!(out, kept_out, "{}", kind.kind());
        let refused = fill_whole(&mut **kind, 13.0, &mut out[..69], &mut kept);
        assert!(matches!(
            refused,
            Err(ActivityError::Array {
                given: 69,
                cells: 70
            })
        ));
        let refused = fill_whole(&mut **kind, f64::NAN, &mut out, &mut kept);
        assert!(matches!(refused, Err(ActivityError::Frame(_))));
        assert!(matches!(
            level(&mut **kind, f64::NAN),
            Err(ActivityError::Frame(_))
        ));
    }
}
