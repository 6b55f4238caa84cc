//! What a newcomer is told.

use super::Folder;

const COMMANDS: [&str; 9] =
    ["run", "check", "explain", "new", "schema", "presets", "merge", "diff", "bench"];

#[test]
fn every_command_explains_itself_with_examples() {
    let folder = Folder::new("help");
    let top = folder.icelab(&["--help"]);
    assert_eq!(top.code(), 0);
    assert!(top.stdout().contains("Examples:") && top.stdout().contains("Exit code 0"));
    for command in COMMANDS {
        assert!(top.stdout().contains(&format!("\n  {command} ")), "{command}");
        let help = folder.icelab(&[command, "--help"]);
        assert_eq!(help.code(), 0);
        let text = help.stdout();
        assert!(text.contains("Example") && text.contains(&format!("icelab {command}")), "{text}");
        let examples = text.split_once("Example").unwrap().1;
        assert!(examples.lines().all(|line| line.chars().count() <= 100), "{examples}");
    }
}

#[test]
fn what_is_asked_wrongly_ends_with_2_and_names_what_is_right() {
    let folder = Folder::new("help-wrong");
    for (arguments, right) in [
        ([].as_slice(), "Usage: icelab <COMMAND>"),
        (&["chekc"], "'check'"),
        (&["run", "--fliter", "x"], "'--filter'"),
        (&["run", "--jobs", "0"], "write how many threads to use, 1 or more"),
        (&["run", "--seed", "abc"], "a seed is a whole number from 0 up"),
        (&["run", "--seed", "-1"], "a seed is a whole number from 0 up"),
        (&["explain", "a.yaml", "--seed", "-1"], "a seed is a whole number from 0 up"),
        (&["run", "nowhere.yaml", "--case", "x"], "there is no such file"),
        (&["run", "--shard", "5/4"], "K runs from 1 to N"),
        (&["run", "--shard", "half"], "K/N, such as 2/4"),
        (&["run", "--sweep", "9..1"], "the smaller first"),
        (&["run", "--seed", "1", "--sweep", "1..2"], "cannot be used with"),
        (&["run", "--accept"], "--snapshots"),
        (&["explain"], "<FILE>"),
        (&["diff", "a.json"], "<B>"),
        (&["merge"], "<FILE>..."),
    ] {
        let ran = folder.icelab(arguments);
        assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr().contains(right), "{arguments:?}: {}", ran.stderr());
    }
}
