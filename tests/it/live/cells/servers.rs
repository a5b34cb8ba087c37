//! Servers that ask for certificates, each with every certificate.

use super::{Cell, VERSIONS};
use crate::check::stand_in::Script;
use crate::interop::Nginx;
use crate::live::servers::Server;
use crate::live::world::*;
use openssl::pkey::PKey;
use openssl::x509::X509;
use pushcert::live::{Handshake, Roots};
use std::process::Command;

fn certificates() -> Vec<(&'static str, Vec<&'static Pair>)> {
    let world = world();
    vec![
        ("good", vec![&world.good]),
        ("expired", vec![&world.expired]),
        ("untrusted", vec![&world.stranger]),
        ("leaf without its chain", vec![&world.below]),
        ("leaf and chain", vec![&world.below, &world.intermediate]),
    ]
}

fn asked(port: u16, pairs: &[&Pair]) -> Handshake {
    ask_with(&format!("127.0.0.1:{port}"), pairs, &roots(), &wishes(true))
}

fn every(name: &'static str, start: impl Fn(&str) -> Server) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (certificate, pairs) in certificates() {
        for version in VERSIONS {
            let server = start(version);
            cells.push((name, version, certificate, asked(server.port, &pairs)));
        }
    }
    cells
}

pub fn openssl() -> Vec<Cell> {
    const NAME: &str = "OpenSSL s_server";
    let version_of = |version: &str| match version {
        "1.2" => "-tls1_2",
        _ => "-tls1_3",
    };
    let mut cells = every(NAME, |version| Server::demanding(version_of(version)));
    let verify = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    for version in VERSIONS {
        let flag = version_of(version);
        let crl = ["-CRL", "crl.pem", "-crl_check"];
        let server = Server::openssl(&[&[flag][..], &verify, &crl].concat());
        cells.push((
            NAME,
            version,
            "revoked",
            asked(server.port, &[&world().revoked]),
        ));
    }
    for version in VERSIONS {
        let server = Server::openssl(&[version_of(version)]);
        cells.push((
            NAME,
            version,
            "not asked for",
            asked(server.port, &[&world().good]),
        ));
    }
    for version in VERSIONS {
        let signatures = ["-client_sigalgs", "RSA-PSS+SHA256"];
        let flags = [&[version_of(version)][..], &verify, &signatures].concat();
        let server = Server::openssl(&flags);
        let answer = asked(server.port, &[&world().good]);
        cells.push((
            NAME,
            version,
            "none sent: no signature that its key can make",
            answer,
        ));
    }
    for (certificate, own) in [
        ("good; the server's own has expired", "late.pem"),
        ("good; the server's own has another name", "elsewhere.pem"),
    ] {
        for version in VERSIONS {
            let flags = [&[version_of(version)][..], &verify, &["-cert", own]].concat();
            let server = Server::openssl(&flags);
            cells.push((
                NAME,
                version,
                certificate,
                asked(server.port, &[&world().good]),
            ));
        }
    }
    let foreign = Roots::Certificates(vec![world().stranger.certificate.to_der().unwrap()]);
    for version in VERSIONS {
        let server = Server::demanding(version_of(version));
        let target = format!("127.0.0.1:{}", server.port);
        let answer = ask_with(&target, &[&world().good], &foreign, &wishes(true));
        cells.push((
            NAME,
            version,
            "good; the server's CA is unknown here",
            answer,
        ));
    }
    cells
}

pub fn gnutls() -> Vec<Cell> {
    let mut cells = every("GnuTLS gnutls-serv", |version| {
        Server::gnutls(version, true)
    });
    for version in VERSIONS {
        let server = Server::gnutls(version, false);
        let answer = asked(server.port, &[&world().good]);
        cells.push(("GnuTLS gnutls-serv", version, "not asked for", answer));
    }
    cells
}

pub fn nginx() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (name, http2) in [("nginx", false), ("nginx, HTTP/2", true)] {
        let nginx = Nginx::start(
            &world().folder,
            http2,
            ["server.pem", "server.pem", "ca.pem"],
        );
        for (certificate, pairs) in certificates() {
            let answer = ask_with(&nginx.address, &pairs, &roots(), &wishes(true));
            cells.push((name, "1.3", certificate, answer));
        }
    }
    cells
}

pub fn node() -> Vec<Cell> {
    let mut cells = every("Node http2", |version| Server::node(version, true));
    cells.extend(every("Node http2 that judges in HTTP", |version| {
        Server::node(version, false)
    }));
    cells
}

pub fn python() -> Vec<Cell> {
    const NAME: &str = "Python h2";
    let mut cells = every(NAME, |version| {
        Server::python_h2(version, 400, "BadDeviceToken")
    });
    for (certificate, status, reason) in [
        ("of the other environment", 403, "BadCertificateEnvironment"),
        ("good; its topic is refused", 400, "TopicDisallowed"),
        ("good; the server is busy", 503, "ServiceUnavailable"),
    ] {
        for version in VERSIONS {
            let server = Server::python_h2(version, status, reason);
            cells.push((
                NAME,
                version,
                certificate,
                asked(server.port, &[&world().good]),
            ));
        }
    }
    cells
}

/// The lab's gateway by what it may choose, the protocol, the TLS version.
const LAB: [(&str, &str, &str); 4] = [
    ("pushcert lab gateway", "auto", "1.2"),
    ("pushcert lab gateway", "auto", "1.3"),
    ("pushcert lab gateway, binary", "legacy", "1.2"),
    ("pushcert lab gateway, binary", "legacy", "1.3"),
];

pub fn lab() -> Vec<Cell> {
    let script = Script::new();
    let folder = script.folder();
    let key = std::fs::read(folder.join("key.pem")).unwrap();
    let pair = |name: &str| Pair {
        certificate: X509::from_der(&std::fs::read(folder.join(name)).unwrap()).unwrap(),
        key: PKey::private_key_from_pem(&key).unwrap(),
    };
    let authorities = X509::stack_from_pem(&std::fs::read(folder.join("lab/ca.pem")).unwrap());
    let authorities = authorities
        .unwrap()
        .iter()
        .map(|ca| ca.to_der().unwrap())
        .collect();
    let roots = Roots::Certificates(authorities);
    let mut cells = Vec::new();
    for (certificate, file, flags) in [
        ("good", "sandbox.cer", &[][..]),
        ("expired", "expired.cer", &[]),
        ("untrusted", "foreign.cer", &[]),
        ("revoked", "sandbox.cer", &["--revoke", "sandbox.cer"]),
        (
            "of the other environment",
            "sandbox.cer",
            &["--env", "production"],
        ),
    ] {
        for (name, protocol, version) in LAB {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pushcert"));
            command.args(["lab", "gateway", "--listen", "127.0.0.1:0"]);
            command
                .args(["--protocol", protocol, "--tls", version])
                .args(flags);
            command.current_dir(folder);
            let server = Server::start(command, |line| {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                let address = event["address"].as_str()?;
                address.rsplit(':').next()?.parse().ok()
            });
            let target = format!("127.0.0.1:{}", server.port);
            let answer = ask_with(&target, &[&pair(file)], &roots, &wishes(true));
            cells.push((name, version, certificate, answer));
        }
    }
    cells
}
