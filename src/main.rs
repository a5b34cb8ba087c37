//! The `pushcert` command.

fn main() -> std::process::ExitCode {
    pushcert::cli::main()
}
