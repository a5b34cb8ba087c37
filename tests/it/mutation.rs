//! Every parser on files whose structure was changed: elements dropped, doubled, swapped, retagged, emptied, grown, wrapped and
//! exchanged between files, with lengths that fit again, so that the change is met deep inside. Nothing may panic or go on for
//! long (debug assertions are on), and what is still called a certificate is one that OpenSSL loads.

use pushcert::container::{self, Container, Contents};
use pushcert::secret::{Passphrase, SecretBytes};
use std::path::Path;

/// An element: its tag, and its content or its children.
#[derive(Clone)]
enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<u8>, Vec<Node>),
}

/// The elements that fill the bytes, if they do.
fn elements(mut bytes: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=127 => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    digits
                        .iter()
                        .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        found.push(node(tag, content, depth));
    }
    Some(found)
}

fn node(tag: u8, content: &[u8], depth: usize) -> Node {
    // What a string holds may be DER again; a BIT STRING begins with the number of unused bits.
    let skip = match tag {
        0x03 if content.first() == Some(&0) => 1,
        0x04 => 0,
        _ if tag & 0x20 != 0 => 0,
        _ => return Node::Leaf(tag, content.to_vec()),
    };
    match elements(&content[skip..], depth + 1) {
        Some(children) if depth < 24 && !(children.is_empty() && skip > 0) => {
            Node::Branch(tag, content[..skip].to_vec(), children)
        }
        _ => Node::Leaf(tag, content.to_vec()),
    }
}

impl Node {
    fn encode(&self, out: &mut Vec<u8>) {
        let (tag, content) = match self {
            Node::Leaf(tag, content) => (*tag, content.clone()),
            Node::Branch(tag, prefix, children) => {
                let mut content = prefix.clone();
                children.iter().for_each(|child| child.encode(&mut content));
                (*tag, content)
            }
        };
        out.push(tag);
        match content.len() {
            short @ 0..=127 => out.push(short as u8),
            long => {
                let digits: Vec<u8> = long
                    .to_be_bytes()
                    .into_iter()
                    .skip_while(|byte| *byte == 0)
                    .collect();
                out.push(0x80 | digits.len() as u8);
                out.extend(digits);
            }
        }
        out.extend(content);
    }

    fn count(&self) -> usize {
        match self {
            Node::Leaf(..) => 1,
            Node::Branch(_, _, children) => 1 + children.iter().map(Node::count).sum::<usize>(),
        }
    }

    /// The element at this place in the order of the file.
    fn at(&mut self, place: &mut usize) -> Option<&mut Node> {
        if *place == 0 {
            return Some(self);
        }
        *place -= 1;
        match self {
            Node::Leaf(..) => None,
            Node::Branch(_, _, children) => children.iter_mut().find_map(|child| child.at(place)),
        }
    }
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

const TAGS: [u8; 20] = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x24, 0x30, 0x31,
    0x80, 0xa0, 0xa1, 0xa3,
];

/// Changes one element; `other` is a part of another file.
fn change(node: &mut Node, other: &Node, dice: &mut Dice) {
    let children = match node {
        Node::Branch(_, _, children) if !children.is_empty() => Some(children),
        _ => None,
    };
    match (dice.roll(10), children) {
        (0, Some(children)) => {
            let gone = dice.roll(children.len());
            children.remove(gone);
        }
        (1, Some(children)) => {
            let twice = children[dice.roll(children.len())].clone();
            children.push(twice);
        }
        (2, Some(children)) => {
            let (a, b) = (dice.roll(children.len()), dice.roll(children.len()));
            children.swap(a, b);
        }
        (3, Some(children)) => {
            let place = dice.roll(children.len());
            children[place] = other.clone();
        }
        (4, Some(children)) => {
            let inner = children.clone();
            children.extend(inner);
        }
        (5, _) => *node = Node::Branch(TAGS[dice.roll(TAGS.len())], Vec::new(), vec![node.clone()]),
        (6, _) => {
            for _ in 0..dice.roll(60) {
                *node = Node::Branch(0x30, Vec::new(), vec![node.clone()]);
            }
        }
        (7, _) => match node {
            Node::Leaf(tag, _) | Node::Branch(tag, ..) => *tag = TAGS[dice.roll(TAGS.len())],
        },
        _ => {
            if let Node::Leaf(_, content) = node {
                match dice.roll(6) {
                    0 => content.clear(),
                    1 => content.extend([0xff; 9]),
                    2 => content.fill(0xff),
                    3 => content.insert(0, 0x80),
                    4 => content.truncate(content.len() / 2),
                    _ => {
                        let at = dice.roll(content.len());
                        if let Some(byte) = content.get_mut(at) {
                            *byte = dice.roll(256) as u8;
                        }
                    }
                }
            } else {
                *node = Node::Leaf(0x30, Vec::new());
            }
        }
    }
}

