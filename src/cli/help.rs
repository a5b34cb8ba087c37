//! What stands below the flags of every help page: examples as they are typed, then what the exit code tells.

/// The text: examples, each a line that begins with two spaces, and the exit codes that are the command's own.
macro_rules! after_help {
    ($examples:literal, $codes:literal) => {
        concat!(
            "Examples:\n",
            $examples,
            "\n\nExit codes: ",
            $codes,
            " · 64 wrong usage · 130 interrupted · 143 terminated"
        )
    };
}
