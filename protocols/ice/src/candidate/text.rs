//! The `candidate` attribute's text (RFC 8839 section 5.1, RFC 6544 section 4.5).
//!
//! ```text
//! candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ KIND
//!          [raddr ADDRESS] [rport PORT] [tcptype TYPE] *(NAME VALUE)
//! ```

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use super::{Address, Candidate, CandidateKind, CandidateTransport, TcpType};
use crate::foundation::Foundation;

/// Why a text is no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CandidateError {
    /// It ends too early.
    #[error("the candidate ends before its {0}")]
    Missing(&'static str),
    /// A field has a value that it cannot have.
    #[error("the candidate's {0} is wrong")]
    Wrong(&'static str),
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, component, priority, kind, .. } = self;
        let transport = match &self.transport {
            CandidateTransport::Udp => "UDP",
            CandidateTransport::Tcp(_) => "TCP",
            CandidateTransport::Other(other) => other,
        };
        write!(f, "candidate:{foundation} {component} {transport} {priority} ")?;
        match &self.address {
            Address::Socket(address) => write!(f, "{} {}", address.ip(), address.port())?,
            Address::Name { name, port } => write!(f, "{name} {port}")?,
        }
        write!(f, " typ {kind}")?;
        if let Some(related) = self.related {
            write!(f, " raddr {} rport {}", related.ip(), related.port())?;
        }
        if let CandidateTransport::Tcp(tcp) = self.transport {
            write!(f, " tcptype {}", tcp.word())?;
        }
        for (name, value) in &self.extensions {
            write!(f, " {name} {value}")?;
        }
        Ok(())
    }
}

impl FromStr for Candidate {
    type Err = CandidateError;

    /// Reads an attribute's value, with or without `candidate:` (and `a=`) before it.
    fn from_str(text: &str) -> Result<Self, CandidateError> {
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let text = text.strip_prefix("candidate:").unwrap_or(text);
        let mut words = text.split_ascii_whitespace();
        let mut next = |field| words.next().ok_or(CandidateError::Missing(field));

        let foundation: Foundation = parse(next("foundation")?, "foundation")?;
        let component: u16 = parse(next("component")?, "component")?;
        let transport = next("transport")?.to_owned();
        let priority: u32 = parse(next("priority")?, "priority")?;
        let (host, port) = (next("address")?, next("port")?);
        let port: u16 = parse(port, "port")?;
        if next("type")? != "typ" {
            return Err(CandidateError::Missing("type"));
        }
        let kind = CandidateKind::from_word(next("type")?).ok_or(CandidateError::Wrong("type"))?;
        if !(1..=256).contains(&component) {
            return Err(CandidateError::Wrong("component"));
        }
        if priority == 0 {
            return Err(CandidateError::Wrong("priority"));
        }
        let tail = Tail::read(words)?;
        Ok(Self {
            foundation,
            component,
            transport: transport_of(&transport, tail.tcp_type)?,
            priority,
            address: address(host, port)?,
            kind,
            related: tail.related,
            extensions: tail.extensions,
        })
    }
}

/// What follows the type, in any order.
#[derive(Default)]
struct Tail {
    related: Option<SocketAddr>,
    tcp_type: Option<TcpType>,
    extensions: Vec<(String, String)>,
}

impl Tail {
    fn read<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Self, CandidateError> {
        let mut tail = Self::default();
        let mut ip = None;
        let mut port = None;
        while let Some(name) = words.next() {
            // An extension's value may be empty by the grammar; then the line ends here.
            let value = words.next().unwrap_or("");
            match name {
                // A name instead of an address is of no use here, and no reason to refuse.
                "raddr" => ip = value.parse::<IpAddr>().ok(),
                "rport" => port = Some(parse::<u16>(value, "related port")?),
                "tcptype" => {
                    let word = TcpType::from_word(value);
                    tail.tcp_type = Some(word.ok_or(CandidateError::Wrong("TCP type"))?);
                }
                _ if tail.extensions.len() == MAX_EXTENSIONS => {
                    return Err(CandidateError::Wrong("number of extensions"));
                }
                _ => tail.extensions.push((name.to_owned(), value.to_owned())),
            }
        }
        tail.related = ip.map(|ip| SocketAddr::new(ip, port.unwrap_or(9)));
        Ok(tail)
    }
}

