//! Servers and files of others that the other modules do not meet.

use pushcert::apple::authorities;
use pushcert::certificate::Certificate;

#[test]
fn apples_authorities_are_the_published_files() {
    for authority in authorities::ALL {
        let (certificate, trailing) = Certificate::parse(authority.der).unwrap();
        assert_eq!(certificate.sha256.to_string(), authority.sha256);
        assert_eq!(trailing, 0, "{}", authority.name);
    }
}
