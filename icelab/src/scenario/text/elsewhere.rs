//! Keys that stand in a wrong place: where they belong.

/// Where a key of the grammar belongs.
pub(super) struct Place {
    /// In words, with an example.
    pub(super) help: &'static str,
    /// Whether it comes with a later version even there.
    pub(super) is_later: bool,
}

/// Where a key belongs, if the grammar has it somewhere.
pub(super) fn place_of(key: &str) -> Option<Place> {
    let found = PLACES.iter().find(|(keys, _)| keys.contains(&key));
    let later = LATER.iter().find(|(keys, _)| keys.contains(&key));
    let is_later = found.is_none();
    found.or(later).map(|(_, help)| Place { help, is_later })
}

const PLACES: &[(&[&str], &str)] = &[
    (
        &["nat", "firewall", "inside", "outside"],
        "it belongs to a gateway, as in `gateways: { home: { nat: linux } }`; peers stand `behind: home`",
    ),
    (&["stun", "turn"], "it belongs to a server, as in `servers: { turn: { turn: {} } }`"),
    (
        &["users", "quota", "realm", "lifetime", "nonce_lifetime", "transports", "credentials"],
        "it belongs to a TURN server, as in `servers: { turn: { turn: { quota: 2 } } }`",
    ),
    (&["behind", "ip"], "it belongs to a gateway, server or peer: check the indentation"),
    (
        &["lite", "nomination", "stack", "dtls"],
        "it belongs to a peer, as in `peers: { bob: { lite: true } }`",
    ),
    (
        &[
            "offerer",
            "answerer",
            "ice_servers",
            "trickle",
            "policy",
            "roles",
            "on_disconnected",
            "signalling",
        ],
        "it belongs under `call:`, as in `call: { offerer: alice, ice_servers: [stun] }`",
    ),
    (
        &["data"],
        "it belongs under `call:` or `expect:`, as in `call: { data: { send: { from: alice } } }`",
    ),
    (
        &["label", "ordered", "max_retransmits", "max_lifetime", "priority", "send"],
        "it belongs to a channel, as in `call: { data: { label: file, send: { from: alice } } }`",
    ),
    (
        &["from"],
        "it belongs to `send` of a channel, as in `send: { from: alice, size: 2 MiB }`, or to `match` of `drop`, as in `drop: { match: { packet: data, from: alice } }`",
    ),
    (
        &["size", "message"],
        "it belongs to `send` of a channel, as in `send: { from: alice, size: 2 MiB }`",
    ),
    (
        &["delivered", "goodput"],
        "it belongs to a channel that is expected, as in `expect: { data: { file: { delivered: 100 % } } }`",
    ),
    (&["outage"], "it belongs under `signalling:` of `call:`"),
    (
        &["connected", "path", "selected", "reconnected", "when", "over"],
        "it belongs under `expect:`, as in `expect: { path: direct }`",
    ),
    (&["within"], "it belongs to `connected` or `reconnected`, as in `connected: { within: 2 s }`"),
    (
        &["p50", "p95", "max", "share"],
        "it belongs to `connected` of an `expect` with `over: seeds`",
    ),
    (
        &[
            "at",
            "reboot",
            "rebind",
            "cut",
            "heal",
            "set",
            "restart_ice",
            "close",
            "pause",
            "resume",
        ],
        "it belongs to an event, as in `events: [ { at: 5 s, reboot: home } ]`",
    ),
    (&["match", "nth"], "it belongs to `drop` of an event, as in `drop: { match: nomination }`"),
    (&["seeds"], "it belongs under `sweep:`, as in `sweep: { seeds: 1..100 }`"),
    (
        &[
            "rate",
            "delay",
            "jitter",
            "loss",
            "burst",
            "reorder",
            "duplicate",
            "corrupt",
            "queue",
            "mtu",
        ],
        "it belongs to a link, as in `link: { delay: 30 ms, loss: 1 % }`",
    ),
    (
        &[
            "mapping",
            "filtering",
            "hairpin",
            "ports",
            "port_range",
            "timeouts",
            "refresh",
            "unsolicited",
        ],
        "it belongs under `nat:` of a gateway, as in `nat: { mapping: endpoint_independent }`",
    ),
    (
        &[
            "asks", "seed", "limit", "runtime", "links", "gateways", "servers", "peers", "call",
            "events", "matrix", "sweep", "expect",
        ],
        "it belongs to the top of the file, without blanks before it",
    ),
];

const LATER: &[(&[&str], &str)] =
    &[(&["media"], "its place is under `call:`"), (&["mdns"], "its place is a peer")];
