//! What is written is read by another library (`hdf5-pure`); h5py and libsonata read it in
//! tests/circuit.

use hdf5_pure::{AttrValue, File};
use proptest::prelude::*;

use super::{Attribute, Group, Writer};

fn written(make: impl FnOnce(&mut Writer) -> Group) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut writer = Writer::create(&path).unwrap();
    let root = make(&mut writer);
    writer.finish(&root).unwrap();
    if let Some(kept) = std::env::var_os("KEEP_WRITTEN") {
        std::fs::copy(&path, kept).unwrap();
    }
    File::open(&path).unwrap()
}

#[test]
fn numbers_strings_and_attributes_are_read_again() {
    let file = written(|writer| {
        let mut inner = Group::new().with("note", Attribute::string("naïve"));
        let ids = writer.column(&[3_u64, 1, u64::MAX]).unwrap();
        let ids = ids.with("units", Attribute::string("ms"));
        inner.named(&["ids", "the_same_ids"], ids);
        inner.dataset("words", writer.strings(&["a", "", "γ"]).unwrap());
        inner.dataset("empty", writer.column::<f64>(&[]).unwrap());
        inner.dataset("pairs", writer.shaped(&[1_i32, -2, 3, 4], &[2, 2]).unwrap());
        let mut root = Group::new()
            .with("magic", Attribute::number(0x0A7A_u32))
            .with("version", Attribute::numbers(&[0_u32, 1]))
            .with(
                "sorting",
                Attribute::enumeration(&["none", "by_id", "by_time"], 2),
            );
        root.group("inner", inner);
        root
    });
    let ids = file.dataset("inner/ids").unwrap();
    assert_eq!(ids.read_u64().unwrap(), [3, 1, u64::MAX]);
    assert_eq!(ids.attrs().unwrap()["units"].as_str(), Some("ms"));
    let same = file.dataset("inner/the_same_ids").unwrap();
    assert_eq!(same.read_u64().unwrap(), [3, 1, u64::MAX]);
    let words = file.dataset("inner/words").unwrap();
    assert_eq!(words.read_string().unwrap(), ["a", "", "γ"]);
    assert!(
        file.dataset("inner/empty")
            .unwrap()
            .read_f64()
            .unwrap()
            .is_empty()
    );
    let pairs = file.dataset("inner/pairs").unwrap();
    assert_eq!(pairs.shape().unwrap(), [2, 2]);
    assert_eq!(pairs.read_i32().unwrap(), [1, -2, 3, 4]);
    let root = file.root().attrs().unwrap();
    assert_eq!(root["magic"], AttrValue::U32(0x0A7A));
    assert_eq!(root["version"], AttrValue::U32Array(vec![0, 1]));
    let inner = file.group("inner").unwrap().attrs().unwrap();
    assert_eq!(inner["note"].as_str(), Some("naïve"));
}

#[test]
fn rows_are_written_in_any_order_and_cut_where_they_end() {
    let file = written(|writer| {
        let mut table = writer.table::<f32>(1000, 2).unwrap();
        let after = writer.column(&[7_u8]).unwrap();
        table.write_rows(2, &[5.0, 6.0]).unwrap();
        table.write_rows(0, &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!(table.write_rows(999, &[0.0; 4]).is_err());
        assert!(table.write_rows(0, &[0.0; 3]).is_err());
        let mut root = Group::new();
        root.dataset("rows", table.cut(3));
        root.dataset("after", after);
        root
    });
    let rows = file.dataset("rows").unwrap();
    assert_eq!(rows.shape().unwrap(), [3, 2]);
    assert_eq!(rows.read_f32().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(file.dataset("after").unwrap().read_u8().unwrap(), [7]);
}

#[test]
fn streams_that_do_not_fit_in_memory_keep_their_order() {
    let values: Vec<u64> = (0..1_500_000).collect();
    let file = written(|writer| {
        let (mut all, mut odd) = (writer.stream(), writer.stream());
        for some in values.chunks(100_000) {
            all.extend(some).unwrap();
            let some: Vec<_> = some.iter().filter(|one| *one % 2 == 1).copied().collect();
            odd.extend(&some).unwrap();
        }
        let mut root = Group::new();
        root.dataset("all", writer.end_stream(all).unwrap());
        root.dataset("odd", writer.end_stream(odd).unwrap());
        root
    });
    assert!(file.dataset("all").unwrap().read_u64().unwrap() == values);
    let odd = file.dataset("odd").unwrap().read_u64().unwrap();
    assert!(odd.len() == 750_000 && odd.iter().all(|one| one % 2 == 1));
}

#[test]
fn a_group_of_a_thousand_and_a_heap_of_many_strings() {
    let many: Vec<String> = (0..130_000).map(|at| format!("word {at}")).collect();
    let file = written(|writer| {
        let mut root = Group::new();
        for at in 0..1000_u32 {
            root.dataset(&format!("d{at}"), writer.column(&[at]).unwrap());
        }
        root.dataset("words", writer.strings(&many).unwrap());
        root
    });
    assert_eq!(file.dataset("d999").unwrap().read_u32().unwrap(), [999]);
    assert!(file.dataset("words").unwrap().read_string().unwrap() == many);
}

#[test]
fn an_unfinished_file_is_no_hdf5_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut writer = Writer::create(&path).unwrap();
    writer.column(&[1.0_f64; 100]).unwrap();
    drop(writer);
    assert!(File::open(&path).is_err());
}

#[test]
fn what_hdf5_cannot_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", ".", "a/b", "a\0b"] {
        let mut writer = Writer::create(&folder.path().join("a.h5")).unwrap();
        let mut root = Group::new();
        root.dataset(name, writer.column(&[1_u8]).unwrap());
        assert!(writer.finish(&root).is_err(), "{name:?}");
    }
    let mut writer = Writer::create(&folder.path().join("a.h5")).unwrap();
    assert!(writer.table::<f64>(u64::MAX, 2).is_err());
    assert!(writer.shaped(&[1_u8], &[2]).is_err());
    let large = Group::new().with("large", Attribute::numbers(&[0_u8; 70_000]));
    assert!(writer.finish(&large).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn any_words_and_numbers_are_read_again(
        words in proptest::collection::vec("\\PC{0,20}", 0..50),
        numbers in proptest::collection::vec(any::<f64>(), 0..50),
    ) {
        let file = written(|writer| {
            let mut root = Group::new();
            root.dataset("words", writer.strings(&words).unwrap());
            root.dataset("numbers", writer.column(&numbers).unwrap());
            root
        });
        prop_assert_eq!(file.dataset("words").unwrap().read_string().unwrap(), words);
        let read = file.dataset("numbers").unwrap().read_f64().unwrap();
        let bits = |all: &[f64]| all.iter().map(|one| one.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&numbers));
    }
}
