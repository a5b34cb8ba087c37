//! Certificates: what is read from them, and that what is called sound is what OpenSSL loads.

use openssl::x509::X509;
use pushcert::certificate::Certificate;
use std::path::Path;

const FIXTURES: [&str; 6] = [
    "aps.cer",
    "aps_development.cer",
    "ca.cer",
    "ios_development.cer",
    "mdm.cer",
    "voip_services.cer",
];

/// The parts of a certificate are asked one by one, and OpenSSL's own loader only where that says no.
#[test]
fn loads_what_openssl_loads_and_nothing_else() {
    let mut state = 1u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let (mut loaded, mut refused) = (0, 0);
    for name in FIXTURES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name);
        let original = std::fs::read(path).unwrap();
        for _ in 0..6_000 {
            let mut der = original.clone();
            for _ in 0..=random(2) {
                let at = random(der.len());
                der[at] = match random(3) {
                    0 => der[at] ^ (1 << random(8)),
                    1 => [0x02, 0x03, 0x04, 0x05, 0x0c, 0x13, 0x17, 0x18, 0x30, 0x31][random(10)],
                    _ => random(256) as u8,
                };
            }
            let Ok((certificate, _)) = Certificate::parse(&der) else {
                continue;
            };
            let expected = X509::from_der(&certificate.der).is_ok();
            assert_eq!(certificate.loads().is_ok(), expected, "{name}: {der:02x?}");
            *if expected { &mut loaded } else { &mut refused } += 1;
        }
    }
    assert!(loaded > 5_000 && refused > 200, "{loaded}, {refused}");
}