fn parse<T: FromStr>(text: &str, field: &'static str) -> Result<T, CandidateError> {
    text.parse().map_err(|_| CandidateError::Wrong(field))
}

fn transport_of(
    text: &str,
    tcp_type: Option<TcpType>,
) -> Result<CandidateTransport, CandidateError> {
    if text.eq_ignore_ascii_case("udp") {
        Ok(CandidateTransport::Udp)
    } else if text.eq_ignore_ascii_case("tcp") {
        let tcp_type = tcp_type.ok_or(CandidateError::Missing("TCP type"))?;
        Ok(CandidateTransport::Tcp(tcp_type))
    } else if text.bytes().all(is_token_char) {
        Ok(CandidateTransport::Other(text.to_owned()))
    } else {
        Err(CandidateError::Wrong("transport"))
    }
}

fn address(host: &str, port: u16) -> Result<Address, CandidateError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Address::Socket(SocketAddr::new(ip, port)));
    }
    let is_name_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if host.len() > MAX_NAME || !host.bytes().all(is_name_char) {
        return Err(CandidateError::Wrong("address"));
    }
    let name = host.to_owned();
    Ok(Address::Name { name, port })
}

/// RFC 3261 section 25.1: `token`.
const fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

impl CandidateKind {
    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Host, Self::ServerReflexive, Self::PeerReflexive, Self::Relayed];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

impl TcpType {
    /// SDP's word: `active`, `passive` or `so`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::SimultaneousOpen => "so",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Active, Self::Passive, Self::SimultaneousOpen];
        all.into_iter().find(|tcp_type| tcp_type.word() == word)
    }
}

/// The longest domain name (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;

