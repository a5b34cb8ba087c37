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
    /// Its certificate.
    pub der: &'static [u8],
}

/// Apple Root CA, under which the others stand.
pub const ROOT: Authority = Authority {
    id: "apple-root",
    name: "Apple Root CA",
    sha256: "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024",
    der: include_bytes!("authorities/apple-root.der"),
};

/// All of them: today's first.
pub const ALL: [Authority; 5] = [
    Authority {
        id: "apple-g4",
        name: "Apple Worldwide Developer Relations G4",
        sha256: "ea4757885538dd8cb59ff4556f676087d83c85e70902c122e42c0808b5bce14c",
        der: include_bytes!("authorities/wwdr-g4.der"),
    },
    Authority {
        id: "apple-aai2",
        name: "Apple Application Integration 2",
        sha256: "d3496f4b73cd67aab9f2fcb1d5aa41f8dc457769c455c792b70ddb19e92023d6",
        der: include_bytes!("authorities/aai2.der"),
    },
    Authority {
        id: "apple-g1",
        name: "Apple Worldwide Developer Relations G1",
        sha256: "ce057691d730f89ca25e916f7335f4c8a15713dcd273a658c024023f8eb809c2",
        der: include_bytes!("authorities/wwdr-g1.der"),
    },
    Authority {
        id: "apple-aai",
        name: "Apple Application Integration",
        sha256: "e6a78796e0c7a3e5437835ca16785b485aa9ddc45ccd0a65aa8933e3c3d08971",
        der: include_bytes!("authorities/aai.der"),
    },
    ROOT,
];
