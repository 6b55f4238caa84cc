//! OpenSSL's `s_server` and `s_client` over DTLS 1.2 with use_srtp, both roles.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant as Clock};

use icelab_crypto::{Fingerprint, Hash, Identity, KeyKind, Validity};
use icelab_dtls::{CipherSuite, Config, Event, NamedGroup, Role, SrtpProfile, Version};
use icelab_sans_io::Rng;

use crate::live::Live;

/// A running `openssl`, its input and what it has printed.
struct OpenSsl {
    child: Child,
    printed: String,
    lines: Receiver<Vec<u8>>,
}

impl OpenSsl {
    fn start(arguments: &[String]) -> Self {
        let mut child = Command::new("openssl")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("openssl is installed by interop/run");
        let mut stdout = child.stdout.take().expect("piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, printed: String::new(), lines }
    }

    fn printed(&mut self) -> &str {
        while let Ok(bytes) = self.lines.try_recv() {
            self.printed.push_str(&String::from_utf8_lossy(&bytes));
        }
        &self.printed
    }

    fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("piped");
        stdin.write_all(text.as_bytes()).expect("it listens");
        stdin.flush().expect("it listens");
    }

    /// The value after `name` in what it printed.
    fn value(&mut self, name: &str) -> Option<String> {
        let printed = self.printed();
        let start = printed.find(name)? + name.len();
        let (line, _) = printed[start..].split_once('\n')?;
        Some(line.trim().to_owned())
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key and a certificate of OpenSSL's making: the file that holds both, and the fingerprint.
pub fn certificate(kind: &str) -> (PathBuf, Fingerprint) {
    let path =
        std::env::temp_dir().join(format!("icelab-interop-{}-{kind}.pem", std::process::id()));
    let algorithm: &[&str] = match kind {
        "rsa" => &["-newkey", "rsa:2048"],
        _ => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    };
    let key = path.with_extension("key");
    let status = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=interop", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&path)
        .args(algorithm)
        .stderr(Stdio::null())
        .status()
        .expect("openssl is installed by interop/run");
    assert!(status.success(), "openssl req");
    let der = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in"])
        .arg(&path)
        .output()
        .expect("openssl is installed by interop/run");
    let fingerprint = Fingerprint::of(Hash::Sha256, &der.stdout);
    let mut both = std::fs::read(&path).expect("just written");
    both.extend(std::fs::read(&key).expect("just written"));
    std::fs::write(&path, both).expect("a writable folder");
    (path, fingerprint)
}

pub fn identity(seed: u64) -> Identity {
    Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut Rng::from_u64(seed)).expect("P-256")
}

/// What OpenSSL is told in either role.
fn common(path: &std::path::Path, suite: &str, mtu: Option<u16>) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "-dtls1_2",
        "-cert",
        &path.to_string_lossy(),
        "-key",
        &path.to_string_lossy(),
        "-cipher",
        suite,
        "-groups",
        "X25519:P-256:P-384",
        "-use_srtp",
        "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM",
        "-keymatexport",
        "EXTRACTOR-dtls_srtp",
        "-keymatexportlen",
        "60",
        "-verify",
        "3",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(mtu) = mtu {
        arguments.extend(["-mtu".to_owned(), mtu.to_string()]);
    }
    arguments
}

