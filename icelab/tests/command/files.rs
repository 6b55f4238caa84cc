//! Which scenarios a command finds, and what it says where there are none.

use super::{BROKEN, DIRECT, Folder, GRID};

#[test]
fn a_path_that_is_not_there_says_what_to_do() {
    let folder = Folder::new("files-missing");
    for command in ["run", "check"] {
        let ran = folder.icelab(&[command]);
        assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""));
        let message = ran.stderr();
        assert_eq!(message.lines().count(), 1, "one clear message: {message}");
        assert!(message.contains("scenarios cannot be read: there is no such file"), "{message}");
        assert!(message.contains("`icelab new office`"), "{message}");
    }
    folder.write("rooms/office.yaml", DIRECT);
    for (typed, meant) in [
        ("rooms/office", "`rooms/office.yaml`"),
        ("rooms/ofice.yaml", "`rooms/office.yaml`"),
        ("room", "`rooms`"),
    ] {
        for command in ["run", "check", "explain"] {
            let ran = folder.icelab(&[command, typed]);
            assert_eq!(ran.code(), 2);
            let message = ran.stderr();
            assert!(message.contains(&format!("did you mean {meant}?")), "{message}");
        }
    }
    let folders = folder.icelab(&["explain", "rooms"]).stderr();
    assert!(folders.contains("it is a folder; name one of its files"), "{folders}");
}

#[test]
fn an_empty_folder_is_told() {
    let folder = Folder::new("files-empty");
    folder.write("scenarios/readme.txt", "");
    let ran = folder.icelab(&["run"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.stderr().contains("no scenario (`*.yaml`) in this folder"), "{}", ran.stderr());
}

#[test]
fn a_file_that_is_named_twice_runs_once() {
    let folder = Folder::new("files-twice");
    folder.write("a/direct.yaml", DIRECT);
    let ran = folder.icelab(&["run", "a", "a/direct.yaml", "./a/./direct.yaml"]);
    assert!(ran.stdout().contains("1 case, 1 as expected"), "{}", ran.stdout());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_does_not_hide_the_rest() {
    let folder = Folder::new("files-rest");
    folder.write("b/direct.yaml", DIRECT).write("c.yaml", DIRECT).write("d.yaml", BROKEN);
    std::os::unix::fs::symlink("nowhere", folder.0.join("a.yaml")).unwrap();
    std::os::unix::fs::symlink(".", folder.0.join("b/circle")).unwrap();
    let ran = folder.icelab(&["run", "."]);
    assert_eq!(ran.code(), 2);
    assert!(ran.stdout().contains("c.yaml"), "{}", ran.stdout());
    assert!(ran.stdout().contains("b/direct.yaml"), "{}", ran.stdout());
    let message = ran.stderr();
    assert!(message.contains("./a.yaml cannot be read: "), "{message}");
    assert!(message.contains("./d.yaml:1:28: unknown key `lnik`"), "{message}");
    assert!(message.contains("folders deep"), "{message}");
}

#[test]
fn a_dash_is_the_standard_input() {
    let folder = Folder::new("files-input");
    let ran = folder.fed(&["run", "-"], DIRECT);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert_eq!(
        folder.fed(&["check", "-"], DIRECT).stdout(),
        "ok  -: 1 case\n1 file, 1 case, all readable\n"
    );
    assert!(folder.fed(&["explain", "-"], DIRECT).stdout().contains("-, seed 1"));
    let broken = folder.fed(&["run", "-"], BROKEN);
    assert_eq!(broken.code(), 2);
    assert!(broken.stderr().contains("-:1:28: unknown key `lnik`"), "{}", broken.stderr());
    let long = folder.fed(&["check", "-"], &"#".repeat(300_000));
    assert!(long.stderr().contains("more than 262144 bytes"), "{}", long.stderr());
}

#[test]
fn a_filter_that_matches_nothing_names_the_nearest_titles() {
    let folder = Folder::new("files-filter");
    folder.write("grid.yaml", GRID).write("direct.yaml", DIRECT);
    for command in [["run", "."].as_slice(), &["explain", "grid.yaml"]] {
        let ran = folder.icelab(&[command, &["--filter", "a=Symetric b=full"]].concat());
        assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""));
        let message = ran.stderr();
        let (first, titles) = message.split_once('\n').unwrap();
        assert!(first.contains("no case has `a=Symetric b=full` in its title"), "{message}");
        assert!(
            titles.starts_with("  grid.yaml (a=symmetric b=full_cone)\n")
                || titles.starts_with("  ./grid.yaml (a=symmetric b=full_cone)\n"),
            "{message}"
        );
        assert!(!titles.contains("direct.yaml"), "{message}");
    }
    let far = folder.icelab(&["run", ".", "--filter", "a banana"]).stderr();
    assert!(far.contains("titles look like\n  ./direct.yaml\n"), "{far}");
}

#[test]
fn a_new_scenario_runs_as_it_is_and_is_never_overwritten() {
    let folder = Folder::new("new");
    assert_eq!(folder.icelab(&["new", "rooms/office"]).code(), 0);
    let ran = folder.icelab(&["run", "rooms/office.yaml"]);
    assert_eq!(ran.code(), 0, "{}{}", ran.stdout(), ran.stderr());
    let again = folder.icelab(&["new", "rooms/office.yaml"]);
    assert_eq!(again.code(), 2);
    assert!(again.stderr().contains("is there already"), "{}", again.stderr());
    assert_eq!(folder.icelab(&["new", "rooms/"]).code(), 2);
    folder.icelab(&["new", "other.yml"]);
    assert!(folder.0.join("other.yaml").is_file(), "where `icelab run FOLDER` finds it");
    let printed = folder.icelab(&["new", "-"]).stdout();
    assert_eq!(printed, folder.read("other.yaml"));
}

#[cfg(unix)]
#[test]
fn the_commands_that_a_new_scenario_prints_can_be_pasted() {
    let folder = Folder::new("new-pasted");
    for name in ["my office", "it's", "-n", "a$b"] {
        let text = folder.icelab(&["new", "--", name]).stdout();
        let commands: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(commands.len(), 2, "{text}");
        for command in commands {
            let pasted = folder.paste(command);
            assert_eq!(pasted.code(), 0, "{command}: {}", pasted.stderr());
        }
    }
}
