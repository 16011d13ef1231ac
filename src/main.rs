//! The program `souspli`.

fn main() -> std::process::ExitCode {
    souspli::cli::main()
}