/// One handshake, the exporter's bytes, data both ways, and the end.
fn talk(
    role: Role,
    suite: &str,
    number: CipherSuite,
    group: NamedGroup,
    kind: &str,
    mtu: Option<u16>,
) {
    let (path, fingerprint) = certificate(kind);
    let mut config = Config::new(role, identity(1));
    config.fingerprints = vec![fingerprint];
    config.versions = (Version::V1_2, Version::V1_3);
    config.srtp_profiles = vec![SrtpProfile::AES128_CM_SHA1_80];
    if let Some(mtu) = mtu {
        config.mtu = mtu.into();
    }
    // The others stay: in 1.2 they name the curves of certificates as well (RFC 8422 section 5.1).
    config.groups.sort_by_key(|other| *other != group);
    let mut arguments = common(&path, suite, mtu);
    let (mut openssl, mut live) = match role {
        Role::Client => {
            let port = free_port();
            arguments.splice(
                0..0,
                ["s_server".to_owned(), "-accept".to_owned(), format!("127.0.0.1:{port}")],
            );
            let mut openssl = OpenSsl::start(&arguments);
            wait(|| openssl.printed().contains("ACCEPT"));
            let peer = format!("127.0.0.1:{port}").parse().expect("an address");
            (openssl, Live::new(config, 2, Some(peer)))
        }
        Role::Server => {
            let live = Live::new(config, 2, None);
            let address = format!("127.0.0.1:{}", live.port());
            arguments.splice(0..0, ["s_client".to_owned(), "-connect".to_owned(), address]);
            (OpenSsl::start(&arguments), live)
        }
    };
    let now = live.now();
    live.dtls.start(now);
    let is_up = live.run(Duration::from_secs(10), |live| live.dtls.is_connected());
    assert!(
        is_up,
        "no connection: {:?} {:?}\n{}",
        live.events,
        live.dtls.discards(),
        openssl.printed()
    );

    let connected = live
        .events
        .iter()
        .find_map(|event| if let Event::Connected(it) = event { Some(it.clone()) } else { None })
        .expect("it is connected");
    assert_eq!(connected.version, Version::V1_2);
    assert_eq!(connected.cipher_suite, number);
    if role == Role::Server {
        assert_eq!(connected.group, group);
    }
    assert_eq!(connected.srtp.map(|keys| keys.profile), Some(SrtpProfile::AES128_CM_SHA1_80));

    let mut material = [0; 60];
    live.dtls.export(b"EXTRACTOR-dtls_srtp", None, &mut material).expect("connected");
    let mine: String = material.iter().map(|byte| format!("{byte:02X}")).collect();
    live.run(Duration::from_secs(5), |_| openssl.value("Keying material:").is_some());
    assert_eq!(openssl.value("Keying material:").as_deref(), Some(mine.as_str()));

    let now = live.now();
    live.dtls.send(b"from icelab\n", now).expect("connected");
    assert!(
        live.run(Duration::from_secs(5), |_| openssl.printed().contains("from icelab")),
        "{}",
        openssl.printed()
    );
    openssl.write("from openssl\n");
    assert!(live.run(Duration::from_secs(5), |live| {
        live.events
            .iter()
            .any(|event| matches!(event, Event::Data(data) if data == b"from openssl\n"))
    }));
    let now = live.now();
    live.dtls.close(now);
    live.run(Duration::from_secs(1), |_| false);
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}

fn wait(mut done: impl FnMut() -> bool) {
    let end = Clock::now() + Duration::from_secs(10);
    while !done() {
        assert!(Clock::now() < end, "openssl does not start");
        thread::sleep(Duration::from_millis(20));
    }
}

const SUITES: [(&str, CipherSuite); 3] = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", CipherSuite::ECDHE_ECDSA_AES_128_GCM),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", CipherSuite::ECDHE_ECDSA_AES_256_GCM),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305),
];

#[test]
fn our_client_with_every_suite() {
    for (name, suite) in SUITES {
        talk(Role::Client, name, suite, NamedGroup::X25519, "ec", None);
    }
}

#[test]
fn our_server_with_every_suite() {
    for (name, suite) in SUITES {
        talk(Role::Server, name, suite, NamedGroup::X25519, "ec", None);
    }
}

#[test]
fn our_client_and_server_with_every_group() {
    let (name, suite) = SUITES[0];
    for group in [NamedGroup::P256, NamedGroup::P384] {
        talk(Role::Client, name, suite, group, "ec", None);
        talk(Role::Server, name, suite, group, "ec", None);
    }
}

#[test]
fn our_client_with_an_rsa_server() {
    let suite = CipherSuite::ECDHE_RSA_AES_128_GCM;
    talk(Role::Client, "ECDHE-RSA-AES128-GCM-SHA256", suite, NamedGroup::X25519, "rsa", None);
}

#[test]
fn our_server_with_an_rsa_client() {
    let (name, suite) = SUITES[0];
    talk(Role::Server, name, suite, NamedGroup::X25519, "rsa", None);
}

#[test]
fn fragments_of_both_sides() {
    let (name, suite) = SUITES[0];
    talk(Role::Client, name, suite, NamedGroup::X25519, "ec", Some(300));
    talk(Role::Server, name, suite, NamedGroup::X25519, "ec", Some(300));
}
