//! libsrtp, as Debian builds it: the few declarations of `srtp2/srtp.h` that are needed.

use std::ffi::{c_int, c_uint, c_ulong, c_void};
use std::ptr;
use std::sync::Once;

use icelab_srtp::Profile;

use super::{Done, Master, Media};

pub fn session(master: &Master) -> Option<Box<dyn Media>> {
    static START: Once = Once::new();
    // SAFETY: `srtp_init` takes nothing and is called once, before all else.
    START.call_once(|| assert_eq!(unsafe { srtp_init() }, OK));
    Some(Box::new(LibSrtp {
        sender: Session::new(master, ANY_OUTBOUND),
        receiver: Session::new(master, ANY_INBOUND),
    }))
}

struct LibSrtp {
    sender: Session,
    receiver: Session,
}

impl Media for LibSrtp {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.sender.run(srtp_protect, packet);
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.receiver.run(srtp_unprotect, packet);
        Done::InPlace
    }
}

struct Session(*mut c_void);

impl Session {
    fn new(master: &Master, kind: c_uint) -> Self {
        let mut key = [master.key.as_slice(), &master.salt].concat();
        let none = CryptoPolicy::default();
        let mut policy = Policy {
            ssrc: Ssrc { kind, value: 0 },
            rtp: none,
            rtcp: none,
            key: key.as_mut_ptr(),
            keys: ptr::null_mut(),
            key_count: 0,
            deprecated_ekt: ptr::null_mut(),
            window_size: 128,
            allow_repeat_tx: 0,
            encrypted_extensions: ptr::null_mut(),
            encrypted_extension_count: 0,
            next: ptr::null_mut(),
        };
        let set = match master.profile {
            Profile::Aes128CmSha1_80 => srtp_crypto_policy_set_rtp_default,
            Profile::Aes128CmSha1_32 => srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
            Profile::AeadAes128Gcm => srtp_crypto_policy_set_aes_gcm_128_16_auth,
            Profile::AeadAes256Gcm => srtp_crypto_policy_set_aes_gcm_256_16_auth,
        };
        let mut session = ptr::null_mut();
        // SAFETY: `policy` has the layout of `srtp_policy_t`; it and the key outlive the calls, which
        // copy what they need.
        let status = unsafe {
            set(&raw mut policy.rtp);
            set(&raw mut policy.rtcp);
            srtp_create(&raw mut session, &raw const policy)
        };
        assert_eq!(status, OK, "srtp_create");
        Self(session)
    }

    fn run(&mut self, transform: Transform, packet: &mut Vec<u8>) {
        packet.reserve(LONGEST_TRAILER);
        let mut length = c_int::try_from(packet.len()).expect("a short packet");
        // SAFETY: the session is one of `srtp_create`; the buffer has room for the longest trailer, and
        // what is told as the new length has been written.
        unsafe {
            let status = transform(self.0, packet.as_mut_ptr().cast(), &raw mut length);
            assert_eq!(status, OK, "libsrtp refuses the packet");
            packet.set_len(usize::try_from(length).expect("a length"));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: it is one of `srtp_create`, and not used afterwards.
        unsafe { srtp_dealloc(self.0) };
    }
}

type Transform = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int) -> c_uint;

/// `srtp_crypto_policy_t`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct CryptoPolicy {
    cipher: u32,
    cipher_key_length: c_int,
    authentication: u32,
    authentication_key_length: c_int,
    tag_length: c_int,
    services: c_uint,
}

/// `srtp_ssrc_t`.
#[repr(C)]
struct Ssrc {
    kind: c_uint,
    value: c_uint,
}

/// `srtp_policy_t`.
#[repr(C)]
struct Policy {
    ssrc: Ssrc,
    rtp: CryptoPolicy,
    rtcp: CryptoPolicy,
    key: *mut u8,
    keys: *mut c_void,
    key_count: c_ulong,
    deprecated_ekt: *mut c_void,
    window_size: c_ulong,
    allow_repeat_tx: c_int,
    encrypted_extensions: *mut c_int,
    encrypted_extension_count: c_int,
    next: *mut Policy,
}

#[link(name = "srtp2")]
unsafe extern "C" {
    fn srtp_init() -> c_uint;
    fn srtp_create(session: *mut *mut c_void, policy: *const Policy) -> c_uint;
    fn srtp_dealloc(session: *mut c_void) -> c_uint;
    fn srtp_protect(session: *mut c_void, packet: *mut c_void, length: *mut c_int) -> c_uint;
    fn srtp_unprotect(session: *mut c_void, packet: *mut c_void, length: *mut c_int) -> c_uint;
    fn srtp_crypto_policy_set_rtp_default(policy: *mut CryptoPolicy);
    fn srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(policy: *mut CryptoPolicy);
    fn srtp_crypto_policy_set_aes_gcm_128_16_auth(policy: *mut CryptoPolicy);
    fn srtp_crypto_policy_set_aes_gcm_256_16_auth(policy: *mut CryptoPolicy);
}

/// `srtp_err_status_ok`.
const OK: c_uint = 0;
/// `ssrc_any_inbound` and `ssrc_any_outbound`.
const ANY_INBOUND: c_uint = 2;
const ANY_OUTBOUND: c_uint = 3;
/// `SRTP_MAX_TRAILER_LEN`.
const LONGEST_TRAILER: usize = 16 + 128;
