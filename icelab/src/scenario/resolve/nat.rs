//! NATs: presets and terms.

use icelab_sim::nat::{
    Behaviour, Config, FilterState, Fragments, Hairpin, Kind, Pooling, Ports, Refresh, Timeouts,
    Tracking, Unsolicited, WhenFull,
};

use crate::presets;
use crate::scenario::grammar::nat::{
    BehaviourWord, FilterStateWord, FragmentsWord, HairpinWord, Nat, NatFields, PoolingWord,
    Ports as PortsTerm, PortsWord, RefreshWord, Timeouts as TimeoutsTerm, TrackingWord,
    UnsolicitedWord, WhenFullWord,
};
use crate::scenario::text::decode::{At, NameOr};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::quantity::Time;

/// The NAT that is meant; `None` routes.
pub(super) fn resolve(nat: &At<Nat>, faults: &mut Faults) -> Option<Config> {
    match &nat.value {
        NameOr::Name(name) => named(&At { value: name.clone(), span: nat.span }, faults),
        NameOr::Given(fields) => {
            let base = match &fields.like {
                Some(like) => like_preset(like, faults),
                None => Some(Config::default()),
            };
            let config = with_fields(base.unwrap_or_default(), fields, faults);
            check_ports(&config, fields, faults);
            Some(config)
        }
    }
}

/// A preset with terms of its own.
fn like_preset(like: &At<String>, faults: &mut Faults) -> Option<Config> {
    if presets::nat(&like.value) == Some(None) {
        let fault = Fault::new(like.span, format!("`{}` translates nothing", like.value));
        faults.push(fault.help("remove `like`, or name a NAT that these terms change"));
        return None;
    }
    named(like, faults)
}

/// Tells of ports that cannot be given out so.
fn check_ports(config: &Config, fields: &NatFields, faults: &mut Faults) {
    let own =
        [fields.ports.as_ref().map(|it| it.span), fields.port_range.as_ref().map(|it| it.span)];
    let Some(span) = own.into_iter().flatten().next() else { return };
    if config.kind == Kind::OneToOne {
        faults.push(
            Fault::new(span, "a one-to-one NAT keeps all ports")
                .help("remove this, or `one_to_one`"),
        );
    }
    let (first, last) = (*config.port_range.start(), *config.port_range.end());
    let count = u32::from(last - first) + 1;
    if let Ports::Block { size, .. } = config.ports
        && u32::from(size) > count
    {
        faults.push(
            Fault::new(span, format!("a block of {size} ports does not fit in {first}..{last}"))
                .label(format!("{count} ports in all"))
                .help("write a smaller `size`, or a larger `port_range`"),
        );
    }
}

fn named(name: &At<String>, faults: &mut Faults) -> Option<Config> {
    presets::nat(&name.value).unwrap_or_else(|| {
        faults.push(Fault::unknown_word(
            name.span,
            &name.value,
            &presets::nat_names(),
            "NAT preset",
        ));
        None
    })
}

fn with_fields(mut config: Config, fields: &NatFields, faults: &mut Faults) -> Config {
    set(&mut config.mapping, fields.mapping.as_ref(), behaviour);
    set(&mut config.filtering, fields.filtering.as_ref(), behaviour);
    set(&mut config.filter_state, fields.filter_state.as_ref(), |word| match word {
        FilterStateWord::Mapping => FilterState::Mapping,
        FilterStateWord::InsideEndpoint => FilterState::InsideEndpoint,
    });
    set(&mut config.tracking, fields.tracking.as_ref(), |word| match word {
        TrackingWord::Mappings => Tracking::Mappings,
        TrackingWord::Connections => Tracking::Connections,
    });
    if let Some(term) = &fields.ports {
        config.ports = ports(term, faults);
    }
    if let Some(range) = &fields.port_range {
        config.port_range = range.value.first..=range.value.last;
    }
    set(&mut config.pooling, fields.pooling.as_ref(), |word| match word {
        PoolingWord::Paired => Pooling::Paired,
        PoolingWord::Arbitrary => Pooling::Arbitrary,
    });
    set(&mut config.hairpin, fields.hairpin.as_ref(), |word| match word {
        HairpinWord::None => Hairpin::None,
        HairpinWord::InternalSource => Hairpin::InternalSource,
        HairpinWord::ExternalSource => Hairpin::ExternalSource,
    });
    if let Some(term) = &fields.timeouts {
        timeouts(&mut config.timeouts, term, faults);
    }
    set(&mut config.refresh, fields.refresh.as_ref(), |word| match word {
        RefreshWord::Outbound => Refresh::Outbound,
        RefreshWord::Inbound => Refresh::Inbound,
        RefreshWord::Both => Refresh::Both,
        RefreshWord::None => Refresh::None,
    });
    set(&mut config.unsolicited, fields.unsolicited.as_ref(), |word| match word {
        UnsolicitedWord::Drop => Unsolicited::Drop,
        UnsolicitedWord::Reject => Unsolicited::Reject,
        UnsolicitedWord::Track => Unsolicited::Track,
    });
    config.capacity = count(fields.capacity.as_ref(), faults).or(config.capacity);
    config.quota = count(fields.quota.as_ref(), faults).or(config.quota);
    set(&mut config.when_full, fields.when_full.as_ref(), |word| match word {
        WhenFullWord::Drop => WhenFull::Drop,
        WhenFullWord::EvictOldest => WhenFull::EvictOldest,
        WhenFullWord::EvictUnreplied => WhenFull::EvictUnreplied,
    });
    set(&mut config.hold_down, fields.hold_down.as_ref(), |time| time.0);
    match fields.one_to_one.as_ref().map(|is| is.value) {
        Some(true) => config.kind = Kind::OneToOne,
        Some(false) if config.kind == Kind::OneToOne => config.kind = Kind::Napt,
        Some(false) | None => {}
    }
    set(&mut config.fragments, fields.fragments.as_ref(), |word| match word {
        FragmentsWord::Drop => Fragments::Drop,
        FragmentsWord::InOrder => Fragments::InOrder,
        FragmentsWord::OutOfOrder => Fragments::OutOfOrder,
    });
    config
}

