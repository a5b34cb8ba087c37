//! How connections end, and what is then known of each notification: answered, handed back, or lost.

use super::peers::*;
use serde_json::json;

#[test]
fn what_a_goaway_leaves_out_is_sent_on_a_new_connection() {
    // Of three the first two are taken; the third is beyond the last stream that the GOAWAY names, and comes again.
    let talk = "wrap()\npreface(3)\nstreams = requests(3)\nc.sendall(goaway(0, b'{\"reason\":\"Shutdown\"}', streams[1]))\n\
        for stream in streams[:2]: reply(stream)\nend()\n\
        again()\npreface(3)\nfor stream in requests(2): reply(stream)\nprint('two', flush=True)\nend()";
    let mut server = python("['h2']", talk);
    let file = tokens("ends-goaway", 4, &[]);
    let document = outcome(&at(&server), &many(&file));
    assert_eq!(document["exit_code"], 0, "{document:#}");
    assert_eq!(states(&document), ["accepted"; 4]);
    assert_eq!(document["summary"]["connections"], 2);
    assert_eq!(server.line(), "two");
}

#[test]
fn what_was_sent_and_not_answered_may_have_been_delivered() {
    let talk = "wrap()\npreface(3)\nrequests(3)\nc.close()\n\
        again()\npreface(3)\nfor stream in requests(1): reply(stream)\nend()";
    let server = python("['h2']", talk);
    let file = tokens("ends-lost", 4, &[]);
    let document = outcome(&at(&server), &many(&file));
    assert_eq!(document["exit_code"], 3, "{document:#}");
    // It is not sent again, since a device may have it.
    assert_eq!(
        states(&document),
        ["unknown", "unknown", "unknown", "accepted"]
    );
    assert_eq!(
        document["findings"][0],
        json!({
            "id": "not-known-sent",
            "severity": "unknown",
            "message": "3 of 4 notifications are sent and not answered: the server closed the connection",
        })
    );
}

#[test]
fn a_server_that_only_says_goodbye_is_left_after_two_connections() {
    let bye = "wrap()\npreface(3)\nrequests(1)\nc.sendall(goaway(0, b'', 0))\nend()\n";
    let talk = format!("{bye}raw, _ = listener.accept()\n{bye}");
    let server = python("['h2']", &talk);
    let file = tokens("ends-bye", 5, &[]);
    let document = outcome(&at(&server), &many(&file));
    assert_eq!(document["exit_code"], 3, "{document:#}");
    assert_eq!(states(&document), ["unsent"; 5]);
    assert_eq!(document["summary"]["connections"], 2);
    assert_eq!(
        document["notifications"][0]["explanation"],
        "the server ended the connection (GOAWAY 0)"
    );
}

#[test]
fn a_request_that_is_handed_back_is_sent_again() {
    // REFUSED_STREAM (7): the server has not looked at it.
    let talk = "wrap()\npreface(1)\nstreams = requests(1)\nc.sendall(h2(3, struct.pack('>I', 7), 0, streams[0]))\n\
        for stream in requests(1): reply(stream)\nend()";
    let server = python("['h2']", talk);
    let document = outcome(&at(&server), &ONE);
    assert_eq!(
        (document["exit_code"].clone(), states(&document)),
        (json!(0), vec!["accepted"])
    );
    assert_eq!(document["summary"]["connections"], 1);
    // CANCEL (8) says nothing of the kind.
    let talk = "wrap()\npreface(1)\nstreams = requests(1)\nc.sendall(h2(3, struct.pack('>I', 8), 0, streams[0]))\nend()";
    let server = python("['h2']", talk);
    let document = outcome(&at(&server), &ONE);
    assert_eq!(
        (document["exit_code"].clone(), states(&document)),
        (json!(3), vec!["unknown"])
    );
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_as_long_as_the_timeout_says() {
    let server = python("['h2']", "wrap()\npreface(2)\nrequests(2)\nend()");
    let file = tokens("ends-silent", 3, &[]);
    let document = outcome(
        &at(&server),
        &[&many(&file)[..], &["--timeout", "3s"]].concat(),
    );
    assert_eq!(document["exit_code"], 3);
    assert_eq!(states(&document), ["unknown", "unknown", "unsent"]);
    assert_eq!(
        document["notifications"][0]["explanation"],
        "the server did not answer in time"
    );
}

#[test]
fn a_refusal_in_a_goaway_or_an_alert_is_a_refusal_of_the_certificate() {
    let goaway = "wrap()\npreface(1)\nrequests(1)\nc.sendall(goaway(0, b'{\"reason\":\"BadCertificate\"}', 0))\nend()";
    let server = python("['h2']", goaway);
    let document = outcome(&at(&server), &ONE);
    assert_eq!(document["exit_code"], 2);
    assert_eq!(document["findings"][0]["id"], "rejected");
    assert_eq!(
        document["findings"][0]["message"],
        "the server refused the certificate: BadCertificate"
    );
    assert_eq!(states(&document), ["unsent"]);
}

#[test]
fn a_server_that_cannot_be_verified_gets_neither_certificate_nor_word() {
    let talk = "try:\n  wrap()\n  print('open', flush=True)\nexcept ssl.SSLError as error: print(error.reason, flush=True)";
    for version in [
        "context.minimum_version = ssl.TLSVersion.TLSv1_3",
        "context.maximum_version = ssl.TLSVersion.TLSv1_2",
    ] {
        for protocols in ["['h2']", "[]"] {
            let mut server = python(protocols, &format!("{version}\n{talk}"));
            let document = outcome(&at_lab(&server), &ONE);
            assert_eq!(document["exit_code"], 3, "{document:#}");
            let finding = &document["findings"][0];
            assert_eq!(
                (finding["id"].as_str(), finding["severity"].as_str()),
                (Some("server-not-verified"), Some("unknown"))
            );
            assert_eq!(states(&document), ["unsent"]);
            assert_eq!(server.line(), "TLSV1_ALERT_UNKNOWN_CA");
        }
    }
}

#[test]
fn a_name_that_the_servers_certificate_does_not_have_is_not_sent_to() {
    let mut server = python(
        "['h2']",
        "context.load_cert_chain('elsewhere.pem')\ntry:\n  wrap()\nexcept ssl.SSLError as error: print(error.reason, flush=True)",
    );
    let run = send_to(&at(&server), &ONE);
    assert_eq!(run.code, 3);
    let first = format!(
        "unknown   {TOPIC}: nothing was sent: the server's chain does not verify: IP address mismatch"
    );
    assert_eq!(run.first_line(), first);
    assert_eq!(server.line(), "SSLV3_ALERT_BAD_CERTIFICATE");
}

#[test]
fn what_speaks_another_protocol_than_was_asked_for_gets_nothing() {
    let server = python("[]", "wrap()\nend()");
    let words = [&ONE[..], &["--via", "api"]].concat();
    let document = outcome(&at(&server), &words);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["findings"][0]["id"], "not-a-gateway");
    let server = python("['http/1.1']", "wrap()\nend()");
    let document = outcome(&at(&server), &ONE);
    assert_eq!(document["exit_code"], 3);
    assert_eq!(document["findings"][0]["id"], "not-a-gateway");
}