/// Far more than any candidate in the field has.
const MAX_EXTENSIONS: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Candidate, CandidateError> {
        text.parse()
    }

    /// RFC 8839 section 5.1's example.
    #[test]
    fn the_rfcs_example_is_read_and_printed() {
        let text =
            "candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998";
        let candidate = parse(text).unwrap();
        assert_eq!(candidate.foundation.as_str(), "2");
        assert_eq!(candidate.component, 1);
        assert_eq!(candidate.transport, CandidateTransport::Udp);
        assert_eq!(candidate.priority, 1_694_498_815);
        assert_eq!(candidate.socket(), Some("192.0.2.3:45664".parse().unwrap()));
        assert_eq!(candidate.kind, CandidateKind::ServerReflexive);
        assert_eq!(candidate.related, Some("203.0.113.141:8998".parse().unwrap()));
        assert_eq!(candidate.to_string(), text);
    }

    #[test]
    fn chromiums_candidates_are_read_extensions_kept() {
        let text = "a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host \
                    generation 0 ufrag EEtu network-id 3 network-cost 10";
        let candidate = parse(text).unwrap();
        assert_eq!(candidate.extension("ufrag"), Some("EEtu"));
        assert_eq!(candidate.extension("network-cost"), Some("10"));
        assert_eq!(candidate.extension("nothing"), None);
        assert_eq!(candidate.extensions.len(), 4);
        assert!(candidate.to_string().ends_with("network-id 3 network-cost 10"));
    }

    #[test]
    fn firefoxs_tcp_candidates_are_read() {
        let text = "candidate:4 1 TCP 2105458943 192.168.1.5 9 typ host tcptype active";
        let candidate = parse(text).unwrap();
        assert_eq!(candidate.transport, CandidateTransport::Tcp(TcpType::Active));
        assert_eq!(candidate.to_string(), text);
        let untyped = "candidate:4 1 TCP 2105458943 192.168.1.5 9 typ host";
        assert_eq!(parse(untyped), Err(CandidateError::Missing("TCP type")));
    }

    #[test]
    fn a_name_is_kept_as_a_name() {
        let candidate = parse("1 1 udp 2113937151 c0ffee-1.local 54321 typ host").unwrap();
        assert_eq!(candidate.socket(), None);
        assert_eq!(candidate.address.to_string(), "c0ffee-1.local:54321");
    }

    #[test]
    fn ipv6_is_read_without_brackets() {
        let candidate = parse("1 1 udp 5 2001:db8::1 9 typ relay raddr :: rport 9").unwrap();
        assert_eq!(candidate.socket(), Some("[2001:db8::1]:9".parse().unwrap()));
        assert_eq!(candidate.related, Some("[::]:9".parse().unwrap()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("", CandidateError::Missing("foundation")),
            ("1 1 udp 5 192.0.2.1", CandidateError::Missing("port")),
            ("1 1 udp 5 192.0.2.1 9", CandidateError::Missing("type")),
            ("1 1 udp 5 192.0.2.1 9 host x", CandidateError::Missing("type")),
            ("1 1 udp 5 192.0.2.1 9 typ moon", CandidateError::Wrong("type")),
            ("_ 1 udp 5 192.0.2.1 9 typ host", CandidateError::Wrong("foundation")),
            ("1 0 udp 5 192.0.2.1 9 typ host", CandidateError::Wrong("component")),
            ("1 257 udp 5 192.0.2.1 9 typ host", CandidateError::Wrong("component")),
            ("1 1 u(p 5 192.0.2.1 9 typ host", CandidateError::Wrong("transport")),
            ("1 1 udp 0 192.0.2.1 9 typ host", CandidateError::Wrong("priority")),
            ("1 1 udp 4294967296 192.0.2.1 9 typ host", CandidateError::Wrong("priority")),
            ("1 1 udp 5 a!b 9 typ host", CandidateError::Wrong("address")),
            ("1 1 udp 5 192.0.2.1 65536 typ host", CandidateError::Wrong("port")),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    fn candidates() -> impl Strategy<Value = Candidate> {
        let address = prop_oneof![
            any::<(std::net::Ipv4Addr, u16)>().prop_map(|it| Address::Socket(it.into())),
            (any::<[u16; 8]>(), any::<u16>()).prop_map(|(ip, port)| {
                Address::Socket((std::net::Ipv6Addr::from(ip), port).into())
            }),
            ("[a-z][a-z0-9-]{0,30}[.]local", any::<u16>())
                .prop_map(|(name, port)| Address::Name { name, port }),
        ];
        let transport = prop_oneof![
            Just(CandidateTransport::Udp),
            Just(CandidateTransport::Tcp(TcpType::Active)),
            Just(CandidateTransport::Tcp(TcpType::Passive)),
            Just(CandidateTransport::Tcp(TcpType::SimultaneousOpen)),
            "x[a-z0-9]{1,8}".prop_map(CandidateTransport::Other),
        ];
        let kind = prop_oneof![
            Just(CandidateKind::Host),
            Just(CandidateKind::ServerReflexive),
            Just(CandidateKind::PeerReflexive),
            Just(CandidateKind::Relayed),
        ];
        let related =
            prop::option::of(any::<(std::net::Ipv4Addr, u16)>().prop_map(SocketAddr::from));
        let extensions = prop::collection::vec(("x-[a-z]{1,9}", "[!-~]{1,12}"), 0..5);
        let foundation = "[A-Za-z0-9+/]{1,32}".prop_map(|text| text.parse().unwrap());
        (foundation, 1..=256_u16, transport, 1..u32::MAX, address, kind, related, extensions)
            .prop_map(
                |(
                    foundation,
                    component,
                    transport,
                    priority,
                    address,
                    kind,
                    related,
                    extensions,
                )| {
                    Candidate {
                        foundation,
                        component,
                        transport,
                        priority,
                        address,
                        kind,
                        related,
                        extensions,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(candidate in candidates()) {
            prop_assert_eq!(parse(&candidate.to_string()), Ok(candidate));
        }

        #[test]
        fn no_text_panics_and_what_is_read_prints_the_same_again(text in "(1 1 udp 5 )?[ -~]{0,80}") {
            if let Ok(candidate) = parse(&text) {
                prop_assert_eq!(parse(&candidate.to_string()), Ok(candidate));
            }
        }
    }
}
