//! `icelab presets`.

use super::arguments::PresetsArguments;
use super::{Ending, message, print};
use crate::presets::{self, Preset};
use crate::scenario::text::nearest::nearest;

/// Prints what presets do, and where that comes from.
pub(super) fn presets(arguments: &PresetsArguments) -> Ending {
    let all = presets::all();
    let shown: Vec<&Preset> = match &arguments.name {
        None => all.iter().collect(),
        Some(name) => all.iter().filter(|preset| preset.name == name).collect(),
    };
    if let (true, Some(name)) = (shown.is_empty(), &arguments.name) {
        let names = all.iter().map(|preset| preset.name);
        let help = match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`icelab presets` lists them".to_owned(),
        };
        return message::problem(&format!("no preset is named `{name}`; {help}"));
    }
    let width = all.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut kind = None;
    for preset in shown {
        if kind != Some(preset.kind) {
            let blank = if kind.is_some() { "\n" } else { "" };
            text.push_str(&format!("{blank}{}\n", preset.kind.heading()));
            kind = Some(preset.kind);
        }
        text.push_str(&format!("  {:width$}  {}\n", preset.name, preset.description));
        if !preset.source.is_empty() {
            text.push_str(&format!("  {:width$}  source: {}\n", "", preset.source));
        }
        if arguments.name.is_some() {
            for line in &preset.terms {
                text.push_str(&format!("  {:width$}  {line}\n", ""));
            }
        }
    }
    print(&text)
}
