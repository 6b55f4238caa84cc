//! Chapter: what each NAT mapped, and towards whom.

use indexmap::IndexMap;

use crate::reading::name::Names;
use crate::reading::record::{Mapping, Reading};
use crate::reading::time::milliseconds;
use crate::story::page::Page;

/// Tells the mappings of each gateway, gateways in the order of their first one.
pub(crate) fn tell(page: &mut Page, reading: &Reading, names: &Names<'_>) {
    if reading.mappings.is_empty() {
        return;
    }
    page.heading("What the NATs mapped (inside -> outside, and whom it was used towards)");
    let mut gateways = IndexMap::<&str, Vec<&Mapping>>::new();
    for mapping in &reading.mappings {
        gateways.entry(mapping.gateway.as_str()).or_default().push(mapping);
    }
    for (gateway, mappings) in gateways {
        for mapping in mappings {
            page.entry(mapping.made, gateway, &line(mapping, names));
        }
    }
}

fn line(mapping: &Mapping, names: &Names<'_>) -> String {
    let mut text = format!("{} -> {}", mapping.inside, mapping.outside);
    let towards = mapping.towards.iter().take(SHOWN).map(|&(address, since)| {
        let name = names.other(address, "");
        let (since, made) = (milliseconds(since), milliseconds(mapping.made));
        if since == made { name } else { format!("{name} from {since} ms") }
    });
    let towards: Vec<_> = towards.collect();
    if !towards.is_empty() {
        text += &format!(", for {}", towards.join(", "));
    }
    if mapping.towards.len() > SHOWN {
        text += &format!(" and {} more", mapping.towards.len() - SHOWN);
    }
    if let Some(expired) = mapping.expired {
        text += &format!("; gone at {} ms", milliseconds(expired));
    }
    text
}

/// How many of those that a mapping was used towards are named.
const SHOWN: usize = 6;
