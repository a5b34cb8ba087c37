//! Files put together bag by bag: every kind of bag, the budget, PBMAC1, no MAC.

use super::*;

fn oid(arcs: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(arcs)
}

/// A PFX around an AuthenticatedSafe; `mac` writes the rest.
fn pfx(safe: &[u8], mac: impl FnOnce(&mut yasna::DERWriterSeq<'_>)) -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_u8(3);
            data(w.next(), safe);
            mac(w);
        })
    })
}

fn data(w: yasna::DERWriter<'_>, content: &[u8]) {
    w.write_sequence(|w| {
        w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 7, 1]));
        w.next()
            .write_tagged(Tag::context(0), |w| w.write_bytes(content));
    })
}

fn bag(w: yasna::DERWriter<'_>, kind: u64, value: &[u8]) {
    w.write_sequence(|w| {
        w.next()
            .write_oid(&oid(&[1, 2, 840, 113549, 1, 12, 10, 1, kind]));
        w.next()
            .write_tagged(Tag::context(0), |w| w.write_der(value));
    })
}

/// A file without MAC and encryption, of the given bags.
fn plain(bags: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let contents = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            bags.iter()
                .for_each(|(kind, value)| bag(w.next(), *kind, value))
        })
    });
    let safe = yasna::construct_der(|w| w.write_sequence(|w| data(w.next(), &contents)));
    pfx(&safe, |_| {})
}

/// A key under 3DES with so many iterations, not decryptable.
fn shrouded(iterations: u32) -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 12, 1, 3]));
                w.next().write_sequence(|w| {
                    w.next().write_bytes(b"saltsalt");
                    w.next().write_u32(iterations);
                });
            });
            w.next().write_bytes(&[7; 64]);
        })
    })
}

fn nested(inner: (u64, Vec<u8>), levels: usize) -> (u64, Vec<u8>) {
    (0..levels).fold(inner, |(kind, value), _| {
        let list = yasna::construct_der(|w| w.write_sequence(|w| bag(w.next(), kind, &value)));
        (6, list)
    })
}

#[test]
fn every_kind_of_bag_is_returned_named_or_refused() {
    let dir = workshop();
    let key = read(dir.path(), "ec.p8");
    let sdsi = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 9, 22, 2]));
            w.next()
                .write_tagged(Tag::context(0), |w| w.write_ia5_string("YWJj"));
        })
    });
    let file = plain(&[
        nested((1, key.clone()), 3),
        (3, sdsi),
        (4, vec![5, 0]),
        (5, vec![5, 0]),
        (9, vec![5, 0]),
    ]);
    let bags = open(&file, "any").unwrap();
    assert_eq!(bags.keys.len(), 1);
    assert_eq!(bags.keys[0].value.expose_secret(), key);
    assert!(bags.key_was_plain);
    assert_eq!(
        bags.skipped,
        [
            "SDSI certificate",
            "certificate revocation list",
            "secret",
            "bag of type 1.2.840.113549.1.12.10.1.9"
        ]
    );
    assert!(matches!(
        scan(&plain(&[nested((1, key.clone()), 9)])),
        Err(Error::Damaged { .. })
    ));
    assert!(matches!(
        open(&plain(&[(1, vec![5, 0])]), "x"),
        Err(Error::Damaged { .. })
    ));
    let many = vec![(4, vec![5, 0]); 10_001];
    assert!(matches!(scan(&plain(&many)), Err(Error::Damaged { .. })));
    assert_eq!(open(&plain(&many[1..]), "x").unwrap().skipped.len(), 10_000);
    assert!(matches!(
        scan(&plain(&[(2, sealed_for_scrypt())])),
        Err(Error::UnsupportedAlgorithm { .. })
    ));
}

fn sealed_for_scrypt() -> Vec<u8> {
    yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 13]));
                w.next().write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[1, 3, 6, 1, 4, 1, 11591, 4, 11]))
                    })
                });
            });
            w.next().write_bytes(&[7; 64]);
        })
    })
}

