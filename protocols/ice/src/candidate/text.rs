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