fn set<W: Copy, T>(target: &mut T, term: Option<&At<W>>, meaning: impl Fn(W) -> T) {
    if let Some(term) = term {
        *target = meaning(term.value);
    }
}

fn behaviour(word: BehaviourWord) -> Behaviour {
    match word {
        BehaviourWord::EndpointIndependent => Behaviour::EndpointIndependent,
        BehaviourWord::AddressDependent => Behaviour::AddressDependent,
        BehaviourWord::AddressAndPortDependent => Behaviour::AddressAndPortDependent,
    }
}

fn ports(term: &At<PortsTerm>, faults: &mut Faults) -> Ports {
    let (size, most) = match &term.value {
        PortsTerm::Word(word) => match word {
            PortsWord::Preserve => return Ports::Preserve,
            PortsWord::PreserveClass => return Ports::PreserveClass,
            PortsWord::PreserveParity => return Ports::PreserveParity,
            PortsWord::Sequential => return Ports::Sequential,
            PortsWord::Random => return Ports::Random,
            PortsWord::Overload => return Ports::Overload,
            PortsWord::Block => (None, None),
        },
        PortsTerm::Given(fields) => match &fields.block {
            Some(block) => (block.value.size.as_ref(), block.value.most.as_ref()),
            None => {
                faults.push(Fault::missing(term.span, "block", "`ports` as a map"));
                (None, None)
            }
        },
    };
    let mut number = |term: Option<&At<u64>>, default: u16| match term {
        None => default,
        Some(term) => match u16::try_from(term.value) {
            Ok(number) if number > 0 => number,
            _ => {
                let message = format!("{} is out of range", term.value);
                faults.push(Fault::new(term.span, message).label("should be from 1 to 65535"));
                default
            }
        },
    };
    Ports::Block { size: number(size, BLOCK_SIZE), most: number(most, MOST_BLOCKS) }
}

fn timeouts(timeouts: &mut Timeouts, term: &At<TimeoutsTerm>, faults: &mut Faults) {
    let mut positive = |time: &At<Time>| {
        if time.value.0.is_zero() {
            faults.push(Fault::new(time.span, "a mapping must live for some time"));
        }
        time.value.0
    };
    let udp = |timeouts: &mut Timeouts, time| {
        timeouts.udp_unreplied = time;
        timeouts.udp_repeated = None;
        timeouts.udp_replied = time;
        timeouts.udp_stream = None;
    };
    match &term.value {
        TimeoutsTerm::Udp(time) => {
            let time = positive(&At { value: *time, span: term.span });
            udp(timeouts, time);
        }
        TimeoutsTerm::Given(fields) => {
            if let Some(time) = &fields.udp {
                let time = positive(time);
                udp(timeouts, time);
            }
            let mut term = |time: &Option<At<Time>>| time.as_ref().map(&mut positive);
            if let Some(time) = term(&fields.udp_unreplied) {
                timeouts.udp_unreplied = time;
            }
            timeouts.udp_repeated = term(&fields.udp_repeated).or(timeouts.udp_repeated);
            if let Some(time) = term(&fields.udp_replied) {
                timeouts.udp_replied = time;
            }
            timeouts.udp_stream = term(&fields.udp_stream).or(timeouts.udp_stream);
            if let Some(time) = term(&fields.icmp) {
                timeouts.icmp = time;
            }
        }
    }
}

fn count(term: Option<&At<u64>>, faults: &mut Faults) -> Option<usize> {
    let term = term?;
    if term.value == 0 {
        faults.push(Fault::new(term.span, "a NAT without room for one mapping passes nothing"));
    }
    usize::try_from(term.value).ok()
}

/// Ports in a block where nothing else is written.
const BLOCK_SIZE: u16 = 512;

/// Blocks of one inside address where nothing else is written.
const MOST_BLOCKS: u16 = 4;
