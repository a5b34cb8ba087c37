//! `--format` and `--report FORMAT=FILE`.

use clap::ValueEnum;
use std::path::PathBuf;

/// The dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Csv,
    Prometheus,
    Junit,
    Sarif,
    Github,
    Nagios,
    Ics,
    Html,
}

/// `FORMAT=FILE`.
pub(super) fn parse_report(text: &str) -> Result<(Format, PathBuf), String> {
    let wrong = || "not FORMAT=FILE".to_string();
    let (format, file) = text.split_once('=').ok_or_else(wrong)?;
    if file.is_empty() || file == "-" {
        return Err("a report goes to a file; -o and --format say what goes to stdout".to_string());
    }
    let format = Format::from_str(format, false).map_err(|_| {
        let all: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_string()))
            .collect();
        format!("no format; there are {}", all.join(", "))
    })?;
    Ok((format, PathBuf::from(file)))
}
