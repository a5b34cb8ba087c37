//! What `rotate start` says: the key that waits, and what to do at the portal.

use super::{command, shown, store, words};
use crate::apple::Kind;
use crate::certificate::Certificate;
use crate::report::escape;
use crate::rotation::store::PENDING_KEY;
use crate::rotation::{Pending, Site, is_mdm};
use time::OffsetDateTime;

/// A start, new or waiting already.
pub struct Started<'a> {
    /// Where.
    pub site: &'a Site,
    /// What is renewed.
    pub live: &'a Certificate,
    /// The key that waits.
    pub pending: &'a Pending,
    /// The request, as the user named its folder.
    pub request: String,
    /// Whether it was made just now.
    pub is_new: bool,
    /// Whether the key is encrypted.
    pub encrypted: bool,
}

impl Started<'_> {
    /// The lines.
    pub fn text(&self, now: OffsetDateTime) -> String {
        let key = match self.pending.reuses_key {
            true => "the live file's own key, used again".to_string(),
            false => {
                let how = if self.encrypted { "encrypted" } else { "plain" };
                let file = format!("{}/{PENDING_KEY}", store(self.site));
                format!("{file}   private key, RSA-2048, {how}, 0600")
            }
        };
        let request = escape::text(&self.request);
        let rows = [
            ("renews".to_string(), words::summary(self.live, now)),
            ("key".to_string(), key),
            ("request".to_string(), request),
        ];
        let first = match self.is_new {
            true => format!("started the renewal of {}", shown(self.site.live())),
            false => format!(
                "a renewal of {} was started on {} and waits for its certificate; nothing was changed",
                shown(self.site.live()),
                self.pending.started.date()
            ),
        };
        let or = match self.is_new {
            true => String::new(),
            false => self.otherwise(),
        };
        format!("{first}\n{}\n{}{or}", words::columns(&rows), self.next())
    }

    /// How a start that waits is given up.
    fn otherwise(&self) -> String {
        let files = escape::text(&format!("{}/pending.*", words::shell(&store(self.site))));
        let start = command("start", self.site);
        format!(
            "or    rm {files} && {start}    (gives this one up: a certificate made for its request has no key then)\n"
        )
    }

    fn next(&self) -> String {
        let request = escape::text(&self.request);
        let finish = command("finish", self.site);
        let title = escape::text(self.live.title());
        if is_mdm(self.live) {
            return format!(
                "next  1  open https://identity.apple.com/pushcert with the Apple Account that made the live one\n\
                 \x20     2  choose Renew beside {title}\n\
                 \x20        renew, never recreate: a new one changes the topic and every device must enrol again\n\
                 \x20     3  upload {request}, signed by the vendor of the server, and download the certificate\n\
                 \x20     4  {finish} ~/Downloads\n"
            );
        }
        format!(
            "next  1  open https://developer.apple.com/account/resources/certificates/add\n\
             \x20     2  choose \"{}\", then {title}\n\
             \x20     3  upload {request} and download the certificate\n\
             \x20     4  {finish} ~/Downloads\n",
            choice(self.live.kind)
        )
    }
}

/// What the portal calls it.
fn choice(kind: Kind) -> &'static str {
    match kind {
        Kind::ApnsSandbox => "Apple Push Notification service SSL (Sandbox)",
        Kind::MacSandbox => "Apple Push Notification service SSL (Sandbox)",
        Kind::Voip => "VoIP Services Certificate",
        Kind::Watchkit => "WatchKit Services Certificate",
        Kind::Website => "Website Push ID Certificate",
        Kind::Pass => "Pass Type ID Certificate",
        _ => "Apple Push Notification service SSL (Sandbox & Production)",
    }
}
