//! The state cookie: all that an association needs to begin, kept by the peer until it sends it back,
//! so that an INIT costs no memory here (RFC 9260 section 5.1.3).

use core::time::Duration;

use icelab_crypto::{Hash, Hmac};
use icelab_sans_io::{Instant, Rng};
use icelab_wire::{Reader, Writer};

use crate::packet::{Tsn, VerificationTag};
use crate::peer::Peer;

/// Makes and opens cookies.
#[derive(Clone)]
pub(crate) struct Baker {
    key: Hmac,
}

impl core::fmt::Debug for Baker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Baker").finish_non_exhaustive()
    }
}

/// What a cookie holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// Made then; good for so long.
    pub(crate) made_at: Instant,
    pub(crate) life: Duration,
    /// The tag and the first TSN that this end has given in its INIT ACK.
    pub(crate) own_tag: VerificationTag,
    pub(crate) own_initial_tsn: Tsn,
    /// What the peer's INIT said.
    pub(crate) peer: Peer,
    /// Those of the association that there was.
    pub(crate) ties: TieTags,
}

/// Two random numbers by which an association is known again, without its tags being told (RFC 9260
/// section 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TieTags(u32, u32);

impl TieTags {
    /// There was no association.
    pub(crate) const NONE: Self = Self(0, 0);

    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self(rng.next_u32().max(1), rng.next_u32().max(1))
    }
}

/// Why a cookie is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was not made here, or was changed.
    Forged,
    /// It is too old, by so much.
    Stale(Cookie, Duration),
}

impl Baker {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self { key: Hmac::new(Hash::Sha256, &rng.bytes::<32>()) }
    }

    pub(crate) fn bake(&self, cookie: &Cookie) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128);
        cookie.encode(&mut writer);
        let tag = self.key.sign(&[writer.as_slice()]);
        writer.bytes(tag.as_bytes());
        writer.into_vec()
    }

    pub(crate) fn open(&self, bytes: &[u8], now: Instant) -> Result<Cookie, Refusal> {
        let split = bytes.len().checked_sub(TAG).ok_or(Refusal::Forged)?;
        let (body, tag) = bytes.split_at(split);
        if !self.key.verify(&[body], tag) {
            return Err(Refusal::Forged);
        }
        let cookie = Cookie::decode(&mut Reader::new(body)).ok_or(Refusal::Forged)?;
        let age = now - cookie.made_at;
        if age > cookie.life {
            return Err(Refusal::Stale(cookie, age - cookie.life));
        }
        Ok(cookie)
    }
}

impl Cookie {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.made_at.as_nanos());
        writer.u32(u32::try_from(self.life.as_millis()).unwrap_or(u32::MAX));
        writer.u32(self.own_tag.0);
        writer.u32(self.own_initial_tsn.0);
        writer.u32(self.ties.0);
        writer.u32(self.ties.1);
        self.peer.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            made_at: Instant::from_nanos(reader.u64().ok()?),
            life: Duration::from_millis(reader.u32().ok()?.into()),
            own_tag: VerificationTag(reader.u32().ok()?),
            own_initial_tsn: Tsn(reader.u32().ok()?),
            ties: TieTags(reader.u32().ok()?, reader.u32().ok()?),
            peer: Peer::decode(reader)?,
        })
    }
}

/// The bytes of a SHA-256 tag.
const TAG: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Extensions;

    fn cookie() -> Cookie {
        Cookie {
            made_at: Instant::from_millis(5),
            life: Duration::from_secs(60),
            own_tag: VerificationTag(1),
            own_initial_tsn: Tsn(2),
            ties: TieTags(3, 4),
            peer: Peer {
                tag: VerificationTag(5),
                initial_tsn: Tsn(6),
                window: 7,
                outbound_streams: 8,
                inbound_streams: 9,
                extensions: Extensions { interleaving: false, ..Extensions::default() },
            },
        }
    }

    #[test]
    fn a_cookie_comes_back_as_it_was() {
        let baker = Baker::new(&mut Rng::from_u64(1));
        let bytes = baker.bake(&cookie());
        assert_eq!(baker.open(&bytes, Instant::from_secs(1)), Ok(cookie()));
    }

    #[test]
    fn no_bit_of_it_may_change() {
        let baker = Baker::new(&mut Rng::from_u64(1));
        let bytes = baker.bake(&cookie());
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(baker.open(&changed, Instant::from_secs(1)), Err(Refusal::Forged));
        }
        let other = Baker::new(&mut Rng::from_u64(2));
        assert_eq!(other.open(&bytes, Instant::from_secs(1)), Err(Refusal::Forged));
    }

    #[test]
    fn an_old_one_says_how_old_it_is() {
        let baker = Baker::new(&mut Rng::from_u64(1));
        let bytes = baker.bake(&cookie());
        let now = Instant::from_millis(60_005);
        assert_eq!(baker.open(&bytes, now), Ok(cookie()));
        let late = now + Duration::from_millis(3);
        let stale = Refusal::Stale(cookie(), Duration::from_millis(3));
        assert_eq!(baker.open(&bytes, late), Err(stale));
    }
}
