//! What both sides can do: suites, groups, profiles.

use icelab_crypto::agreement::Group;

use super::failure::Failure;
use crate::config::Config;
use crate::core::Core;
use crate::wire::alert::AlertDescription;
use crate::wire::extension::use_srtp::{SrtpProfile, UseSrtp};
use crate::wire::extension::{ExtensionType, Extensions, connection_id};
use crate::wire::group::NamedGroup;
use crate::wire::suite::{CipherSuite, Parameters};
use crate::wire::version::Version;

/// The group as the crypto crate names it; `None` where this crate does not speak it.
pub(crate) const fn group(named: NamedGroup) -> Option<Group> {
    match named {
        NamedGroup::X25519 => Some(Group::X25519),
        NamedGroup::P256 => Some(Group::P256),
        NamedGroup::P384 => Some(Group::P384),
        NamedGroup::X25519_MLKEM768 => Some(Group::X25519MlKem768),
        NamedGroup(_) => None,
    }
}

/// The groups that may be used with `version`, the best first.
pub(crate) fn groups(config: &Config, version: Version) -> Vec<NamedGroup> {
    config
        .groups
        .iter()
        .copied()
        .filter(|named| group(*named).is_some())
        // Post-quantum groups are for 1.3: 1.2 has one share of at most 255 bytes.
        .filter(|named| version == Version::V1_3 || *named != NamedGroup::X25519_MLKEM768)
        .collect()
}

/// The suite that a server chooses: the first of its own that the client offers and `is_fit` likes.
pub(crate) fn suite(
    config: &Config,
    version: Version,
    offered: &[CipherSuite],
    is_fit: impl Fn(&Parameters) -> bool,
) -> Option<(CipherSuite, Parameters)> {
    config
        .suites(version)
        .filter(|suite| offered.contains(suite))
        .filter_map(|suite| Some((suite, suite.parameters()?)))
        .find(|(_, parameters)| is_fit(parameters))
}

/// The SRTP profile that a server chooses (RFC 5764 section 4.1.1): none where the body cannot be
/// read or nothing fits, and then media cannot flow, but the rest can.
pub(crate) fn srtp(config: &Config, offer: &UseSrtp) -> Option<SrtpProfile> {
    config.srtp_profiles.iter().copied().find(|profile| offer.profiles.contains(profile))
}

/// A server answers to nothing that was not offered (RFC 8446 section 4.2, RFC 5246
/// section 7.4.1.4), and in 1.3 each answer has its message.
pub(crate) fn check_answers(
    offered: &Extensions,
    answers: &Extensions,
    fit: &[ExtensionType],
) -> Result<(), Failure> {
    for answer in answers {
        if !offered.has(answer.kind) {
            return Err(AlertDescription::UNSUPPORTED_EXTENSION.into());
        }
        if !fit.contains(&answer.kind) {
            return Err(AlertDescription::ILLEGAL_PARAMETER.into());
        }
    }
    Ok(())
}

/// What 1.2's ServerHello may answer to.
pub(crate) const FIT_1_2: [ExtensionType; 6] = [
    ExtensionType::RENEGOTIATION_INFO,
    ExtensionType::EXTENDED_MASTER_SECRET,
    ExtensionType::POINT_FORMATS,
    ExtensionType::SUPPORTED_GROUPS,
    ExtensionType::USE_SRTP,
    ExtensionType::CONNECTION_ID,
];
/// What 1.3's ServerHello may answer to (RFC 8446 section 4.2, RFC 9146 section 3).
pub(crate) const FIT_HELLO: [ExtensionType; 3] =
    [ExtensionType::SUPPORTED_VERSIONS, ExtensionType::KEY_SHARE, ExtensionType::CONNECTION_ID];
/// What HelloRetryRequest may hold beside a cookie.
pub(crate) const FIT_RETRY: [ExtensionType; 2] =
    [ExtensionType::SUPPORTED_VERSIONS, ExtensionType::KEY_SHARE];
/// What EncryptedExtensions may answer to (RFC 8446 section 4.2, RFC 5764 section 4.1.1).
pub(crate) const FIT_ENCRYPTED: [ExtensionType; 2] =
    [ExtensionType::SUPPORTED_GROUPS, ExtensionType::USE_SRTP];

/// Takes the connection id that the server's hello answers with, where it does (RFC 9146
/// section 3).
pub(crate) fn take_connection_id(answers: &Extensions, core: &mut Core) -> Result<(), Failure> {
    if let (Some(body), Some(own)) =
        (answers.get(ExtensionType::CONNECTION_ID), core.config.connection_id.clone())
    {
        core.records.ids.agree(own, connection_id::decode(body)?);
    }
    Ok(())
}

/// The profile that the server chose (RFC 5764 section 4.1.1): one of those that were offered, with
/// the same key identifier, which is none.
pub(crate) fn take_srtp(answers: &Extensions, core: &Core) -> Result<Option<SrtpProfile>, Failure> {
    let Some(body) = answers.get(ExtensionType::USE_SRTP) else { return Ok(None) };
    let answer = UseSrtp::decode(body)?;
    match answer.profiles.as_slice() {
        [profile] if core.config.srtp_profiles.contains(profile) && answer.mki.is_empty() => {
            Ok(Some(*profile))
        }
        _ => Err(AlertDescription::ILLEGAL_PARAMETER.into()),
    }
}
