//! `check`: where a question is asked, what answers are worth together, and the ways through proxies and stand-ins of Apple's hosts.

mod apple;
mod endpoints;
mod progress;
mod proxies;
mod roots;
mod settle;
mod several;
pub mod stand_in;
mod words;
