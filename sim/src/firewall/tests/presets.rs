//! What the firewalls that have a name let in and out.

use super::*;

#[test]
fn presets_have_names_of_their_own_and_say_their_rules() {
    let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
    assert_eq!(
        names,
        [
            "open",
            "stateful",
            "block_udp",
            "web_only",
            "tls_only_443",
            "corporate",
            "captive_portal"
        ]
    );
    for preset in Preset::ALL {
        assert!(preset.summary.ends_with('.') && !preset.rules.is_empty());
        assert_eq!(Preset::named(preset.name).unwrap().config(), preset.config());
    }
    assert!(Preset::named("closed").is_none());
}

#[test]
fn presets_let_out_what_they_say() {
    let dns = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let probes = [
        udp(INSIDE, PEER, &stun()),
        udp(INSIDE, "9.9.9.9:53", &dns),
        udp(INSIDE, "9.9.9.9:53", &stun()),
        tcp(INSIDE, "198.51.100.1:6000", b""),
        tcp(INSIDE, "198.51.100.1:80", b""),
        tcp(INSIDE, "198.51.100.1:443", &[22, 3, 1, 2, 0]),
        tcp(INSIDE, "198.51.100.1:443", &stun()),
        tcp(INSIDE, "198.51.100.1:993", b""),
        tcp(INSIDE, "10.0.0.1:80", b""),
        ping(INSIDE, PEER),
    ];
    for (preset, expected) in [
        ("open", "++++++++++"),
        ("stateful", "++++++++++"),
        ("block_udp", "---+++++++"),
        ("web_only", "-++-+++-++"),
        ("tls_only_443", "-+---+----"),
        ("corporate", "-++-++++++"),
        ("captive_portal", "-+------+-"),
    ] {
        let config = Preset::named(preset).unwrap().config();
        let got: String = probes
            .iter()
            .map(|probe| match out(&mut Firewall::new(config.clone()), probe) {
                Verdict::Allow => '+',
                Verdict::Drop(_) | Verdict::Reject(_) => '-',
            })
            .collect();
        assert_eq!(got, expected, "{preset}");
    }
}

#[test]
fn only_the_open_one_lets_strangers_in() {
    for preset in Preset::ALL {
        let mut firewall = Firewall::new(preset.config());
        let verdict = into(&mut firewall, &udp(PEER, INSIDE, b"x"));
        assert_eq!(verdict == Verdict::Allow, preset.name == "open", "{}", preset.name);
    }
}

#[test]
fn companies_and_portals_say_no_aloud() {
    for (preset, rejects) in [("corporate", true), ("captive_portal", true), ("block_udp", false)] {
        let mut firewall = Firewall::new(Preset::named(preset).unwrap().config());
        let verdict = out(&mut firewall, &udp(INSIDE, PEER, &stun()));
        assert_eq!(matches!(verdict, Verdict::Reject(_)), rejects, "{preset}");
    }
}