/// The DER of a fixture, and how it is dressed again: the label of its PEM block, if it has one.
fn sources() -> Vec<(String, Node, Option<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let (der, label) = match ::pem::parse(&bytes) {
            Ok(block) => (block.contents().to_vec(), Some(block.tag().to_string())),
            Err(_) => (bytes, None),
        };
        if let Some(parts) = elements(&der, 0)
            && let [node] = parts.as_slice()
        {
            found.push((name, node.clone(), label));
        }
    }
    found.extend(signed());
    found
}

/// A certificates-only PKCS#7, a profile and a revocation list, made by openssl.
fn signed() -> Vec<(String, Node, Option<String>)> {
    let place = tempfile::tempdir().unwrap();
    let script = "set -e; exec 2>/dev/null
        openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x -days 9
        openssl crl2pkcs7 -nocrl -certfile c -outform DER -out certs.p7b
        printf '<plist><dict><key>UUID</key><string>u</string></dict></plist>' > p
        openssl cms -sign -nodetach -binary -outform DER -signer c -inkey k -in p -out p.mobileprovision
        touch index.txt; printf '[ca]\\ndefault_ca = c\\n[c]\\ndatabase = index.txt\\ndefault_md = sha256\\ndefault_crl_days = 30\\n' > ca.cnf
        openssl ca -config ca.cnf -cert c -keyfile k -gencrl -out list.pem
        openssl crl -in list.pem -outform DER -out list.crl";
    let made = std::process::Command::new("bash")
        .args(["-c", script])
        .current_dir(place.path())
        .status()
        .unwrap();
    assert!(made.success());
    ["certs.p7b", "p.mobileprovision", "list.crl"]
        .into_iter()
        .map(|name| {
            let der = std::fs::read(place.path().join(name)).unwrap();
            (name.to_string(), elements(&der, 0).unwrap().remove(0), None)
        })
        .collect()
}

/// Reads it as a command would, with the passphrase of the fixtures.
fn read(bytes: Vec<u8>) -> Option<Contents> {
    let passphrase = Passphrase::new(b"hello123".to_vec()).unwrap();
    match container::parse(&SecretBytes::new(bytes)).ok()? {
        Container::Open(contents) => Some(contents),
        Container::Locked(locked) => locked.unlock(&[passphrase]).ok(),
    }
}

#[test]
fn a_changed_structure_is_read_or_refused() {
    let sources = sources();
    assert!(sources.len() > 20, "{}", sources.len());
    let mut dice = Dice(2026);
    let (mut read_in_part, mut refused) = (0, 0);
    for (name, whole, label) in &sources {
        // Opening costs thousands of rounds of hashing, which debug builds feel.
        let rounds = if name.ends_with(".p12") || name.contains("encrypted") {
            150
        } else {
            1_000
        };
        for _ in 0..rounds {
            let mut changed = whole.clone();
            for _ in 0..=dice.roll(2) {
                let mut other = sources[dice.roll(sources.len())].1.clone();
                let mut place = dice.roll(other.count());
                let other = other
                    .at(&mut place)
                    .cloned()
                    .unwrap_or(Node::Leaf(5, Vec::new()));
                let mut place = dice.roll(changed.count());
                if let Some(node) = changed.at(&mut place) {
                    change(node, &other, &mut dice);
                }
            }
            let mut der = Vec::new();
            changed.encode(&mut der);
            let bytes = match label {
                Some(label) => ::pem::encode(&::pem::Pem::new(label.clone(), der)).into_bytes(),
                None => der,
            };
            match read(bytes) {
                Some(contents) => {
                    read_in_part += 1;
                    for part in &contents.certificates {
                        assert!(part.certificate.loads().is_ok(), "{name}");
                    }
                }
                None => refused += 1,
            }
        }
    }
    assert!(
        read_in_part > 500 && refused > 5_000,
        "{read_in_part} read, {refused} refused"
    );
}
