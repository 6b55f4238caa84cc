//! The NATs that have a name behave as they are described.

use super::*;

#[test]
fn presets_have_names_of_their_own_and_say_where_they_come_from() {
    let mut names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 22);
    for preset in Preset::ALL {
        assert!(preset.summary.ends_with('.') && !preset.source.is_empty(), "{}", preset.name);
        assert_eq!(Preset::named(preset.name).unwrap().config(), preset.config());
    }
    assert!(Preset::named("full cone").is_none());
}

#[test]
fn the_defaults_are_those_of_the_grammar() {
    let config = Preset::named("port_restricted").unwrap().config();
    assert_eq!(config, Config::default());
    assert_eq!(config.ports, Ports::Preserve);
    assert_eq!(config.hairpin, Hairpin::None);
    assert_eq!(config.pooling, Pooling::Paired);
    assert_eq!(config.refresh, Refresh::Outbound);
    assert_eq!(config.unsolicited, Unsolicited::Drop);
    assert_eq!(config.filter_state, FilterState::Mapping);
    assert_eq!(config.timeouts.udp_unreplied.as_secs(), 300);
    assert_eq!(config.timeouts.udp_replied.as_secs(), 300);
}

/// Mapping as RFC 5780 would find it, and filtering, both from packets alone.
fn found(preset: &str) -> (Behaviour, Behaviour) {
    let mut lab = Lab::preset(preset);
    let first = lab.send(A, R1, Instant::START).unwrap();
    let filtering = [(R2, EI), (R1_OTHER, AD), (R1, APD)]
        .into_iter()
        .find(|(from, _)| lab.reaches(from, first, Instant::START))
        .unwrap()
        .1;
    let same_address = lab.send(A, R1_OTHER, Instant::START).unwrap();
    let other_address = lab.send(A, R2, Instant::START).unwrap();
    let mapping = match (first == same_address, first == other_address) {
        (true, true) => EI,
        (true, false) => AD,
        _ => APD,
    };
    (mapping, filtering)
}

#[test]
fn presets_behave_as_they_are_described() {
    for (preset, behaviours) in [
        ("full_cone", (EI, EI)),
        ("restricted", (EI, AD)),
        ("port_restricted", (EI, APD)),
        ("symmetric", (APD, APD)),
        ("linux", (EI, APD)),
        ("linux_input_accept", (EI, APD)),
        ("linux_random", (APD, APD)),
        ("openwrt", (EI, APD)),
        ("pf", (APD, APD)),
        ("pf_static_port", (EI, APD)),
        ("routeros", (EI, APD)),
        ("cisco_asa", (EI, APD)),
        ("aws_nat_gateway", (APD, APD)),
        ("azure_nat_gateway", (APD, APD)),
        ("gcp_cloud_nat", (APD, APD)),
        ("docker", (EI, APD)),
        ("cgn_rfc6888", (EI, EI)),
        ("cgn_strict", (APD, APD)),
        ("android_hotspot", (EI, APD)),
        ("one_to_one", (EI, APD)),
    ] {
        assert_eq!(found(preset), behaviours, "{preset}");
    }
}

#[test]
fn a_cloud_machine_with_one_block_runs_out_of_ports_towards_one_remote_endpoint() {
    let mut lab = Lab::preset("gcp_cloud_nat");
    for port in 1000..1064 {
        lab.send(&format!("192.168.1.2:{port}"), R1, Instant::START).unwrap();
    }
    let one_more = "192.168.1.2:2000";
    assert_eq!(lab.send(one_more, R1, Instant::START), Err(DropReason::NoPortLeft));
    assert!(lab.send(one_more, R2, Instant::START).is_ok());
}
