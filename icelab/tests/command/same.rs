//! What names a run, and what does not: its hash is that of the file's network, calls and seed.

use std::collections::BTreeSet;

use super::Folder;

const HOMES: &str = "links: { slow: { delay: 30 ms, loss: 2 % } }
gateways: { home: { nat: symmetric, link: slow }, work: { nat: linux } }
servers: { stun: { stun: {} }, turn: { turn: {} } }
peers: { alice: { behind: home }, bob: { behind: work } }
call: { ice_servers: [stun, turn] }
sweep: { seeds: 1..3 }
";

/// The hashes of a run of this command, in order.
fn hashes(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let ran = folder.icelab(&[&["run", "--json", "out.json"], arguments].concat());
    assert_eq!(ran.code(), 0, "{}{}", ran.stdout(), ran.stderr());
    let cases = folder.results("out.json").cases;
    cases.into_iter().map(|case| case.record_hash.unwrap()).collect()
}

#[test]
fn a_run_is_the_same_again_in_another_folder_under_another_name_and_with_more_jobs() {
    let folder = Folder::new("same");
    folder.write("one/homes.yaml", HOMES).write("another/deep/houses.yaml", HOMES);
    let first = hashes(&folder, &["one", "--jobs", "1"]);
    assert_eq!(first.len(), 3);
    assert_eq!(hashes(&folder, &["one", "--jobs", "1"]), first, "again");
    assert_eq!(hashes(&folder, &["one", "--jobs", "3"]), first, "more jobs");
    assert_eq!(hashes(&folder, &["another"]), first, "another folder and name");
    assert_eq!(hashes(&folder, &["one", "--record", "kept"]), first, "more detail");
    let moved = Folder::new("same-moved");
    moved.write("one/homes.yaml", HOMES);
    assert_eq!(hashes(&moved, &["one"]), first, "elsewhere");
    assert_eq!(hashes(&moved, &["one", "--seed", "2"]), first[1..2], "a seed alone");
}

#[test]
fn another_seed_or_one_millisecond_more_is_another_run() {
    let folder = Folder::new("same-not");
    folder
        .write("homes.yaml", HOMES)
        .write("slower.yaml", &HOMES.replace("delay: 30 ms", "delay: 31 ms"))
        .write("same.yaml", &HOMES.replace("delay: 30 ms", "delay: 30000 us"));
    let homes = hashes(&folder, &["homes.yaml"]);
    let slower = hashes(&folder, &["slower.yaml"]);
    assert_eq!(hashes(&folder, &["same.yaml"]), homes, "the same delay in other words");
    let all: BTreeSet<&String> = homes.iter().chain(&slower).collect();
    assert_eq!(all.len(), 6, "every seed and every delay is a run of its own");
}