#[test]
fn the_budget_is_one_for_the_whole_file() {
    let one = plain(&[(2, shrouded(3_000_000))]);
    assert!(scan(&one).is_ok());
    let two = plain(&[(2, shrouded(3_000_000)), (2, shrouded(400_000))]);
    assert!(matches!(scan(&two), Err(Error::OverBudget { .. })));
    let thousands = plain(&vec![(2, shrouded(600_000)); 9_000]);
    assert!(matches!(scan(&thousands), Err(Error::OverBudget { .. })));

    // a key inside the encrypted part shows only after decrypting
    let inner = SafeBag {
        bag: SafeBagKind::Pkcs8ShroudedKeyBag(EncryptedPrivateKeyInfo {
            encryption_algorithm: AlgorithmIdentifier::PbeWithSHAAnd3KeyTripleDESCBC(
                Pkcs12PbeParams {
                    salt: b"saltsalt".to_vec(),
                    iterations: 3_400_000,
                },
            ),
            encrypted_data: vec![7; 64],
        }),
        attributes: vec![],
    };
    let password = [0, b'x', 0, 0];
    let encrypted = EncryptedData::from_safe_bags(&[inner], &password).unwrap();
    let safe = yasna::construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 7, 6]));
                w.next().write_tagged(Tag::context(0), |w| {
                    w.write_sequence(|w| {
                        w.next().write_u8(0);
                        w.next()
                            .write_der(&encrypted.encrypted_content_info.to_der());
                    })
                });
            })
        })
    });
    let file = PFX {
        version: 3,
        mac_data: Some(MacData::new(&safe, &password)),
        auth_safe: ContentInfo::Data(safe),
    }
    .to_der();
    let start = Instant::now();
    wrong(open(&file, "y"));
    assert!(matches!(open(&file, "x"), Err(Error::OverBudget { .. })));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_pbmac1_is_verified() {
    let dir = workshop();
    let bytes = export(dir.path(), "пароль", "-nomac");
    let safe = yasna::parse_der(&bytes, |r| {
        r.read_sequence(|r| {
            r.next().read_u8()?;
            r.next().read_sequence(|r| {
                r.next().read_oid()?;
                r.next().read_tagged(Tag::context(0), |r| r.read_bytes())
            })
        })
    })
    .unwrap();
    for (arc, digest, name) in [
        (9, MessageDigest::sha256(), "SHA256"),
        (11, MessageDigest::sha512(), "SHA512"),
    ] {
        let mut key = vec![0; 32];
        pbkdf2_hmac("пароль".as_bytes(), b"salt", 1000, digest, &mut key).unwrap();
        let key = PKey::hmac(&key).unwrap();
        let mac = Signer::new(digest, &key)
            .unwrap()
            .sign_oneshot_to_vec(&safe)
            .unwrap();
        let hmac = |w: yasna::DERWriter<'_>| {
            w.write_sequence(|w| {
                w.next().write_oid(&oid(&[1, 2, 840, 113549, 2, arc]));
                w.next().write_null();
            })
        };
        let file = pfx(&safe, |w| {
            w.next().write_sequence(|w| {
                w.next().write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 14]));
                        w.next().write_sequence(|w| {
                            w.next().write_sequence(|w| {
                                w.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 5, 12]));
                                w.next().write_sequence(|w| {
                                    w.next().write_bytes(b"salt");
                                    w.next().write_u32(1000);
                                    w.next().write_u32(32);
                                    hmac(w.next());
                                });
                            });
                            hmac(w.next());
                        });
                    });
                    w.next().write_bytes(&mac);
                });
                w.next().write_bytes(b"NOT USED");
                w.next().write_u32(1);
            });
        });
        let scanned = scan(&file).unwrap();
        assert_eq!(
            scanned.describe(),
            format!("PKCS#12, AES-256, PBMAC1 HMAC-{name} with 1000 iterations")
        );
        let bags = scanned.open(&pass("пароль")).unwrap();
        assert_eq!((bags.certificates.len(), bags.keys.len()), (2, 1));
        wrong(scanned.open(&pass("parol")));
    }
}

#[test]
fn without_a_mac_a_wrong_passphrase_is_still_found_out() {
    let dir = workshop();
    let d = dir.path();
    let parts = [
        "-nomac -iter 1",
        "-nomac -iter 1 -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES",
        "-legacy -nomac -iter 1 -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-40",
    ];
    for options in parts {
        let scanned = scan(&export(d, "secret", options)).unwrap();
        for number in 0..2000 {
            wrong(scanned.open(&pass(&format!("wrong {number}"))));
        }
        assert_eq!(scanned.open(&pass("secret")).unwrap().keys.len(), 1);
    }
}
