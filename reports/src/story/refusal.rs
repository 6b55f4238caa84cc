//! Errors of TURN servers in words (RFC 8656 section 19, RFC 8489 section 14.8).

/// What a server's refusal means: `the server refused with 486` says nothing to who does not know the numbers.
pub(crate) fn in_words(reason: &str) -> String {
    let code = reason.strip_prefix("the server refused with ");
    let meaning = match code.and_then(|code| code.parse::<u16>().ok()) {
        Some(401) => "it does not accept the user name or password (401 Unauthorized)",
        Some(403) => "it forbids this (403 Forbidden)",
        Some(437) => {
            "it has no such allocation, or another one for this address (437 Allocation Mismatch)"
        }
        Some(438) => "the nonce was too old, again and again (438 Stale Nonce)",
        Some(441) => {
            "this user did not make the allocation, or the password is wrong (441 Wrong Credentials)"
        }
        Some(442) => "it does not relay over this transport (442 Unsupported Transport Protocol)",
        Some(486) => "the user's quota of allocations is used up (486 Allocation Quota Reached)",
        Some(508) => "it has no address or port left to lend (508 Insufficient Capacity)",
        _ if reason == "the server refused the credentials" => {
            "it does not accept the user name or password (401 Unauthorized or 441 Wrong Credentials)"
        }
        Some(_) | None => return reason.to_owned(),
    };
    format!("refused: {meaning}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_with_its_meaning_and_anything_else_as_it_is() {
        let quota = in_words("the server refused with 486");
        assert_eq!(
            quota,
            "refused: the user's quota of allocations is used up (486 Allocation Quota Reached)"
        );
        assert_eq!(in_words("the server refused with 499"), "the server refused with 499");
        assert_eq!(in_words("the server did not answer"), "the server did not answer");
    }
}
