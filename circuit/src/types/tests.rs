use super::*;

fn parse(text: &str) -> Result<TypesTable, String> {
    TypesTable::parse(Path::new("types.csv"), text, "node_type_id")
        .map_err(|error| error.to_string())
}

#[test]
fn blanks_separate_and_quotes_hold_together() {
    let text = "node_type_id  pop_name\tsections weight n\n\
                100 \"two words\" \"['dend', 'apic']\" 1.5 1\n\
                101   plain  \"a \"\"quoted\"\" one\"  NULL  NULL\n\r\n";
    let table = parse(text).unwrap();
    assert_eq!(table.ids(), [100, 101]);
    let word = |name, at| {
        table
            .column(name)
            .unwrap()
            .word(at)
            .map(std::borrow::Cow::into_owned)
    };
    assert_eq!(word("pop_name", 0).as_deref(), Some("two words"));
    assert_eq!(word("sections", 0).as_deref(), Some("['dend', 'apic']"));
    assert_eq!(word("sections", 1).as_deref(), Some("a \"quoted\" one"));
    assert_eq!(table.column("weight").unwrap().float(0), Some(1.5));
    assert!(table.column("weight").unwrap().is_absent(1));
    assert_eq!(table.column("n").unwrap().int(0), Some(1));
    assert!(table.column("n").unwrap().is_absent(1));
}

#[test]
fn a_column_with_one_word_is_words() {
    let table = parse("node_type_id a\n1 5\n2 x\n3 NULL\n").unwrap();
    let column = table.column("a").unwrap();
    assert_eq!(column.word(0).as_deref(), Some("5"));
    assert!(column.is_absent(2));
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, said) in [
        ("", "is empty"),
        ("node_type_id,a\n1,2\n", "separated by ','"),
        ("node_typeid a\n1 2\n", "did you mean \"node_typeid\"?"),
        (
            "node_type_id a\n1\n",
            "line 2: has 1 values, the header has 2 names",
        ),
        ("node_type_id a\n1 2\n\n1 3\n", "1 is there twice"),
        ("node_type_id a\n-1 2\n", "a whole number is needed"),
        ("node_type_id a a\n1 2 3\n", "\"a\" is there twice"),
        ("node_type_id a\n1 \"b\n", "a quote is never closed"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(said), "{text:?}: {error}");
    }
}

#[test]
fn every_golden_table_is_read() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/sonata");
    let mut read = 0;
    for case in std::fs::read_dir(golden).unwrap().flatten() {
        let Ok(network) = std::fs::read_dir(case.path().join("network")) else {
            continue;
        };
        for file in network.flatten().map(|entry| entry.path()) {
            let name = file.to_string_lossy().into_owned();
            let id = match name {
                name if name.ends_with("node_types.csv") => "node_type_id",
                name if name.ends_with("edge_types.csv") => "edge_type_id",
                _ => continue,
            };
            assert!(
                !TypesTable::open(&file, id).unwrap().is_empty(),
                "{}",
                file.display()
            );
            read += 1;
        }
    }
    assert!(read > 30, "{read}");
}
