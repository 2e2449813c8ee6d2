use super::*;

const ALL: Ends<'static> = Ends {
    sources: 400,
    targets: 300,
    own: None,
};

fn in_order(pairs: &Pairs) -> bool {
    let ends: Vec<_> = pairs.source.iter().zip(&pairs.target).collect();
    ends.is_sorted()
}

#[test]
fn as_many_pairs_are_connected_as_the_probability_says() {
    for p in [0.001, 0.1, 0.7] {
        let pairs = probability(ALL, p, 7).unwrap();
        let (expected, all) = (p * 120_000.0, 120_000.0);
        let deviation = (all * p * (1.0 - p)).sqrt();
        assert!(
            (pairs.source.len() as f64 - expected).abs() < 4.0 * deviation,
            "{p}"
        );
        assert!(in_order(&pairs));
        assert_eq!(pairs, probability(ALL, p, 7).unwrap());
        assert_ne!(pairs, probability(ALL, p, 8).unwrap());
    }
    assert_eq!(probability(ALL, 1.0, 7).unwrap().source.len(), 120_000);
    assert_eq!(probability(ALL, 0.0, 7).unwrap(), Pairs::default());
}

#[test]
fn no_node_meets_itself() {
    let ids: Vec<u64> = (0..50).collect();
    let ends = Ends {
        sources: 50,
        targets: 50,
        own: Some((&ids, &ids)),
    };
    let points = vec![[0.0; 3]; 50];
    let rule = Distance {
        p: 1.0,
        scale: 1.0,
        fall_off: FallOff::Step,
        cutoff: f64::INFINITY,
        wrapped: [0.0; 3],
    };
    for pairs in [
        probability(ends, 1.0, 1).unwrap(),
        distance(ends, &points, &points, &rule, 1).unwrap(),
        degree(ends, Degree::In, 49, false, 1).unwrap(),
        degree(ends, Degree::Out, 49, false, 1).unwrap(),
    ] {
        assert_eq!(pairs.source.len(), 50 * 49);
        assert!(in_order(&pairs));
        assert!(
            pairs
                .source
                .iter()
                .zip(&pairs.target)
                .all(|(one, other)| one != other)
        );
    }
    let refused = degree(ends, Degree::In, 50, false, 1).unwrap_err();
    assert!(refused.to_string().contains("there are 49"), "{refused}");
}

#[test]
fn degrees_are_exact_and_partners_are_drawn_evenly() {
    for (of, wanted, multapses) in [
        (Degree::In, 12, false),
        (Degree::In, 399, false),
        (Degree::Out, 200, false),
        (Degree::Out, 900, true),
    ] {
        let pairs = degree(ALL, of, wanted, multapses, 3).unwrap();
        let (fixed, drawn, nodes, partners) = match of {
            Degree::In => (&pairs.target, &pairs.source, 300, 400),
            Degree::Out => (&pairs.source, &pairs.target, 400, 300),
        };
        let mut degrees = vec![0; nodes];
        fixed.iter().for_each(|node| degrees[*node as usize] += 1);
        assert!(degrees.iter().all(|degree| *degree == wanted));
        let mut counts = vec![0_usize; partners];
        drawn.iter().for_each(|node| counts[*node as usize] += 1);
        let mean = (nodes * wanted) as f64 / partners as f64;
        let far = |count: &usize| (*count as f64 - mean).abs() > 6.0 * mean.sqrt();
        assert!(!counts.iter().any(far), "{of:?} {wanted}");
        assert!(in_order(&pairs));
        if !multapses {
            let mut seen: Vec<_> = pairs.source.iter().zip(&pairs.target).collect();
            seen.dedup();
            assert_eq!(seen.len(), pairs.source.len());
        }
    }
}

#[test]
fn fewer_are_connected_the_farther_they_are_and_a_box_has_no_sides() {
    let sources = vec![[5.0, 0.0, 0.0]; 2000];
    let targets = [[95.0, 0.0, 0.0], [25.0, 0.0, 0.0]];
    let ends = Ends {
        sources: 2000,
        targets: 2,
        own: None,
    };
    for (fall_off, expected) in [
        (FallOff::Step, [0.5, 0.5]),
        (FallOff::Linear, [0.25, 0.0]),
        (
            FallOff::Exponential,
            [0.5 * (-0.5_f64).exp(), 0.5 * (-1.0_f64).exp()],
        ),
        (
            FallOff::Gaussian,
            [0.5 * (-0.125_f64).exp(), 0.5 * (-0.5_f64).exp()],
        ),
    ] {
        let rule = Distance {
            p: 0.5,
            scale: 20.0,
            fall_off,
            cutoff: f64::INFINITY,
            wrapped: [100.0, 0.0, 0.0],
        };
        let pairs = distance(ends, &sources, &targets, &rule, 5).unwrap();
        for (target, expected) in expected.into_iter().enumerate() {
            let count = pairs
                .target
                .iter()
                .filter(|one| **one == target as u32)
                .count();
            assert!(
                (count as f64 / 2000.0 - expected).abs() < 0.05,
                "{fall_off:?} {count}"
            );
        }
        let near = Distance {
            cutoff: 15.0,
            ..rule
        };
        let pairs = distance(ends, &sources, &targets, &near, 5).unwrap();
        assert!(pairs.target.iter().all(|target| *target == 0));
    }
}
