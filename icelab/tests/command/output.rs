//! Where results go: found out before anything runs, and never half there.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::{BROKEN, DIRECT, Folder, GRID, WRONG};

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_runs() {
    let folder = Folder::new("output-unwritable");
    folder.write("direct.yaml", DIRECT).write("old.json", "old");
    fs::create_dir(folder.0.join("folder")).unwrap();
    for (option, place, why) in [
        ("--json", "nowhere/out.json", "there is no folder nowhere"),
        ("--json", "direct.yaml/out.json", "there is no folder direct.yaml"),
        ("--json", "folder", "it is a folder"),
        ("--record", "direct.yaml", "there is a file in its place"),
        ("--record", "direct.yaml/kept", "there is a file in its place"),
    ] {
        let ran = folder.icelab(&["run", "direct.yaml", option, place]);
        assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{option} {place}");
        let message = ran.stderr();
        assert_eq!(message.lines().count(), 1, "one clear message: {message}");
        assert!(message.contains("cannot be written: ") && message.contains(why), "{message}");
    }
    let accept = ["run", "direct.yaml", "--json", "old.json", "--snapshots", "direct.yaml"];
    assert_eq!(folder.icelab(&[&accept[..], &["--accept"]].concat()).code(), 2);
    assert_eq!(folder.read("old.json"), "old", "nothing is lost");
    let left: Vec<_> = fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(left.len(), 3, "nothing is left behind: {left:?}");
}

#[test]
fn results_replace_older_ones_and_leave_nothing_beside_them() {
    let folder = Folder::new("output-replaced");
    folder.write("direct.yaml", DIRECT).write("out/all.json", "old");
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--json", "out/all.json"]).code(), 0);
    assert_eq!(folder.results("out/all.json").cases.len(), 1);
    assert_eq!(fs::read_dir(folder.0.join("out")).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_device_a_device() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = Folder::new("output-link");
    folder.write("direct.yaml", DIRECT).write("out/all.json", "old");
    symlink("out/all.json", folder.0.join("latest.json")).unwrap();
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--json", "latest.json"]).code(), 0);
    assert!(folder.0.join("latest.json").is_symlink());
    assert_eq!(folder.results("out/all.json").cases.len(), 1);
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--json", "/dev/null"]).code(), 0);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_dash_prints_the_results_and_moves_the_table_aside() {
    let folder = Folder::new("output-dash");
    folder.write("wrong.yaml", WRONG);
    let ran = folder.icelab(&["run", "wrong.yaml", "--json", "-"]);
    assert_eq!(ran.code(), 1);
    assert!(icelab_reports::results::Results::read(&ran.stdout()).is_ok());
    assert!(ran.stderr().contains("1 case, 0 as expected, 1 not"), "{}", ran.stderr());
    let diff = folder.fed(&["diff", "-", "-"], "");
    assert_eq!(diff.code(), 2);
    folder.write("out.json", &ran.stdout());
    assert_eq!(folder.fed(&["diff", "out.json", "-"], &ran.stdout()).code(), 0);
}

#[test]
fn an_interrupted_run_leaves_what_was_done_and_what_was_there_before() {
    let folder = Folder::new("output-interrupted");
    folder.write("direct.yaml", DIRECT).write("out.json", "old");
    let options =
        ["--sweep", "1..1000000", "--jobs", "1", "--json", "out.json", "--record", "kept"];
    let mut command = folder.command(&[&["run", "direct.yaml"], &options[..]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let unfinished = folder.0.join("out.json.unfinished");
    for _ in 0..600 {
        if unfinished.is_file() {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.read("out.json"), "old");
    let cases = folder.results("out.json.unfinished").cases;
    assert!(!cases.is_empty());
    let last = format!("{}..{}", cases[0].seed, cases.last().unwrap().seed);
    let verify = ["run", "direct.yaml", "--sweep", &last, "--verify", "--record", "kept"];
    let ran = folder.icelab(&verify);
    assert_eq!(ran.code(), 0, "each record that is there is whole: {}", ran.stdout());
    assert_eq!(folder.icelab(&["run", "direct.yaml", "--json", "out.json"]).code(), 0);
    assert!(!unfinished.exists(), "the next run is finished");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = Folder::new("output-pipe");
    folder.write("grid.yaml", GRID).write("broken.yaml", BROKEN);
    for (arguments, code) in [
        (["run", "grid.yaml", "--json", "out.json"].as_slice(), 0),
        (&["explain", "grid.yaml"], 0),
        (&["check", "grid.yaml"], 0),
        (&["schema"], 0),
        (&["presets"], 0),
        (&["run", "--help"], 0),
        (&["check", "broken.yaml"], 2),
    ] {
        let mut command = folder.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
    assert_eq!(folder.results("out.json").cases.len(), 4, "the file is written all the same");
}

#[test]
fn without_a_terminal_there_is_no_colour_and_no_progress() {
    let folder = Folder::new("output-plain");
    folder.write("wrong.yaml", WRONG).write("broken.yaml", BROKEN);
    let output = folder.command(&["run", "."]).env_remove("NO_COLOR").output().unwrap();
    for text in [output.stdout, output.stderr] {
        assert!(!text.contains(&b'\x1b') && !text.contains(&b'\r'));
    }
    folder.write("wrong.yaml", DIRECT).write("broken.yaml", DIRECT);
    assert_eq!(folder.icelab(&["run", "."]).stderr(), "");
}
