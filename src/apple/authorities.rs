//! The CAs of Apple's that issue, or issued, push certificates, as the DER files that Apple publishes.
//! Taken from the published crate apple-codesign 0.29 (there `src/apple-certs/`); the file of AAI lost 431 bytes of text after its DER.

/// One of Apple's CAs.
#[derive(Clone, Copy, Debug)]
pub struct Authority {
    /// The word that JSON's `issued_by` uses.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// SHA-256 of the DER, lowercase hex.
    pub sha256: &'static str,
    /// SHA-256 of its SubjectPublicKeyInfo, lowercase hex: by this it is known, whatever the certificate around the key says.
    pub spki_sha256: &'static str,
    /// Its subject key identifier.
    pub key_id: [u8; 20],
    /// Its certificate.
    pub der: &'static [u8],
}

/// Apple Root CA, under which the others stand.
pub const ROOT: Authority = Authority {
    id: "apple-root",
    name: "Apple Root CA",
    sha256: "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024",
    spki_sha256: "eb4993efa9b089e593418aa893f8e93a7374d810e52fcbe01e7f1d7e92a6d024",
    key_id: [
        0x2b, 0xd0, 0x69, 0x47, 0x94, 0x76, 0x09, 0xfe, 0xf4, 0x6b, 0x8d, 0x2e, 0x40, 0xa6, 0xf7,
        0x47, 0x4d, 0x7f, 0x08, 0x5e,
    ],
    der: include_bytes!("authorities/apple-root.der"),
};

/// All of them: today's first.
pub const ALL: [Authority; 5] = [
    Authority {
        id: "apple-g4",
        name: "Apple Worldwide Developer Relations G4",
        sha256: "ea4757885538dd8cb59ff4556f676087d83c85e70902c122e42c0808b5bce14c",
        spki_sha256: "84106e7fa43b6f2c30ab7e08a0def8e47aa5895d39b98f965212c45551c81473",
        key_id: [
            0x5b, 0xd9, 0xfa, 0x1d, 0xe7, 0x9a, 0x1a, 0x0b, 0xa3, 0x99, 0x76, 0x22, 0x50, 0x86,
            0x3e, 0x91, 0xc8, 0x5b, 0x77, 0xa8,
        ],
        der: include_bytes!("authorities/wwdr-g4.der"),
    },
    Authority {
        id: "apple-aai2",
        name: "Apple Application Integration 2",
        sha256: "d3496f4b73cd67aab9f2fcb1d5aa41f8dc457769c455c792b70ddb19e92023d6",
        spki_sha256: "4095adc7575991d0f8b4715b7fadc804722b434e3c17f5bc82c9390d893a8392",
        key_id: [
            0xf7, 0xbe, 0x7c, 0x21, 0x60, 0x91, 0xdb, 0x3d, 0x1b, 0x7b, 0xd8, 0x3a, 0x32, 0x81,
            0x69, 0xdf, 0x9e, 0x6c, 0x7f, 0x9b,
        ],
        der: include_bytes!("authorities/aai2.der"),
    },
    Authority {
        id: "apple-g1",
        name: "Apple Worldwide Developer Relations G1",
        sha256: "ce057691d730f89ca25e916f7335f4c8a15713dcd273a658c024023f8eb809c2",
        spki_sha256: "02233ddaad63ae72154b9000d86245f922555909c89ec76073c4fd81304dd19f",
        key_id: [
            0x88, 0x27, 0x17, 0x09, 0xa9, 0xb6, 0x18, 0x60, 0x8b, 0xec, 0xeb, 0xba, 0xf6, 0x47,
            0x59, 0xc5, 0x52, 0x54, 0xa3, 0xb7,
        ],
        der: include_bytes!("authorities/wwdr-g1.der"),
    },
    Authority {
        id: "apple-aai",
        name: "Apple Application Integration",
        sha256: "e6a78796e0c7a3e5437835ca16785b485aa9ddc45ccd0a65aa8933e3c3d08971",
        spki_sha256: "d331229066558828bac708795a4c50e68756a2f2cb8bd3a6417ce2dae9182913",
        key_id: [
            0x31, 0xea, 0x76, 0xa9, 0x23, 0x74, 0xa5, 0xdf, 0xd4, 0xfd, 0xee, 0xa0, 0xc1, 0xa6,
            0x9e, 0xc6, 0x11, 0x0e, 0x11, 0xec,
        ],
        der: include_bytes!("authorities/aai.der"),
    },
    ROOT,
];
