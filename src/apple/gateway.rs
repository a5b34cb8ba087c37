//! The binary gateways: their names, their history and the words of their error packet.
//! Source: Apple's archived "Binary Provider API" and its note on the shutdown.

use super::Environment;

/// The day the binary gateways were turned off.
pub const RETIRED: &str = "2021-03-31";

/// The port of the binary gateways.
pub const PORT: u16 = 2195;

/// The host of the binary gateway of an environment.
pub fn host(environment: Environment) -> &'static str {
    match environment {
        Environment::Sandbox => "gateway.sandbox.push.apple.com",
        Environment::Production => "gateway.push.apple.com",
    }
}

/// The environment whose binary gateway a host name is.
pub fn environment_of(name: &str) -> Option<Environment> {
    [Environment::Sandbox, Environment::Production]
        .into_iter()
        .find(|environment| name.eq_ignore_ascii_case(host(*environment)))
}

/// What a status of the error packet is called.
pub fn status_name(status: u8) -> Option<&'static str> {
    Some(match status {
        0 => "no errors encountered",
        1 => "processing error",
        2 => "missing device token",
        3 => "missing topic",
        4 => "missing payload",
        5 => "invalid token size",
        6 => "invalid topic size",
        7 => "invalid payload size",
        8 => "invalid token",
        10 => "shutdown",
        128 => "protocol error",
        255 => "unknown",
        _ => return None,
    })
}
