//! Holds the directions between crates that ARCHITECTURE.md draws: arrows fall.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each package, and the packages of this project that it may build on. A test may build on more.
const FLOORS: &[(&str, &[&str])] = &[
    ("icelab-sans-io", &[]),
    ("icelab-wire", &[]),
    ("icelab-crypto", &["icelab-sans-io"]),
    ("icelab-stun", &["icelab-sans-io", "icelab-wire", "icelab-crypto"]),
    ("icelab-turn", &["icelab-sans-io", "icelab-wire", "icelab-crypto", "icelab-stun"]),
    ("icelab-ice", &["icelab-sans-io", "icelab-wire", "icelab-crypto", "icelab-stun"]),
    ("icelab-dtls", &["icelab-sans-io", "icelab-wire", "icelab-crypto"]),
    ("icelab-srtp", &["icelab-wire", "icelab-crypto"]),
    ("icelab-rtp", &["icelab-wire"]),
    ("icelab-sctp", &["icelab-sans-io", "icelab-wire", "icelab-crypto"]),
    ("icelab-datachannel", &["icelab-sans-io", "icelab-wire", "icelab-crypto", "icelab-sctp"]),
    (
        "icelab-peer",
        &[
            "icelab-sans-io",
            "icelab-wire",
            "icelab-crypto",
            "icelab-stun",
            "icelab-turn",
            "icelab-ice",
            "icelab-dtls",
            "icelab-sctp",
            "icelab-datachannel",
        ],
    ),
    ("icelab-sim", &["icelab-sans-io"]),
    ("icelab-turmoil", &["icelab-sans-io", "icelab-sim"]),
    ("icelab-reports", &["icelab-sans-io", "icelab-sim"]),
    (
        "icelab",
        &[
            "icelab-sans-io",
            "icelab-wire",
            "icelab-crypto",
            "icelab-stun",
            "icelab-turn",
            "icelab-ice",
            "icelab-dtls",
            "icelab-sctp",
            "icelab-datachannel",
            "icelab-peer",
            "icelab-sim",
            "icelab-turmoil",
            "icelab-reports",
        ],
    ),
];

/// Libraries that only the named packages may use in what they ship.
const RESERVED: &[(&str, &[&str])] = &[
    ("tokio", &["icelab-turmoil"]),
    ("turmoil", &["icelab-turmoil"]),
    ("hmac", &["icelab-crypto"]),
    ("sha1", &["icelab-crypto"]),
    ("md-5", &["icelab-crypto"]),
    ("aes", &["icelab-crypto"]),
    ("aes-gcm", &["icelab-crypto"]),
    ("aws-lc-rs", &["icelab-crypto"]),
    ("chacha20", &["icelab-crypto"]),
    ("chacha20poly1305", &["icelab-crypto"]),
    ("crypto-bigint", &["icelab-crypto"]),
    ("ctr", &["icelab-crypto"]),
    ("der", &["icelab-crypto"]),
    ("ecdsa", &["icelab-crypto"]),
    ("ed25519-dalek", &["icelab-crypto"]),
    ("ml-kem", &["icelab-crypto"]),
    ("p256", &["icelab-crypto"]),
    ("p384", &["icelab-crypto"]),
    ("primeorder", &["icelab-crypto"]),
    ("rfc6979", &["icelab-crypto"]),
    ("spki", &["icelab-crypto"]),
    ("x25519-dalek", &["icelab-crypto"]),
    ("sha2", &["icelab-crypto", "icelab-sim"]),
    ("rand_chacha", &["icelab-sans-io"]),
    ("petgraph", &["icelab-sim"]),
    ("serde_yaml", &["icelab"]),
    ("clap", &["icelab"]),
];

#[test]
fn every_package_stands_on_the_floors_below_it_only() {
    let packages = packages();
    let known: BTreeSet<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    assert_eq!(found, known, "a new package needs its place in FLOORS and in ARCHITECTURE.md");
    for (name, allowed) in FLOORS {
        for dependency in &packages[*name] {
            assert!(
                !known.contains(dependency.as_str()) || allowed.contains(&dependency.as_str()),
                "{name} must not build on {dependency}"
            );
        }
    }
}

#[test]
fn a_library_with_one_home_is_used_there_only() {
    for (package, dependencies) in packages() {
        for (library, homes) in RESERVED {
            assert!(
                homes.contains(&package.as_str()) || !dependencies.contains(*library),
                "{package} must not use {library}: its home is {homes:?}"
            );
        }
    }
}

#[test]
fn every_package_stands_in_the_folder_of_its_name() {
    for package in metadata()["packages"].as_array().expect("a list of packages") {
        let name = package["name"].as_str().expect("a name");
        let path = package["manifest_path"].as_str().expect("a path").replace('\\', "/");
        let short = name.strip_prefix("icelab-").unwrap_or(name);
        assert!(path.ends_with(&format!("/{short}/Cargo.toml")), "{name} stands at {path}");
    }
}

#[test]
fn the_protocols_and_the_network_are_held_to_the_same_bans() {
    let read = |place: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(place);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{place}: {error}"))
    };
    let [bans, of_the_network] = ["protocols/clippy.toml", "sim/clippy.toml"].map(read);
    assert_eq!(bans, of_the_network);
    for line in read("clippy.toml").lines().filter(|line| line.contains('=')) {
        assert!(bans.lines().any(|known| known == line), "{line} is in the root's file alone");
    }
    let functions = |kind: &str| -> Vec<String> {
        let of_kind = bans.lines().filter(|line| line.contains(&format!("\"{kind}::")));
        of_kind.map(|line| line.replace(kind, "float")).collect()
    };
    assert_eq!(functions("f32"), functions("f64"));
    assert!(functions("f32").len() > 20);
}

/// The packages of the workspace, each with what it builds on when it is shipped.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    list(&metadata()["packages"])
        .iter()
        .map(|package| {
            let shipped = list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .inspect(|dependency| {
                    assert!(dependency["rename"].is_null(), "{dependency} is renamed");
                })
                .map(|dependency| text(&dependency["name"]))
                .collect();
            (text(&package["name"]), shipped)
        })
        .collect()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}
