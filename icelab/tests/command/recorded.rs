//! `--verify` and `--record`: a record that is not the run's is found, and the entry is named.

use std::fs;

use super::{DIRECT, Folder, Ran};

const VERIFY: [&str; 4] = ["run", "direct.yaml", "--verify", "--record"];

/// A folder in which the record of one run is kept.
fn kept(name: &str) -> (Folder, Vec<String>) {
    let folder = Folder::new(name);
    folder.write("direct.yaml", DIRECT);
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--record", "kept"]).code(), 0);
    let lines = folder.read(RECORD).lines().map(str::to_owned).collect();
    (folder, lines)
}

const RECORD: &str = "kept/direct.seed-1.record";

fn verify(folder: &Folder, lines: &[String]) -> Ran {
    folder.write(RECORD, &lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    folder.icelab(&[&VERIFY[..], &["kept"]].concat())
}

/// Another letter of its kind: another figure for a figure.
fn other(letter: u8) -> u8 {
    if letter == b'1' { b'2' } else { b'1' }
}

/// The line with its last byte changed.
fn changed(line: &str) -> String {
    let mut bytes = line.as_bytes().to_vec();
    let last = bytes.last_mut().unwrap();
    *last = other(*last);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn equal_runs_are_equal() {
    let (folder, lines) = kept("record-equal");
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--verify"]).code(), 0);
    let ran = verify(&folder, &lines);
    assert_eq!(ran.code(), 0, "{}", ran.stdout());
}

#[test]
fn an_entry_that_was_removed_is_named() {
    let (folder, lines) = kept("record-removed");
    for index in [0, lines.len() / 2, lines.len() - 1] {
        let mut doctored = lines.clone();
        let removed = doctored.remove(index);
        let ran = verify(&folder, &doctored);
        assert_eq!(ran.code(), 1);
        assert!(ran.stdout().contains(&removed), "names the entry {removed}: {}", ran.stdout());
    }
}

#[test]
fn an_entry_that_was_changed_is_named() {
    let (folder, lines) = kept("record-changed");
    let sent = lines.iter().position(|line| line.contains(" sent ")).unwrap();
    let (rest, payload) = lines[sent].rsplit_once(' ').unwrap();
    let payload_changed = format!("{rest} {}", changed(payload));

    let delivered = lines.iter().rposition(|line| line.contains(" delivered ")).unwrap();
    let [index, time, what] = lines[delivered].splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("an index, a time, and what happened");
    };
    let time_changed = format!("{index} {} {what}", changed(time));

    let address = lines[sent].split(' ').find(|word| word.matches('.').count() == 3).unwrap();
    let (host, port) = address.rsplit_once(':').unwrap();
    let moved = format!("{}:{port}", changed(host));
    let address_changed = lines[sent].replacen(address, &moved, 1);

    for (index, doctored) in
        [(sent, payload_changed), (delivered, time_changed), (sent, address_changed)]
    {
        let mut all = lines.clone();
        all[index].clone_from(&doctored);
        assert_ne!(all, lines);
        let ran = verify(&folder, &all);
        assert_eq!(ran.code(), 1, "{doctored}");
        let text = ran.stdout();
        assert!(text.contains(&format!("differ from entry {index} on")), "{text}");
        assert!(text.contains(&format!("kept    {doctored}")), "{text}");
        assert!(text.contains(&format!("now     {}", lines[index])), "{text}");
    }
}

#[test]
fn an_entry_that_was_added_is_named() {
    let (folder, lines) = kept("record-added");
    let mut inside = lines.clone();
    let added = lines[lines.len() / 2].clone();
    inside.insert(lines.len() / 2 + 1, added.clone());
    let mut at_the_end = lines.clone();
    let last = lines.last().unwrap().replacen(&(lines.len() - 1).to_string(), "999999", 1);
    at_the_end.push(last.clone());
    for (doctored, added) in [(inside, added), (at_the_end, last)] {
        let ran = verify(&folder, &doctored);
        assert_eq!(ran.code(), 1);
        assert!(ran.stdout().contains(&format!("kept    {added}")), "{}", ran.stdout());
    }
}

#[test]
fn a_line_that_is_no_entry_is_named_by_its_number() {
    let (folder, mut lines) = kept("record-broken");
    lines[2] = "2 soon something else".to_owned();
    let ran = verify(&folder, &lines);
    assert_eq!(ran.code(), 1);
    assert!(ran.stdout().contains("direct.seed-1.record:3 cannot be read"), "{}", ran.stdout());
}

#[test]
fn a_failure_to_verify_is_replayed_with_the_same_options() {
    let (folder, mut lines) = kept("record-again");
    lines.pop();
    let ran = verify(&folder, &lines);
    let again = "again: icelab run direct.yaml --seed 1 --verify --record kept\n";
    assert!(ran.stdout().contains(again), "{}", ran.stdout());
}

#[test]
fn what_was_never_kept_is_said_and_how_to_keep_it() {
    let (folder, _) = kept("record-missing");
    let ran = folder.icelab(&[&VERIFY[..], &["nowhere"]].concat());
    assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "found before the run");
    assert!(ran.stderr().contains("without --verify keeps them"), "{}", ran.stderr());
    let ran = folder.icelab(&[&VERIFY[..], &["kept", "--seed", "7"]].concat());
    assert_eq!(ran.code(), 1);
    assert!(ran.stdout().contains("no record of this run was kept"), "{}", ran.stdout());
}

#[test]
fn titles_that_differ_in_punctuation_keep_records_of_their_own() {
    let folder = Folder::new("record-names");
    let text = "asks: How about ${loss} and ${a}?
matrix: { loss: [1 %, 1%, \"(1) %\"], a: [x/y, x-y, x y] }
peers: { alice: {}, bob: {} }
expect: { path: direct }
";
    folder.write("a b.yaml", text).write("a-b.yaml", text).write("a/b.yaml", text);
    assert_eq!(folder.icelab(&["run", ".", "--record", "kept"]).code(), 0);
    assert_eq!(fs::read_dir(folder.0.join("kept")).unwrap().count(), 3 * 9);
    let ran = folder.icelab(&["run", "a b.yaml", "a-b.yaml", "a", "--verify", "--record", "kept"]);
    assert_eq!(ran.code(), 0, "with ./ or without, a file is the same: {}", ran.stdout());
}
